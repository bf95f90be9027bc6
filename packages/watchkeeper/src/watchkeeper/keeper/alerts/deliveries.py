"""What was asked for and not yet told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.groups import Group, Notification, Slot
from watchkeeper.keeper.alerts.labels import Pairs


@dataclass(slots=True)
class Flush:
    """One look at a group: its resolved alerts leave it once all tellings have succeeded."""

    group: Group
    alerts: list[Alert]
    waiting: set[Slot] = field(default_factory=set)
    failed: bool = False


class Deliveries:
    """The looks whose tellings are under way, by slot."""

    def __init__(self) -> None:
        self._open: dict[Slot, Flush] = {}

    def open(
        self, group: Group, alerts: list[Alert], notifications: Sequence[Notification], held: bool
    ) -> list[Pairs]:
        """Take note of a look; one without tellings is over at once, unless it was put off.

        Returns the alerts that have left the group by that.
        """
        if not notifications and not held:
            return group.drop(alerts)
        flush = Flush(group, alerts, {one.slot for one in notifications}, failed=held)
        self._open.update(dict.fromkeys(flush.waiting, flush))
        return []

    def forget(self, slots: Iterable[Slot]) -> None:
        """Give up on older tellings of slots that are looked at anew."""
        for slot in slots:
            self._open.pop(slot, None)

    def done(self, slot: Slot, failed: bool) -> tuple[Group, list[Pairs]] | None:
        """Take note of what became of a telling.

        Returns the group whose look is over by it, and the alerts that have left it.
        """
        flush = self._open.pop(slot, None)
        if flush is None:
            return None
        flush.waiting.discard(slot)
        flush.failed = flush.failed or failed
        if flush.waiting:
            return None
        return flush.group, [] if flush.failed else flush.group.drop(flush.alerts)
