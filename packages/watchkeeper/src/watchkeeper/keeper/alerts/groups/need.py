"""Must a group be told again, and why.

Source of the rules: Alertmanager, notify/notify.go (DedupStage) and its table of cases. The pace
(dedup window, cooldown) is ours and off unless configured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from watchkeeper.keeper.alerts.groups.log import Entry

Reason = Literal["first", "firing", "resolved", "repeat"]


def need(
    entry: Entry | None,
    firing: frozenset[str],
    resolved: frozenset[str],
    *,
    repeat: float,
    send_resolved: bool,
    now: float,
) -> Reason | None:
    """Return why a group must be told, or None. Sets hold fingerprints, repeat is in seconds."""
    if entry is None:
        return "first" if firing else None
    if not firing <= entry.firing:
        return "firing"
    if not firing:
        # Told whatever send_resolved says, so that the log knows that nothing fires any more.
        return "resolved" if entry.firing else None
    if send_resolved and not resolved <= entry.resolved:
        return "resolved"
    return "repeat" if entry.at < now - repeat else None


@dataclass(frozen=True, slots=True)
class Pace:
    """How much quiet a route asks for (seconds; 0 is off).

    window: an alert that was told as firing less than this ago is not told again as new, as one that
    comes and goes. cooldown: the least time between two tellings of a group. Neither loses anything:
    what still holds when the time has passed is told then.
    """

    window: float = 0.0
    cooldown: float = 0.0


def held_back(
    pace: Pace,
    reason: Reason,
    entry: Entry | None,
    told: Mapping[str, float],
    new: frozenset[str],
    now: float,
) -> bool:
    """Return whether the pace puts a telling off.

    told says when each fingerprint was last told as firing; new are those that the entry lacks.
    """
    # What was told in the future was so by a clock that was set back since: it holds nothing back.
    if entry is not None and 0 <= now - entry.at < pace.cooldown:
        return True
    if reason not in ("first", "firing") or not new:
        return False
    return all(0 <= now - told.get(one, float("-inf")) < pace.window for one in new)
