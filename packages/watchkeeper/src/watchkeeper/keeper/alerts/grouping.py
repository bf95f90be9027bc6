"""All groups: which alert is in which, and which must be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.book import Kept
from watchkeeper.keeper.alerts.changes import GroupDropped, GroupKept
from watchkeeper.keeper.alerts.groups import Group
from watchkeeper.keeper.alerts.journal import Journal
from watchkeeper.keeper.alerts.labels import Pairs, written

Place = tuple[str, Pairs]


class Grouping:
    """The groups by route and labels; remembered says how groups stood at the last end."""

    def __init__(self, journal: Journal, remembered: Iterable[GroupKept] = ()) -> None:
        self._journal = journal
        self._remembered = {(row.route_id, row.labels): row for row in remembered}
        self._groups: dict[Place, Group] = {}

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def insert(self, kept: Kept, now: float) -> None:
        """Put an alert into its group of each of its routes."""
        for route in kept.routes:
            place = (route.id, route.grouping(kept.alert.labels))
            group = self._groups.get(place)
            if group is None:
                row = self._remembered.pop(place, None)
                due, flushed = (row.due, row.flushed) if row else (None, False)
                group = self._groups[place] = Group(route, place[1], now, due, flushed)
            due = group.due
            group.insert(kept.alert, now)
            if due != group.due or len(group.alerts) == 1:
                self.keep(group)

    def holds(self, kept: Kept) -> bool:
        """Return whether any group still holds an alert."""
        labels = kept.alert.labels
        groups = (self._groups.get((route.id, route.grouping(labels))) for route in kept.routes)
        return any(group is not None and labels in group.alerts for group in groups)

    def update(self, kept: Kept, alert: Alert) -> None:
        """Let the groups that hold an alert know how it is now."""
        for route in kept.routes:
            group = self._groups.get((route.id, route.grouping(alert.labels)))
            if group is not None and alert.labels in group.alerts:
                group.alerts[alert.labels] = alert

    def due(self) -> float | None:
        """Return when the next group must be looked at."""
        return min((group.due for group in self._groups.values()), default=None)

    def take_due(self, now: float) -> list[Group]:
        """Return the groups that must be looked at now, the longest overdue first."""
        for group in self._groups.values():
            group.set_back(now)
        found = [group for group in self._groups.values() if group.due <= now]
        return sorted(found, key=lambda group: group.due)

    def keep(self, group: Group) -> None:
        self._journal.note(GroupKept(group.route.id, group.labels, group.due, group.flushed))

    def sweep(self) -> list[Group]:
        """Drop the groups that are empty; return them. What was remembered of others goes, too."""
        empty = [(place, group) for place, group in self._groups.items() if not group.alerts]
        for place, _ in empty:
            del self._groups[place]
            self._journal.note(GroupDropped(*place))
        for place in self._remembered:
            self._journal.note(GroupDropped(*place))
        self._remembered.clear()
        return [group for _, group in empty]


def ident(group: Group) -> str:
    """Return what names a group alone; two routes with the same matchers share group keys."""
    return f"{group.route.id}:{written(group.labels)}"
