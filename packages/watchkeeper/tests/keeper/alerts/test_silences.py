"""Silences: their states, their changes, and what they mute."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import Silence, SilenceInvalid, SilenceUnknown
from watchkeeper.keeper.alerts.matchers import Matcher, read_matchers
from watchkeeper.keeper.alerts.silences import Silences, check_new, check_silence

NOW = 1000.0


def made(text: str = "a=b", start: float = NOW, end: float = NOW + 60) -> Silence:
    return Silence((read_matchers(text),), start, end, "ann", "work")


def test_a_silence_is_pending_then_active_then_expired() -> None:
    silence = made(start=10.0, end=20.0)
    states = [silence.state(at) for at in (9.0, 10.0, 20.0, 20.1)]
    assert states == ["pending", "active", "active", "expired"]


@pytest.mark.parametrize(
    ("silence", "reason"),
    [
        (Silence((), 0, 1, "a", "b"), "at least one matcher"),
        (Silence(((),), 0, 1, "a", "b"), "at least one matcher"),
        (made('a=""'), "must not match the empty string"),
        (made('a="",b=~".*"'), "must not match the empty string"),
        (made("a=b", 10, 9), "end time must not be before"),
        (Silence(((Matcher("", "=", "x"),),), 0, 1, "a", "b"), "invalid label name"),
        (Silence(((Matcher("a", "=", "\ud800"),),), 0, 1, "a", "b"), "invalid label matcher 0"),
    ],
)
def test_a_silence_that_breaks_a_rule_is_refused(silence: Silence, reason: str) -> None:
    with pytest.raises(SilenceInvalid, match=reason):
        check_silence(silence)


def test_a_lone_negative_matcher_is_taken() -> None:
    """As the real Alertmanager does, although it mutes nearly everything."""
    check_silence(made('a!="x"'))


@pytest.mark.parametrize(("start", "end"), [(NOW, NOW), (NOW + 9, NOW + 3), (NOW - 9, NOW - 3)])
def test_a_new_silence_that_could_never_mute_is_refused(start: float, end: float) -> None:
    with pytest.raises(SilenceInvalid):
        check_new(made(start=start, end=end), NOW)


def test_an_active_silence_can_be_made_longer_in_place() -> None:
    book = Silences()
    [kept] = book.put(made(), NOW, "one")
    [changed] = book.put(replace(kept, ends_at=NOW + 600), NOW + 1, "two")
    assert (changed.id, len(book)) == ("one", 1)


def test_another_start_becomes_another_silence_and_ends_the_old_one() -> None:
    """Neither of the two comes back: the old one stays ended, whatever happens to the new one."""
    book = Silences()
    [kept] = book.put(made(), NOW, "one")
    old, new = book.put(replace(kept, starts_at=NOW + 30), NOW + 1, "two")
    assert (old.id, old.ends_at, new.id, new.starts_at) == ("one", NOW + 1, "two", NOW + 30)
    book.expire("two", NOW + 2)
    assert book.muting({"a": "b"}, NOW + 40) == []


def test_what_is_not_there_cannot_be_changed_or_ended() -> None:
    with pytest.raises(SilenceUnknown):
        Silences().put(replace(made(), id="nope"), NOW, "one")
    with pytest.raises(SilenceUnknown):
        Silences().expire("nope", NOW)


def test_ending_twice_changes_nothing() -> None:
    book = Silences()
    book.put(made(), NOW, "one")
    assert len(book.expire("one", NOW + 5)) == 1
    assert book.expire("one", NOW + 6) == []
    assert book.get("one").ends_at == NOW + 5


def test_there_are_only_so_many_silences() -> None:
    book = Silences(most=2)
    for name in ("one", "two"):
        book.put(made(), NOW, name)
    with pytest.raises(SilenceInvalid, match="maximum number"):
        book.put(made(), NOW, "three")


def test_a_silence_is_forgotten_after_the_retention() -> None:
    book = Silences(retention=100.0)
    book.put(made(end=NOW + 60), NOW, "one")
    assert book.forget(NOW + 159) == []
    assert book.forget(NOW + 160) == ["one"]
    assert len(book) == 0


steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "expire", "forget", "ask"]),
        st.sampled_from(['a="1"', 'a=~"1|2"', 'b!="x"', 'a!~"2"']),
        st.integers(1, 40),
    ),
    max_size=25,
)


@given(steps)
def test_what_mutes_is_what_every_silence_says_for_itself(done: list[tuple[str, str, int]]) -> None:
    """Whatever came and went before, the answer is that of asking all silences one by one."""
    book, now = Silences(retention=30.0), NOW
    for place, (what, text, length) in enumerate(done):
        now += length
        if what == "put":
            book.put(made(text, now + length % 7, now + length), now, str(place))
        elif what == "expire" and len(book):
            book.expire(next(iter(book)).id, now)
        elif what == "forget":
            book.forget(now)
        for labels in ({"a": "1"}, {"a": "2", "b": "x"}, {}):
            one_by_one = sorted(s.id for s in book if s.state(now) == "active" and s.mutes(labels))
            assert book.muting(labels, now) == one_by_one
