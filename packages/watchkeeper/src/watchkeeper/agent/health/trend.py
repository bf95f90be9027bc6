"""Where a component is heading, read from its last outcomes; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.agent.health.outcome import Status


class Trend(StrEnum):
    """The direction of a component's health."""

    IMPROVING = "improving"
    STABLE = "stable"
    DEGRADING = "degrading"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a check: when (Unix seconds), how long (seconds), what came out."""

    at: float
    duration: float
    status: Status
    reason: str


FEWEST = 6  # runs below which nothing is said
SHIFT = 0.25  # of the mean badness, between the older and the newer half
SLOWER = 2.0  # times the older half's median duration
NOTICEABLE = 0.01  # seconds; a check that takes less is not slow, however its duration grows


def trend(runs: Sequence[Run]) -> Trend:
    """Compare the newer half of the runs with the older one.

    Critical: unhealthy throughout the newer half. Degrading or improving: the mean badness (0 healthy,
    0.5 degraded, 1 unhealthy) moved by a quarter, or the check became twice as slow, or twice as fast.
    """
    if len(runs) < FEWEST:
        return Trend.STABLE
    older, newer = runs[: len(runs) // 2], runs[len(runs) // 2 :]
    if all(run.status is Status.UNHEALTHY for run in newer):
        return Trend.CRITICAL
    shift = badness(newer) - badness(older)
    if abs(shift) >= SHIFT:
        return Trend.DEGRADING if shift > 0 else Trend.IMPROVING
    return _by_duration(older, newer)


def badness(runs: Sequence[Run]) -> float:
    """Return the mean badness of runs, 0 to 1."""
    return sum((1 - run.status.value_in_metrics) / 2 for run in runs) / len(runs)


def _by_duration(older: Sequence[Run], newer: Sequence[Run]) -> Trend:
    before, after = (sorted(run.duration for run in half)[len(half) // 2] for half in (older, newer))
    if after > max(before * SLOWER, NOTICEABLE):
        return Trend.DEGRADING
    if before > max(after * SLOWER, NOTICEABLE):
        return Trend.IMPROVING
    return Trend.STABLE
