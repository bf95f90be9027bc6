"""From observations to findings: targets, components, silence."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.judge import (
    Contact,
    Movement,
    SilenceRule,
    read_health,
    silence_finding,
    target_finding,
)
from watchkeeper.keeper.judge.components import component_findings
from watchkeeper.keeper.judge.silence import latest, movement

RULE = SilenceRule("frames", "last_frame_timestamp_seconds", 10, what="frame")
COUNT = SilenceRule("frames", "frames_total", 10, kind="counter", what="frame")


def contact(up: bool | None, at: float = 100) -> Contact:
    return Contact("job", "h:1", "bot", up, at, interval=1, error="" if up else "refused")


@pytest.mark.parametrize(
    ("up", "at", "state"),
    [(True, 100, "up"), (False, 100, "down"), (None, 0, "unknown"), (True, 90, "unknown")],
)
def test_a_target_is_what_its_last_fresh_scrape_said(up: bool | None, at: float, state: str) -> None:
    """A scrape that is long overdue tells nothing."""
    assert target_finding(contact(up, at), 101, hold=2).state == state


def test_components_come_with_the_agents_own_reason() -> None:
    """State, reason and criticality are the agent's word."""
    document = {
        "status": "unhealthy",
        "live": {"ok": True},
        "components": [
            {"name": "feed", "status": "unhealthy", "reason": "no frame for 6 s", "critical": True},
            {"name": "rpc", "status": "degraded", "reason": "slow", "critical": False},
        ],
    }
    feed, rpc, alive = component_findings("bot", read_health("bot", document, 5), True, [], 0)
    assert (feed.subject, feed.state, feed.reason, feed.severity) == (
        "component/bot/feed",
        "unhealthy",
        "no frame for 6 s",
        "critical",
    )
    assert (rpc.state, rpc.severity) == ("degraded", "warning")
    assert alive.state == "healthy"


def test_a_hanging_loop_is_unhealthy_though_its_agent_answers() -> None:
    """The probes answer while the bot hangs, and that is not health."""
    document = {"live": {"ok": False, "reason": "loop: no heartbeat for 6.2 s"}, "components": []}
    (alive,) = component_findings("bot", read_health("bot", document, 5), True, [], 0)
    assert (alive.state, alive.reason) == ("unhealthy", "loop: no heartbeat for 6.2 s")


def test_a_bot_that_does_not_answer_is_unknown_not_healthy() -> None:
    """Old words do not count."""
    known = [("component/bot/feed", "critical")]
    (found,) = component_findings("bot", None, False, known, 0)
    assert (found.subject, found.state) == ("component/bot/feed", "unknown")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("status", "live", "components", "name", "reason", "depends", "critical", "since", "ok")
DOCUMENT = st.dictionaries(
    st.sampled_from(FIELDS), JSON | st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON))
)


@given(DOCUMENT)
def test_no_document_breaks_the_reader(document: dict[str, object]) -> None:
    """Whatever a target answers is read, and what is odd is unknown."""
    health = read_health("bot", document, 5)
    for component in health.components:
        assert component.state in {"healthy", "degraded", "unhealthy", "unknown"}


def test_a_timestamp_tells_its_own_age() -> None:
    """Silence is counted from the gauge's value, not from the samples."""
    seen = movement(RULE, [98, 99, 100], [91, 91, 91])
    assert silence_finding(RULE, "bot", seen, 100.5, up=True).state == "healthy"
    late = silence_finding(RULE, "bot", seen, 101.5, up=True)
    assert (late.state, late.reason) == ("unhealthy", "no frame for more than 10 s")


def test_a_counter_is_silent_since_its_last_change() -> None:
    """A counter that stands still for longer than the limit is silent."""
    times = [float(at) for at in range(80, 101)]
    moving = [float(min(at, 88)) for at in range(80, 101)]
    seen = movement(COUNT, times, moving)
    assert seen.moved == 88
    assert silence_finding(COUNT, "bot", seen, 97, up=True).state == "healthy"
    assert silence_finding(COUNT, "bot", seen, 99, up=True).state == "unhealthy"


def test_what_has_never_moved_is_unknown_until_the_limit() -> None:
    """A bot that has just started is neither well nor silent."""
    seen = movement(COUNT, [95, 96, 97], [0, 0, 0])
    assert silence_finding(COUNT, "bot", seen, 98, up=True).state == "unknown"
    assert silence_finding(COUNT, "bot", seen, 106, up=True).state == "unhealthy"


def test_a_metric_that_is_no_longer_shown_is_silence() -> None:
    """A dead collector must not look like a quiet market."""
    gone = silence_finding(RULE, "bot", Movement(None, None, None), 100, up=True)
    assert (gone.state, gone.hold) == ("unhealthy", 10)


def test_a_bot_that_is_down_is_not_called_silent() -> None:
    """One fault, one alert: the target's."""
    assert silence_finding(RULE, "bot", Movement(50, 40, 60), 100, up=False).state == "unknown"


def test_staleness_markers_are_no_samples() -> None:
    """NaN values neither move nor stand still."""
    seen = movement(COUNT, [1, 2, 3, 4], [5, 6, math.nan, math.nan])
    assert seen == Movement(2, 1, 2)
    assert movement(COUNT, [1], [math.nan]) == Movement(None, None, None)


def test_one_series_that_moves_is_enough() -> None:
    """A bot with several series is silent only where all are."""
    assert latest([Movement(None, 1, 9), Movement(7, 2, 8)]) == Movement(7, 1, 9)
