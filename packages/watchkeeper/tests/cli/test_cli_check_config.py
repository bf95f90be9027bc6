"""`check-config` finds what would keep the keeper from starting: in the rule files, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.cli import main

GOOD = "groups: [{name: g, rules: [{record: a, expr: vector(1)}, {alert: B, expr: a > 1}]}]\n"
BROKEN = "groups:\n- name: g\n  rules:\n  - record: a\n    expr: sum(\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration that reads all rule files of one folder."""
    (tmp_path / "keeper.yaml").write_text("rule_files: ['rules/*.yaml']\n")
    (tmp_path / "rules").mkdir()
    return tmp_path


def check(folder: Path) -> int:
    return main(["check-config", str(folder / "keeper.yaml")])


def test_good_rules_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        (folder / "rules" / f"{name}.yaml").write_text(GOOD)
    assert check(folder) == 0
    assert "4 rules in rule_files" in capsys.readouterr().out


def test_every_broken_file_is_named_with_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One run shows all that is to be mended."""
    (folder / "rules" / "good.yaml").write_text(GOOD)
    (folder / "rules" / "one.yaml").write_text(BROKEN)
    (folder / "rules" / "two.yaml").write_text("groups:\n- name: x\n  rulez: []\n")
    assert check(folder) == 2
    told = capsys.readouterr().err
    assert "one.yaml:5: " in told and "two.yaml:3: " in told and "rulez" in told
    assert "good.yaml" not in told


def test_a_pattern_without_files_is_told_and_good(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The files may come later; a slip of the pen is seen."""
    assert check(folder) == 0
    assert "no file matches rules/*.yaml" in capsys.readouterr().err
