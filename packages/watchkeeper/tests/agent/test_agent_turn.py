"""A followed loop that never rests makes room for the agent, within bounds; clocks are turned by hand."""

import pytest

from watchkeeper.agent import turn
from watchkeeper.agent.turn import MOST, REST, Turn


class Hand:
    """Wall and processor time of one thread; `sleep` moves the wall alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall = 100.0
        self.used = 10.0
        self.slept: list[float] = []
        monkeypatch.setattr(turn, "perf_counter", lambda: self.wall)
        monkeypatch.setattr(turn, "thread_time", lambda: self.used)
        monkeypatch.setattr(turn, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.wall += seconds

    def passes(self, wall: float, used: float) -> None:
        self.wall += wall
        self.used += used


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


def seen(hand: Hand) -> Turn:
    """Return a turn that has seen its first tick."""
    made = Turn()
    made.offer()
    hand.slept.clear()
    return made


def test_a_loop_that_rests_makes_no_room(hand: Hand) -> None:
    made = seen(hand)
    made.working = True
    hand.passes(wall=0.1, used=0.04)
    made.offer()
    assert hand.slept == []


def test_a_busy_loop_rests_once_when_the_agent_wants_nothing(hand: Hand) -> None:
    made = seen(hand)
    hand.passes(wall=0.1, used=0.09)
    made.offer()
    assert hand.slept == [REST]


def test_a_busy_loop_rests_as_long_as_the_agent_works(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    made = seen(hand)
    made.working = True

    def sleep(seconds: float) -> None:
        hand.sleep(seconds)
        made.working = len(hand.slept) < 5

    monkeypatch.setattr(turn, "sleep", sleep)
    hand.passes(wall=0.1, used=0.09)
    made.offer()
    assert hand.slept == [REST] * 5


def test_an_agent_that_never_rests_gets_no_more_than_the_bound(hand: Hand) -> None:
    made = seen(hand)
    made.working = True
    hand.passes(wall=0.1, used=0.1)
    made.offer()
    assert sum(hand.slept) == pytest.approx(MOST, abs=2 * REST)


def test_the_agents_loop_says_when_it_works() -> None:
    """Working between two selects, and while it only polls; resting while it waits."""
    made = Turn()
    loop = made.loop()
    heard = []
    loop.call_soon(lambda: heard.append(made.working))
    loop.call_later(0.001, lambda: heard.append(made.working))
    loop.call_later(0.002, loop.stop)
    loop.run_forever()
    assert heard == [True, True]
    loop.close()
