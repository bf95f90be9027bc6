"""One group of alerts and when it is looked at next.

Source of the rules: Alertmanager, dispatch/dispatch.go (aggrGroup).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cmp_to_key

from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.labels import Pairs, written
from watchkeeper.keeper.alerts.routes import Route


class Group:
    """The alerts of one route with the same group labels; due is a Unix time.

    The first look comes after group_wait, or at once where an alert began longer ago than that; the
    following ones come every group_interval.
    """

    def __init__(
        self, route: Route, labels: Pairs, now: float, due: float | None = None, flushed: bool = False
    ) -> None:
        self.route = route
        self.labels = labels
        self.key = f"{route.key}:{written(labels)}"
        self.alerts: dict[Pairs, Alert] = {}
        self.due = now + route.terms.group_wait if due is None else due
        self.flushed = flushed

    def insert(self, alert: Alert, now: float) -> None:
        """Take an alert in, or take note of how it is now."""
        self.alerts[alert.labels] = alert
        if not self.flushed and alert.starts_at + self.route.terms.group_wait < now:
            self.due = min(self.due, now)

    def set_back(self, now: float) -> None:
        """Bring the next look as near as it would be now: a clock set back must not put it off."""
        terms = self.route.terms
        self.due = min(self.due, now + (terms.group_interval if self.flushed else terms.group_wait))

    def flush(self, now: float) -> list[Alert]:
        """Return the alerts as told now, in Alertmanager's order, and set the next look."""
        self.due = now + self.route.terms.group_interval
        self.flushed = True
        return told_order(alert.told(now) for alert in self.alerts.values())

    def drop(self, told: Iterable[Alert]) -> list[Pairs]:
        """Drop the resolved alerts that were told, save those that changed since; return them."""
        over = [one.labels for one in told if one.ends_at is not None and self.alerts.get(one.labels) == one]
        for labels in over:
            del self.alerts[labels]
        return over


def told_order(alerts: Iterable[Alert]) -> list[Alert]:
    """Sort alerts by job, then instance, then their labels."""
    return sorted(alerts, key=cmp_to_key(compared))


def compared(one: Alert, other: Alert) -> int:
    """Return which of two alerts is told first; one that has a job or an instance comes first."""
    mine, theirs = dict(one.labels), dict(other.labels)
    for name in ("job", "instance"):
        left, right = mine.get(name), theirs.get(name)
        if left is None and right is None:
            continue
        if left is None or right is None:
            return 1 if left is None else -1
        if left != right:
            return -1 if left < right else 1
    return by_labels(one.labels, other.labels)


def by_labels(one: Pairs, other: Pairs) -> int:
    """Compare label sets: the smaller set first, then the first pair that differs."""
    if len(one) != len(other):
        return -1 if len(one) < len(other) else 1
    for left, right in zip(one, other, strict=True):
        if left[0] != right[0]:
            # The label that only one of them has sorts the one without it to the front.
            return 1 if left[0] < right[0] else -1
        if left[1] != right[1]:
            return -1 if left[1] < right[1] else 1
    return 0
