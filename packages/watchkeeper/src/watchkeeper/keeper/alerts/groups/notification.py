"""What is to be told: a group, to one integration of one receiver."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.keeper.alerts.alert import Alert, Status
from watchkeeper.keeper.alerts.groups.log import Slot
from watchkeeper.keeper.alerts.labels import Pairs


@dataclass(frozen=True, slots=True)
class Integration:
    """One entry of a receiver: its kind (`slack`, `webhook`...) and place among those of its kind."""

    kind: str
    place: int = 0
    send_resolved: bool = True


# The reason of a notification that tells of one change of one alert, whatever groups and silences say.
ROW = "row"


@dataclass(frozen=True, slots=True)
class Notification:
    """A group as it is told at a Unix time.

    alerts are in Alertmanager's order, ends_at None while they fire; without send_resolved only those
    that fire. firing and resolved are the fingerprints that the log will hold. reason is first,
    firing, resolved or repeat, or the step of an escalation. A newer notification of the same slot
    takes the place of one that was not delivered yet.

    row is 0 for a group; else it tells of that one row (see ROW), of which no newer one takes the place.
    """

    at: float
    slot: Slot
    group_labels: Pairs
    alerts: tuple[Alert, ...]
    firing: frozenset[str]
    resolved: frozenset[str]
    reason: str
    route_id: str = ""
    route_labels: Pairs = ()
    repeat_interval: float = 14400.0
    urgency: str = ""
    people: tuple[str, ...] = ()
    row: int = 0

    @property
    def receiver(self) -> str:
        return self.slot.receiver

    @property
    def group_key(self) -> str:
        return self.slot.group_key

    @property
    def status(self) -> Status:
        """Return firing where any alert fires."""
        return "firing" if any(alert.ends_at is None for alert in self.alerts) else "resolved"

    @property
    def common_labels(self) -> Pairs:
        return common([alert.labels for alert in self.alerts])

    @property
    def common_annotations(self) -> Pairs:
        return common([alert.annotations for alert in self.alerts])


def common(sets: list[Pairs]) -> Pairs:
    """Return the pairs that all sets have, sorted."""
    shared = set(sets[0]).intersection(*sets[1:]) if sets else set()
    return tuple(sorted(shared))
