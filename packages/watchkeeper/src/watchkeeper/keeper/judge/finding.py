"""The values of the judge.

States of a target: up, down, unknown. States of a component or a silence judge: healthy, degraded,
unhealthy, unknown. A subject that is no longer watched flips to gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UP: Final = "up"
DOWN: Final = "down"
HEALTHY: Final = "healthy"
DEGRADED: Final = "degraded"
UNHEALTHY: Final = "unhealthy"
UNKNOWN: Final = "unknown"
GONE: Final = "gone"

BAD: Final = frozenset({DOWN, UNHEALTHY})
CRITICAL: Final = "critical"
WARNING: Final = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at a subject says.

    hold is how many seconds a bad or unknown state must last before it counts; a good one counts at once.
    """

    subject: str
    state: str
    reason: str = ""
    severity: str = CRITICAL
    hold: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is held of a subject, since when (Unix seconds), and why."""

    subject: str
    state: str
    since: float
    reason: str = ""
    severity: str = CRITICAL


@dataclass(frozen=True, slots=True)
class Flipped:
    """A subject's state changed; to be written before anybody acts on it."""

    at: float
    subject: str
    before: str
    after: str
    reason: str
    severity: str
