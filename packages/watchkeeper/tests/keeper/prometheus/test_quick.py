"""Which queries are answered on the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from watchkeeper.keeper.promql import Limits, PromqlError, QueryTimeout, Result, TooManySamples
from watchkeeper.keeper.web.prometheus.queries import Answer, quickly
from watchkeeper.keeper.web.prometheus.quick import (
    LONGEST,
    MOST_KNOWN,
    MOST_SECONDS,
    NEAR_MS,
    Quick,
)
from watchkeeper.keeper.web.prometheus.source import Running

UP = ("up", None)


def test_a_query_is_expected_to_be_quick_once_it_was_shown_to_be() -> None:
    """Nothing is assumed of a query that never ran, nor of the same text with another lookback."""
    quick = Quick()
    assert not quick.expects(UP, 0)
    quick.learn(UP, 0, MOST_SECONDS)
    assert quick.expects(UP, 0) and not quick.expects(("up", 60_000), 0)


def test_what_was_quick_at_one_time_of_the_data_says_nothing_of_another() -> None:
    """Other chunks may lie on the disk only."""
    quick = Quick()
    quick.learn(UP, 1_000_000, 0.0)
    assert quick.expects(UP, 1_000_000 + NEAR_MS) and quick.expects(UP, 1_000_000 - NEAR_MS)
    assert not quick.expects(UP, 1_000_001 + NEAR_MS) and not quick.expects(UP, 999_999 - NEAR_MS)


def test_one_slow_answer_takes_a_query_off_the_loop() -> None:
    """So does an answer that was given up."""
    quick = Quick()
    quick.learn(UP, 0, 0.0)
    quick.learn(UP, 0, 2 * MOST_SECONDS)
    assert not quick.expects(UP, 0)
    quick.learn(UP, 0, 0.0)
    quick.forget(UP)
    assert not quick.expects(UP, 0)


def test_what_is_remembered_is_bounded() -> None:
    """The oldest goes first; long texts are not kept at all."""
    quick = Quick()
    for place in range(MOST_KNOWN + 1):
        quick.learn((str(place), None), 0, 0.0)
    assert len(quick.known) == MOST_KNOWN and not quick.expects(("0", None), 0)
    quick.learn(("x" * (LONGEST + 1), None), 0, 0.0)
    assert len(quick.known) == MOST_KNOWN


class Asked:
    """A request of a keeper without samples; `places` tells for each run whether it was on the loop."""

    def __init__(self, running: Running) -> None:
        source = SimpleNamespace(engine=SimpleNamespace(limits=Limits()))
        self.app = SimpleNamespace(state=SimpleNamespace(prometheus=source, running=running))
        self.places: list[bool] = []
        self.loop = threading.get_ident()

    async def receive(self) -> dict[str, Any]:
        """Wait for a client that stays."""
        await asyncio.Event().wait()
        return {}

    def work(self, took: float, on_loop: type[PromqlError] | None = None) -> Callable[[Any, int], Answer]:
        """Return work that tells it took so long, and fails on the loop where an error is given."""

        def working(expired: Callable[[], bool], most: int) -> Answer:
            self.places.append(threading.get_ident() == self.loop)
            if on_loop is not None and self.places[-1]:
                raise on_loop
            return Answer(Result("vector", 0), b"[]", took, 0)

        return working


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    """Yield a request."""
    running = Running(60.0)
    yield Asked(running)
    running.close()


async def ask(asked: Asked, took: float, on_loop: type[PromqlError] | None = None) -> None:
    await quickly(asked, asked.work(took, on_loop), UP, 0)  # type: ignore[arg-type]


async def test_a_thread_shows_that_a_query_is_quick_and_then_the_loop_answers(asked: Asked) -> None:
    """A query that becomes slow goes back to the thread, and stays there while it is slow."""
    for took in (0.0, 0.0, 1.0, 1.0, 1.0):
        await ask(asked, took)
    assert asked.places == [False, True, True, False, False]


@pytest.mark.parametrize("problem", [QueryTimeout, TooManySamples])
async def test_what_is_given_up_on_the_loop_is_answered_by_a_thread(
    asked: Asked, problem: type[PromqlError]
) -> None:
    """The client sees the answer, not that the loop's small bounds were passed."""
    await ask(asked, 0.0)
    await ask(asked, 0.0, problem)
    assert asked.places == [False, True, False]
