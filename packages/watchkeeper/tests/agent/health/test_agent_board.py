"""Components, events and what the probes make of them; the clock is turned by hand."""

import math

import pytest

from watchkeeper import DuplicateName, InvalidName, Outcome, Status, degraded, healthy, unhealthy
from watchkeeper.agent.clock import Clock
from watchkeeper.agent.health import probes
from watchkeeper.agent.health.board import EVENTS_KEPT, Board, Check
from watchkeeper.agent.health.heartbeat import Heartbeat
from watchkeeper.agent.health.probes import Phase, Verdict
from watchkeeper.agent.health.thresholds import Thresholds

YES, NO = Verdict(True), Verdict(False, "loop: hung")
RUNNING = Phase(started=True, stopping="", age=10, limit=300)


class Hand:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.clock = Clock(wall=lambda: self.now + 5e8, steady=lambda: self.now)


def check(name: str, **details: object) -> Check:
    return Check(name, lambda: None, **details)  # type: ignore[arg-type]


def board(hand: Hand, *checks: Check) -> Board:
    made = Board(hand.clock)
    for one in checks:
        made.add(one)
    return made


def test_a_change_is_an_event_with_time_and_reason_and_repetition_is_none() -> None:
    hand = Hand()
    made = board(hand, check("rpc"), check("pools", depends=("rpc",)))
    for outcome in (healthy(), healthy(), unhealthy("429"), unhealthy("429")):
        hand.now += 1
        made.record("pools", healthy(), 0.1)
        made.record("rpc", outcome, 0.1)
    told = [
        (event.at - 5e8, event.component, event.before, event.after, event.reason) for event in made.events()
    ]
    assert told == [
        (1001, "rpc", "unknown", "healthy", ""),
        (1001, "pools", "unknown", "healthy", ""),
        (1003, "rpc", "healthy", "unhealthy", "429"),
        (1003, "pools", "healthy", "unhealthy", "depends on rpc: 429"),
    ]


def test_events_are_kept_within_bounds() -> None:
    made = board(Hand(), check("rpc"))
    for number in range(EVENTS_KEPT + 20):
        made.record("rpc", healthy() if number % 2 else unhealthy(str(number)), 0.1)
    assert len(made.events()) == EVENTS_KEPT
    assert made.events()[-1].before is Status.UNHEALTHY


def test_thresholds_hold_for_what_is_told() -> None:
    made = board(Hand(), check("rpc", thresholds=Thresholds(failures=2)))
    made.record("rpc", healthy(), 0.1)
    made.record("rpc", unhealthy("429"), 0.1)
    assert made.standings()[0].outcome.status is Status.HEALTHY
    made.record("rpc", unhealthy("429"), 0.1)
    assert made.standings()[0].outcome.status is Status.UNHEALTHY


def test_a_component_shows_all_that_the_keeper_reads() -> None:
    hand = Hand()
    made = board(hand, check("rpc"), check("pools", depends=("rpc",), critical=True))
    made.record("rpc", healthy(), 0.1)
    made.record("pools", degraded("lagging"), 0.25, memory=5e6)
    standing = made.standing("pools")
    assert standing is not None
    assert probes.document(standing) == {
        "name": "pools",
        "status": "degraded",
        "value": 0,
        "reason": "lagging",
        "since": 5e8 + 1000,
        "checked": 5e8 + 1000,
        "duration": 0.25,
        "critical": True,
        "depends": ["rpc"],
        "trend": "stable",
        "memory_bytes": 5e6,
    }
    assert made.standing("ghost") is None


def test_names_are_unique_and_fit_into_a_path() -> None:
    made = board(Hand(), check("rpc"))
    with pytest.raises(DuplicateName):
        made.add(check("rpc"))
    for name in ("", "a/b"):
        with pytest.raises(InvalidName):
            check(name)


@pytest.mark.parametrize("never", [0, -1, math.nan, math.inf])
def test_a_time_that_never_comes_is_refused_before_it_holds_up_other_checks(never: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        check("a", every=never)
    with pytest.raises(ValueError, match="above 0"):
        check("a", timeout=never)


@pytest.mark.parametrize("wrong", [-1, math.nan])
def test_limits_are_numbers(wrong: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Heartbeat("loop", wrong)
    with pytest.raises(ValueError, match="at least 0"):
        Thresholds(warmup=wrong)


def stood(hand: Hand, **outcomes: Outcome) -> Board:
    """Return a board where `feed` is critical and `cache` is not."""
    made = board(hand, check("feed", critical=True), check("cache"))
    for name, outcome in outcomes.items():
        made.record(name, outcome, 0.1)
    return made


@pytest.mark.parametrize(
    ("feed", "cache", "status", "is_ready"),
    [
        (healthy(), healthy(), "healthy", True),
        (healthy(), unhealthy("cold"), "degraded", True),
        (degraded("slow"), healthy(), "degraded", False),
        (unhealthy("frozen"), healthy(), "unhealthy", False),
    ],
)
def test_critical_components_decide_readiness_and_the_rest_lowers_the_status(
    feed: Outcome, cache: Outcome, status: str, is_ready: bool
) -> None:
    standings = stood(Hand(), feed=feed, cache=cache).standings()
    verdict = probes.ready(YES, probes.startup(RUNNING), RUNNING, standings)
    assert probes.overall(YES, standings) == status
    assert verdict.ok is is_ready
    assert verdict.ok or verdict.reason == f"feed: {feed.reason}"


def test_a_critical_component_that_is_not_known_holds_readiness_back_but_lowers_no_status() -> None:
    standings = stood(Hand(), cache=healthy()).standings()
    assert probes.overall(YES, standings) == "healthy"
    assert probes.ready(YES, YES, RUNNING, standings) == Verdict(False, "feed: not checked yet")


def test_a_hung_loop_makes_the_whole_unhealthy_and_unready() -> None:
    standings = stood(Hand(), feed=healthy(), cache=healthy()).standings()
    assert probes.overall(NO, standings) == "unhealthy"
    assert probes.ready(NO, YES, RUNNING, standings) == Verdict(False, "loop: hung")


def test_a_start_is_no_until_the_program_says_so_and_says_when_it_is_late() -> None:
    assert probes.startup(RUNNING).ok
    assert probes.startup(Phase(False, "", 12, 300)) == Verdict(False, "starting for 12 s (limit 300 s)")
    assert probes.startup(Phase(False, "", 301, 300)).reason.endswith(", late")


def test_a_stopping_process_is_not_ready_and_says_why() -> None:
    phase = Phase(True, "SIGTERM", 10, 300)
    assert probes.ready(YES, YES, phase, []) == Verdict(False, "stopping: SIGTERM")


def test_a_heartbeat_is_judged_from_its_first_beat_by_its_limit() -> None:
    hand = Hand()
    heartbeat = Heartbeat("loop", 5.0, hand.clock)
    hand.now += 100
    assert heartbeat.complaint() == ""
    heartbeat.beat()
    hand.now += 5.0
    assert heartbeat.complaint() == ""
    hand.now += 1.2
    assert heartbeat.complaint() == "loop: no heartbeat for 6.2 s (limit 5 s)"
    heartbeat.beat()
    assert heartbeat.complaint() == ""
    hand.now += 100
    heartbeat.rest()
    assert heartbeat.complaint() == ""


def test_each_hung_loop_is_named() -> None:
    assert probes.live(["", "a: hung", "b: hung"]) == Verdict(False, "a: hung; b: hung")
    assert probes.live([""]) == YES
