"""Has something that must move stood still: no frame for N seconds.

A timestamp gauge tells the age itself. A counter (or any value that must change) is watched over the
samples that are kept: it stands still since its last change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from watchkeeper.keeper.judge.finding import CRITICAL, HEALTHY, UNHEALTHY, UNKNOWN, Finding


@dataclass(frozen=True, slots=True)
class SilenceRule:
    """What must move, and how long it may stand still (seconds)."""

    name: str
    metric: str
    limit: float
    kind: str = "timestamp"
    severity: str = CRITICAL
    what: str = "movement"


@dataclass(frozen=True, slots=True)
class Movement:
    """When something last moved, and since when it is watched (Unix seconds); None: not in sight."""

    moved: float | None
    watched: float | None
    seen: float | None


def movement(rule: SilenceRule, times: Sequence[float], values: Sequence[float]) -> Movement:
    """Return when a series last moved; times in Unix seconds, ascending; NaN is no sample."""
    kept = [(at, value) for at, value in zip(times, values, strict=True) if not math.isnan(value)]
    if not kept:
        return Movement(None, None, None)
    first, last = kept[0][0], kept[-1][0]
    if rule.kind == "timestamp" and kept[-1][1] > 0:
        return Movement(kept[-1][1], first, last)
    moved = None
    for (_, before), (at, after) in pairwise(kept):
        moved = at if after != before else moved
    return Movement(moved, first, last)


def latest(movements: Sequence[Movement]) -> Movement:
    """Return the movement of several series of one bot: one that moves is enough."""
    moved = [m.moved for m in movements if m.moved is not None]
    watched = [m.watched for m in movements if m.watched is not None]
    seen = [m.seen for m in movements if m.seen is not None]
    return Movement(max(moved, default=None), min(watched, default=None), max(seen, default=None))


def silence_finding(rule: SilenceRule, bot: str, seen: Movement, now: float, up: bool) -> Finding:
    """Return whether a bot is silent by a rule.

    A bot that does not answer is unknown: its silence is told as a target that is down. A metric that
    a bot no longer shows is silence, too: a dead collector looks like a quiet market.
    """
    subject = f"silence/{bot}/{rule.name}"
    if not up:
        return Finding(subject, UNKNOWN, "the bot does not answer", rule.severity)
    since = seen.moved if seen.moved is not None else seen.watched
    if since is None:
        return Finding(subject, UNHEALTHY, f"{rule.metric} is no longer shown", rule.severity, rule.limit)
    still = now - since
    if still > rule.limit:
        return Finding(subject, UNHEALTHY, f"no {rule.what} for more than {rule.limit:g} s", rule.severity)
    if seen.moved is None:
        return Finding(subject, UNKNOWN, f"no {rule.what} yet", rule.severity)
    return Finding(subject, HEALTHY, "", rule.severity)
