"""The folder of a run."""

import os
from pathlib import Path

import pytest

from fleet import ground
from fleet.launcher import StartError


def test_what_an_earlier_demo_left_is_removed(tmp_path: Path) -> None:
    """Old logs and data would be taken for those of this run."""
    folder = tmp_path / "a demo" / "here"
    for _ in range(2):
        held = ground.take(folder)
        assert [row.name for row in folder.iterdir()] == [ground.MARK]
        (folder / "keeper" / "data").mkdir(parents=True)
        (folder / "keeper.log").write_text("old")
        os.close(held)


def test_a_folder_is_taken_by_one_demo_at_a_time(tmp_path: Path) -> None:
    """A second demo must not pull the ground from under the first."""
    held = ground.take(tmp_path / "demo")
    (tmp_path / "demo" / "keeper.log").write_text("running")
    with pytest.raises(StartError, match="another demo"):
        ground.take(tmp_path / "demo")
    assert (tmp_path / "demo" / "keeper.log").exists()
    os.close(held)
    os.close(ground.take(tmp_path / "demo"))


def test_what_no_demo_put_there_is_not_removed(tmp_path: Path) -> None:
    """`--dir .` must not cost anybody their files."""
    (tmp_path / "letters").mkdir()
    with pytest.raises(StartError, match="letters"):
        ground.take(tmp_path)
    assert (tmp_path / "letters").is_dir()


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_is_a_clear_error(tmp_path: Path, place: str) -> None:
    """The error names the folder and the option."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="--dir"):
        ground.take(tmp_path / place)
