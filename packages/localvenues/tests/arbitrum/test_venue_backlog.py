"""The backlog: which messages a reader gets at first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localvenues.arbitrum.backlog import SEGMENT, Backlog


def filled(first: int, count: int) -> Backlog:
    backlog = Backlog()
    for number in range(first, first + count):
        backlog.append(number, str(number).encode())
    return backlog


def numbers(backlog: Backlog, requested: int | None) -> list[int]:
    return [int(one) for segment in backlog.since(requested) for one in segment]


@pytest.mark.parametrize(
    ("requested", "first"),
    [(None, 10), (10, 10), (15, 15), (19, 19), (9, 10), (0, 10), (20, 10), (2**64 - 1, 10)],
)
def test_the_reply_starts_at_the_requested_number_or_holds_everything(
    requested: int | None, first: int
) -> None:
    """Law: inside the backlog the number is honoured; before it and beyond its tail all is sent."""
    assert numbers(filled(10, 10), requested) == list(range(first, 20))


@given(st.integers(0, 10**9), st.integers(0, 3 * SEGMENT + 1), st.integers(0, 10**9 + 1000))
def test_segments_are_full_but_the_last_and_lose_nothing(first: int, count: int, requested: int) -> None:
    backlog = filled(first, count)
    sizes = [len(segment) for segment in backlog.since(requested)]
    assert all(size == SEGMENT for size in sizes[:-1])
    sent = numbers(backlog, requested)
    assert sent == list(range(first + count - len(sent), first + count))


@given(st.integers(0, 50), st.integers(0, 80))
def test_confirmed_messages_are_gone_and_no_others(count: int, confirmed: int) -> None:
    backlog = filled(20, count)
    backlog.confirm(confirmed)
    assert numbers(backlog, None) == [number for number in range(20, 20 + count) if number > confirmed]


def test_a_jump_starts_the_backlog_anew() -> None:
    backlog = filled(1, 5)
    backlog.append(9, b"9")
    assert numbers(backlog, None) == [9]
    assert (backlog.head, backlog.tail) == (9, 9)
