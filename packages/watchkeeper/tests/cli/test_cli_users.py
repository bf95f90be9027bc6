"""`watchkeeper users`: the way back in, beside a running keeper or without one, and its trail."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper.cli import main
from watchkeeper.keeper.people import People

GOOD, BETTER = "correct horse", "battery staple"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """Yield the people of a keeper that runs: it holds the file open."""
    found = People.open(tmp_path, lambda: 1_700_000_000.0)
    yield found
    found.close()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Yield standard input as a pipe with a password."""
    pipe = io.StringIO(BETTER + "\nsecond line\n")
    monkeypatch.setattr("sys.stdin", pipe)
    yield pipe


def test_a_password_is_reset_beside_the_running_keeper(
    people: People, typed: io.StringIO, tmp_path: Path
) -> None:
    """The keeper knows the new password at once, the old one and all sessions are worth nothing."""
    people.accounts.first("ann", GOOD)
    key = people.sessions.begin("ann", "127.0.0.1")
    assert people.sessions.find(key)
    assert main(["users", "reset", "ann", "--data", str(tmp_path)]) == 0
    assert people.accounts.holds("ann", BETTER) and not people.accounts.holds("ann", GOOD)
    assert people.sessions.find(key) is None


def test_the_change_is_in_the_trail_without_the_password(
    people: People, typed: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who did it by the system's name, from the command line, to whom, and that it was done."""
    monkeypatch.setenv("SUDO_USER", "boris")
    people.accounts.first("ann", GOOD)
    main(["users", "reset", "ann", "--data", str(tmp_path)])
    (row,) = people.trail.recent(10)
    assert (row.actor, row.way, row.action, row.resource, row.result) == (
        "system:boris", "command", "reset", "/api/users/ann", "done",
    )  # fmt: skip
    assert BETTER not in repr(row)


def test_the_first_user_can_be_made_before_the_keeper_ever_ran(typed: io.StringIO, tmp_path: Path) -> None:
    """Whoever provisions a machine needs no setup code; the file is readable by its owner alone."""
    assert main(["users", "add", "ann", "--role", "admin", "--data", str(tmp_path)]) == 0
    people = People.open(tmp_path, lambda: 0.0)
    assert people.setup_code == "" and people.accounts.holds("ann", BETTER)
    assert people.accounts.get("ann").role == "admin"
    people.close()
    assert (tmp_path / "people.db").stat().st_mode & 0o077 == 0
    assert (tmp_path / "people.db").stat().st_uid == tmp_path.stat().st_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for others")
def test_what_root_makes_belongs_to_the_keepers_user(typed: io.StringIO, tmp_path: Path) -> None:
    """Else the keeper could not open it at its next start."""
    os.chown(tmp_path, 12345, 12346)
    assert main(["users", "add", "ann", "--data", str(tmp_path)]) == 0
    for file in tmp_path.glob("people.db*"):
        assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12346)


def test_what_is_refused_is_said_and_recorded(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A password that is too short changes nothing."""
    people.accounts.first("ann", GOOD)
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["users", "reset", "ann", "--data", str(tmp_path)]) == 1
    assert "10 to 256 characters" in capsys.readouterr().err
    assert people.accounts.holds("ann", GOOD)
    (row,) = people.trail.recent(10)
    assert row.result == "refused" and "10 to 256" in row.reason


def test_a_disabled_user_stays_out_unless_let_in(
    people: People, typed: io.StringIO, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new password alone undoes no admin's decision, and says so."""
    people.accounts.first("ann", GOOD)
    people.accounts.add("bob", "operator", GOOD)
    people.accounts.set_disabled("bob", True)
    assert main(["users", "reset", "bob", "--data", str(tmp_path)]) == 0
    assert "still disabled" in capsys.readouterr().out and not people.accounts.holds("bob", BETTER)
    typed.seek(0)
    assert main(["users", "reset", "bob", "--enable", "--data", str(tmp_path)]) == 0
    assert people.accounts.holds("bob", BETTER)


def test_the_list_shows_names_roles_and_who_is_out(
    people: People, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people.accounts.first("ann", GOOD)
    people.accounts.add("robert", "viewer", GOOD)
    people.accounts.set_disabled("robert", True)
    assert main(["users", "list", "--data", str(tmp_path)]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["ann", "admin"], ["robert", "viewer", "disabled"],
    ]  # fmt: skip


def test_the_configuration_names_the_folder(
    people: People, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Relative to the configuration's own place, as for the keeper."""
    people.accounts.first("ann", GOOD)
    (tmp_path / "keeper.yaml").write_text("data: .\n")
    assert main(["users", "list", "--config", str(tmp_path / "keeper.yaml")]) == 0
    assert capsys.readouterr().out.split() == ["ann", "admin"]


@pytest.mark.parametrize("deed", [["list"], ["reset", "ann"]])
def test_where_nobody_is_kept_nothing_is_made(deed: list[str], tmp_path: Path) -> None:
    """Neither a file nor a folder: a wrong path shows as wrong."""
    assert main(["users", *deed, "--data", str(tmp_path)]) == 2
    assert main(["users", *deed, "--data", str(tmp_path / "nowhere")]) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_user_who_is_not_there_is_said_before_a_password_is_asked_for(
    people: People, typed: io.StringIO, tmp_path: Path
) -> None:
    people.accounts.first("ann", GOOD)
    assert main(["users", "reset", "anne", "--data", str(tmp_path)]) == 1
    assert typed.tell() == 0


@pytest.mark.parametrize(("second", "code"), [(BETTER, 0), ("battery stable", 2)])
def test_at_a_terminal_the_password_is_asked_for_twice(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: str, code: int
) -> None:
    """And never shown; where the two differ nothing changes."""
    people.accounts.first("ann", GOOD)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answers = iter([BETTER, second])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    assert main(["users", "reset", "ann", "--data", str(tmp_path)]) == code
    assert people.accounts.holds("ann", BETTER) is (code == 0)
