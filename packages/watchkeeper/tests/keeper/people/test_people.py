"""Users, sessions, tokens, throttling and the trail: the laws of who may get in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.people import (
    LastAdmin,
    People,
    PeopleUnwritable,
    Taken,
    Throttle,
    TooOften,
    Unfit,
    Unknown,
    WrongLogin,
    rights_of,
)

NOW = 1_700_000_000.0
GOOD = "correct horse"


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def people(tmp_path: Path, clock: Clock) -> Iterator[People]:
    made = People.open(tmp_path, clock, session_seconds=3600)
    yield made
    made.close()


@pytest.fixture
def staffed(people: People) -> People:
    people.set_up(people.setup_code, "ann", GOOD, "1.1.1.1")
    people.accounts.add("vic", "viewer", GOOD)
    return people


def test_the_first_user_is_an_admin_and_needs_the_code(people: People) -> None:
    """There is no default password: without the code nobody gets in, with it exactly one does."""
    with pytest.raises(WrongLogin):
        people.set_up("AAAA-AAAA-AA", "ann", GOOD, "1.1.1.1")
    code = people.setup_code
    assert people.set_up(f" {code.lower()} ", "ann", GOOD, "1.1.1.1").role == "admin"
    assert people.setup_code == ""
    with pytest.raises(Taken):
        people.set_up(code, "eve", GOOD, "1.1.1.1")


def test_guessing_the_code_is_throttled(people: People) -> None:
    """The twentieth wrong code from an address is the last for a while, and the right one waits, too."""
    for _ in range(20):
        with pytest.raises(WrongLogin):
            people.set_up("AAAA-AAAA-AA", "ann", GOOD, "1.1.1.1")
    with pytest.raises(TooOften):
        people.set_up(people.setup_code, "ann", GOOD, "1.1.1.1")


def test_an_unfit_password_does_not_use_up_the_code(people: People) -> None:
    """After a refusal the same code still works."""
    with pytest.raises(Unfit, match="10 to 256"):
        people.set_up(people.setup_code, "ann", "short", "a")
    assert people.set_up(people.setup_code, "ann", GOOD, "a").name == "ann"


def test_no_password_is_kept(staffed: People, tmp_path: Path) -> None:
    """The file holds argon2id hashes, each with a salt of its own, and no key of a session or token."""
    key = staffed.sessions.begin("ann", "a")
    _, token = staffed.tokens.add("ann", "admin", "ci", ["read"], None)
    hashes = [row[0] for row in sqlite3.connect(tmp_path / "people.db").execute("SELECT password FROM users")]
    assert all(one.startswith("$argon2id$") for one in hashes) and len(set(hashes)) == 2
    held = b"".join(path.read_bytes() for path in tmp_path.glob("people.db*"))
    for secret in (GOOD, key, token.rpartition("_")[2]):
        assert secret.encode() not in held
    assert (tmp_path / "people.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["", "Ann", "a b", "-a", "a" * 65, "a/b", "\x00", "é"])
def test_a_name_is_plain(people: People, name: str) -> None:
    """What could be taken for something else is refused."""
    with pytest.raises(Unfit, match="name"):
        people.accounts.add(name, "viewer", GOOD)


@pytest.mark.parametrize("password", ["short", "x" * 257, "long-name-0", "aaaaaaaaaaaa", "\ud800" + GOOD])
def test_a_weak_password_is_refused(people: People, password: str) -> None:
    """Too short, too long, the name itself, one letter many times, not text."""
    with pytest.raises(Unfit, match="password"):
        people.accounts.add("long-name-0", "viewer", password)


def test_logins_tell_nothing_about_names(staffed: People) -> None:
    """A wrong password, an unknown name and a disabled user are refused in the same words."""
    staffed.accounts.set_disabled("vic", True)
    told = set()
    for name, password in (("ann", "wrong-password"), ("nobody", GOOD), ("vic", GOOD)):
        with pytest.raises(WrongLogin) as refused:
            staffed.login(name, password, name)
        told.add(str(refused.value))
    assert len(told) == 1
    assert staffed.login("ann", GOOD, "b").role == "admin"


def test_a_name_that_is_guessed_at_waits_longer_and_longer(staffed: People, clock: Clock) -> None:
    """After five tries each one costs time, however many addresses are used; later the right one gets in."""
    for n in range(5):
        with pytest.raises(WrongLogin):
            staffed.login("ann", "wrong-password", f"10.0.0.{n}")
    with pytest.raises(TooOften) as first:
        staffed.login("ann", GOOD, "10.0.1.1")
    clock.at += first.value.wait
    assert staffed.login("ann", GOOD, "10.0.1.1").name == "ann"


@given(st.lists(st.floats(0, 30), min_size=1, max_size=300))
def test_tries_are_bounded_at_any_pace(pauses: list[float]) -> None:
    """Of one key, no more than the free tries, the doubling ones and one per minute are let through."""
    throttle, now, let_through = Throttle(), NOW, 0
    for pause in pauses:
        now += pause
        try:
            throttle.charge("k", now)
            let_through += 1
        except TooOften as refused:
            assert 0 < refused.wait <= 60
    assert let_through <= 5 + 6 + (now - NOW) / 60 + 1


def test_the_throttle_forgets_and_is_bounded() -> None:
    """A quiet quarter of an hour forgives; a flood of keys takes no memory."""
    throttle = Throttle()
    for _ in range(5):
        throttle.charge("k", NOW)
    throttle.charge("k", NOW + 901)
    for number in range(10_000):
        throttle.charge(str(number), NOW)
    assert len(throttle._tries) <= 4096


def test_a_session_ends_in_time_and_on_demand(staffed: People, clock: Clock) -> None:
    """It lasts its hour, over a restart, and not after a logout."""
    key, other = staffed.sessions.begin("vic", "a"), staffed.sessions.begin("vic", "a")
    found = staffed.sessions.find(key)
    assert found is not None and (found.user, found.role, found.ends) == ("vic", "viewer", NOW + 3600)
    staffed.sessions.end(other)
    assert staffed.sessions.find(other) is None and staffed.sessions.find(key) == found
    clock.at += 3600
    assert staffed.sessions.find(key) is None


def test_sessions_of_a_user_are_bounded(staffed: People, clock: Clock) -> None:
    """The oldest ends when the twenty-first begins."""
    keys = []
    for _ in range(21):
        clock.at += 1
        keys.append(staffed.sessions.begin("vic", "a"))
    assert [staffed.sessions.find(key) is not None for key in keys] == [False] + [True] * 20


@pytest.mark.parametrize("change", ["password", "role", "disabled", "removed"])
def test_what_changes_a_user_ends_the_sessions(staffed: People, change: str) -> None:
    """A right that was taken is gone at once."""
    key = staffed.sessions.begin("vic", "a")
    if change == "password":
        staffed.accounts.set_password("vic", "another password")
    elif change == "role":
        staffed.accounts.set_role("vic", "operator")
    elif change == "disabled":
        staffed.accounts.set_disabled("vic", True)
    else:
        staffed.accounts.remove("vic")
    assert staffed.sessions.find(key) is None


def test_the_last_admin_stays(staffed: People) -> None:
    """Nobody can lock everybody out; with a second admin the first may go."""
    for attempt in (
        lambda: staffed.accounts.remove("ann"),
        lambda: staffed.accounts.set_role("ann", "viewer"),
        lambda: staffed.accounts.set_disabled("ann", True),
    ):
        with pytest.raises(LastAdmin):
            attempt()
    staffed.accounts.set_role("vic", "admin")
    staffed.accounts.remove("ann")
    assert [user.name for user in staffed.accounts.all()] == ["vic"]


def test_a_token_does_what_its_scopes_and_its_owner_may(staffed: People, clock: Clock) -> None:
    """Both bound it, now: a role that is taken shrinks tokens that were made before."""
    staffed.accounts.set_role("vic", "operator")
    _, token = staffed.tokens.add("vic", "operator", "ci", ["operate", "read"], 60)
    found = staffed.tokens.find(token)
    assert found is not None and found[1] == {"read", "operate"} and found[0].used is None
    staffed.accounts.set_role("vic", "viewer")
    again = staffed.tokens.find(token)
    assert again is not None and again[1] == {"read"} and again[0].used == NOW
    clock.at += 60
    assert staffed.tokens.find(token) is None


def test_a_token_beyond_the_role_is_refused(staffed: People) -> None:
    """A viewer's token cannot write; one without scope, name or with an end in the past is none."""
    for scopes, name, seconds in (
        (["operate"], "x", None), ([], "x", None), (["all"], "x", 9), (["read"], "", None), (["read"], "x", 0)
    ):  # fmt: skip
        with pytest.raises(Unfit):
            staffed.tokens.add("vic", "viewer", name, scopes, seconds)


def test_a_wrong_or_removed_token_finds_nothing(staffed: People) -> None:
    """The id alone is worth nothing."""
    kept, token = staffed.tokens.add("vic", "viewer", "ci", ["read"], None)
    for wrong in ("", "wk_", f"wk_{kept.id}_", f"wk_{kept.id}_x", token[:-1], token.replace("wk", "kw")):
        assert staffed.tokens.find(wrong) is None
    staffed.tokens.remove(kept.id)
    assert staffed.tokens.find(token) is None
    with pytest.raises(Unknown):
        staffed.tokens.remove(kept.id)


def test_tokens_of_a_disabled_user_are_asleep(staffed: People) -> None:
    """They work again when the user may log in again."""
    _, token = staffed.tokens.add("vic", "viewer", "ci", ["read"], None)
    staffed.accounts.set_disabled("vic", True)
    assert staffed.tokens.find(token) is None
    staffed.accounts.set_disabled("vic", False)
    assert staffed.tokens.find(token) is not None


def test_the_trail_shows_what_was_begun_and_how_it_ended(people: People) -> None:
    """A row that never ended stays as it is; an ended one is not written again."""
    first = people.trail.begin("boards", "ann", "session", "a", "POST", "/api/boards", "c1")
    second = people.trail.begin("users", "", "none", "b", "POST", "/api/login", "c2")
    people.trail.end(second, 401, "wrong", actor="eve")
    people.trail.end(second, 200)
    newest, oldest = people.trail.recent(10)
    assert (newest.id, newest.result, newest.status, newest.actor) == (second, "refused", 401, "eve")
    assert (oldest.id, oldest.result) == (first, "begun")
    assert [entry.id for entry in people.trail.recent(10, before=second)] == [first]
    assert people.trail.recent(10, actor="eve", kind="users") == [newest]
    assert people.trail.expire(NOW + 1) == 2


def test_everything_outlives_a_restart(tmp_path: Path, clock: Clock) -> None:
    """Users, sessions, tokens and trail are rows."""
    one = People.open(tmp_path, clock)
    one.set_up(one.setup_code, "ann", GOOD, "a")
    key, (_, token) = one.sessions.begin("ann", "a"), one.tokens.add("ann", "admin", "t", ["read"], None)
    one.trail.begin("x", "ann", "session", "a", "POST", "/x", "c")
    one.close()
    two = People.open(tmp_path, clock)
    assert two.sessions.find(key) and two.tokens.find(token) and two.trail.recent(1) and not two.setup_code
    two.close()


def test_a_file_that_cannot_be_used_is_a_named_error(tmp_path: Path, clock: Clock) -> None:
    """Not an empty room: a keeper that forgot its users would be open to the first who comes."""
    (tmp_path / "people.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(PeopleUnwritable, match=r"people\.db"):
        People.open(tmp_path, clock)


def test_each_role_may_what_the_one_below_may() -> None:
    """viewer < operator < admin; an unknown role may nothing."""
    assert rights_of("viewer") < rights_of("operator") < rights_of("admin")
    assert rights_of("root") == frozenset()
