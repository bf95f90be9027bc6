"""One honest state for everything, and its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watchkeeper.keeper.judge.finding import CRITICAL, DEGRADED, DOWN, HEALTHY, UNHEALTHY, UNKNOWN, Standing

# How bad a state is: of a critical subject, of another one.
WEIGHT = {
    (DOWN, True): 3,
    (UNHEALTHY, True): 3,
    (UNKNOWN, True): 2,
    (DOWN, False): 1,
    (UNHEALTHY, False): 1,
    (DEGRADED, True): 1,
    (DEGRADED, False): 1,
    (UNKNOWN, False): 1,
}
STATES = (HEALTHY, DEGRADED, UNKNOWN, UNHEALTHY)


@dataclass(frozen=True, slots=True)
class Overall:
    """The state of all, the reason, since when (Unix seconds), and the subject that decides."""

    state: str
    reason: str
    since: float
    subject: str


def weight(standing: Standing) -> int:
    return WEIGHT.get((standing.state, standing.severity == CRITICAL), 0)


def overall(standings: Iterable[Standing], now: float) -> Overall:
    """Return the worst state; among equals the oldest decides. Nothing watched is unknown."""
    rows = list(standings)
    if not rows:
        return Overall(UNKNOWN, "nothing is watched yet", now, "")
    worst = max(weight(row) for row in rows)
    if worst == 0:
        since = max(row.since for row in rows)
        return Overall(HEALTHY, "", since, "")
    causes = sorted((row for row in rows if weight(row) == worst), key=rank)
    first = causes[0]
    more = f" (and {len(causes) - 1} more)" if len(causes) > 1 else ""
    return Overall(STATES[worst], described(first) + more, first.since, first.subject)


def rank(standing: Standing) -> tuple[int, float, str]:
    """Order equal causes: a target before its parts, then the oldest."""
    return (0 if standing.subject.startswith("target/") else 1, standing.since, standing.subject)


def described(standing: Standing) -> str:
    """Return one line: which subject, its state, why."""
    kind, _, rest = standing.subject.partition("/")
    owner, _, name = rest.partition("/")
    if kind == "rule":  # the alert's name, then its labels; its reason goes on with its annotations
        return f"{owner} fires: {standing.reason.partition(chr(10))[0]}"
    line = f"{owner}: {name} is {standing.state}" if kind != "target" else f"{owner} is {standing.state}"
    return f"{line}: {standing.reason}" if standing.reason else line
