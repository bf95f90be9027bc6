"""Alerts as they are posted: what is filled in, what is refused, how one joins an older one.

Source of the rules: Alertmanager, api/v2/api.go (postAlerts), types/types.go (Merge, Validate) and
provider/mem/mem.go (Put).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from sys import intern

from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.errors import AlertInvalid
from watchkeeper.keeper.alerts.labels import labelset, proper_text

# Above this a label set is a mistake or an attack; real ones are below 64 KiB.
MOST_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Posted:
    """An alert as a client sends it; a time that it does not tell is None (Unix seconds)."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    starts_at: float | None = None
    ends_at: float | None = None
    generator_url: str = ""


def accepted(posted: Posted, now: float, resolve_timeout: float) -> Alert:
    """Return the alert to keep; raise AlertInvalid with Alertmanager's reason."""
    ends_at, timed = posted.ends_at, posted.ends_at is None
    starts_at = posted.starts_at
    if starts_at is None:
        starts_at = now if ends_at is None else ends_at
    if ends_at is None:
        ends_at = now + resolve_timeout
    if not timed and ends_at < starts_at:
        raise AlertInvalid("start time must be before end time")
    labels = labelset(posted.labels)
    if not labels:
        raise AlertInvalid("at least one label pair required")
    check_texts("label", labels)
    annotations = labelset(posted.annotations)
    check_texts("annotation", annotations)
    # Most values are those of many alerts; each is kept once.
    labels = tuple([(intern(name), intern(value)) for name, value in labels])
    return Alert(labels, annotations, starts_at, ends_at, posted.generator_url, now, timed)


def check_texts(what: str, pairs: tuple[tuple[str, str], ...]) -> None:
    """Refuse names and values that are not UTF-8, an empty name, or too much of it all."""
    whole = "".join([part for pair in pairs for part in pair])
    # All at once where nothing is wrong, as nearly always.
    if len(whole) <= MOST_BYTES and proper_text(whole) and all(name for name, _ in pairs):
        return
    size = 0
    for name, value in pairs:
        size += len(name) + len(value)
        if not name or not proper_text(name):
            raise AlertInvalid(f"invalid {what} set: invalid name {name[:80]!r}")
        if not proper_text(value):
            raise AlertInvalid(f"invalid {what} set: invalid value of {name[:80]!r}")
    if size > MOST_BYTES:
        raise AlertInvalid(f"invalid {what} set: {size} characters are more than {MOST_BYTES}")


def joined(old: Alert, new: Alert, now: float) -> Alert:
    """Return what is kept when an alert with the same labels is known already.

    Where their times overlap they are one alert: the earliest start counts, and an end that a client
    told outlives a later one that only a timeout set. Else the new one takes the place.
    """
    old_end, new_end = end(old), end(new)
    overlap = old.starts_at < new_end < old_end or old.starts_at < new.starts_at < old_end
    if not overlap:
        return new
    # What was updated in the future was so by a clock that was set back since.
    later = new.updated_at >= old.updated_at or old.updated_at > now
    younger, elder = (new, old) if later else (old, new)
    ends_at = younger.ends_at
    if end(elder) > end(younger) and (elder.resolved(now) if younger.resolved(now) else not elder.timed):
        ends_at = elder.ends_at
    return replace(younger, starts_at=min(old.starts_at, new.starts_at), ends_at=ends_at)


def end(alert: Alert) -> float:
    return float("inf") if alert.ends_at is None else alert.ends_at
