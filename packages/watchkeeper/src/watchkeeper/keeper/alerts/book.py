"""All alerts that are kept, by their labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.changes import RESOLVED, Standing, State
from watchkeeper.keeper.alerts.errors import AlertUnknown
from watchkeeper.keeper.alerts.labels import Pairs
from watchkeeper.keeper.alerts.posting import joined
from watchkeeper.keeper.alerts.routes import Route


@dataclass(slots=True)
class Kept:
    """An alert, the routes it takes, and its state."""

    alert: Alert
    routes: list[Route]
    state: State = RESOLVED
    since: float = 0.0
    told_at: float = 0.0
    settled: bool = False

    @property
    def labels(self) -> dict[str, str]:
        """Return the labels as a mapping; they are not kept twice."""
        return dict(self.alert.labels)

    @property
    def standing(self) -> Standing:
        return Standing(self.alert, self.state, self.since, self.told_at, self.settled)


class AlertBook:
    """The alerts; an alert that comes again joins the one that is known."""

    def __init__(self) -> None:
        self._kept: dict[Pairs, Kept] = {}

    def __iter__(self) -> Iterator[Kept]:
        return iter(self._kept.values())

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, labels: Pairs) -> Kept | None:
        return self._kept.get(labels)

    def find(self, fingerprint: str) -> Kept:
        """Return the alert with a fingerprint; raise AlertUnknown."""
        for kept in self._kept.values():
            if kept.alert.fingerprint == fingerprint:
                return kept
        raise AlertUnknown(f"no alert has the fingerprint {fingerprint!r}")

    def put(self, kept: Kept) -> None:
        self._kept[kept.alert.labels] = kept

    def join(self, kept: Kept, alert: Alert, now: float) -> None:
        """Let an alert that came again be one with the known one."""
        kept.alert = joined(kept.alert, alert, now)

    def over(self, now: float) -> list[Kept]:
        """Return the alerts that are over but not marked so."""
        return [one for one in self._kept.values() if one.state != RESOLVED and one.alert.resolved(now)]

    def drop_resolved(self, now: float) -> list[Kept]:
        """Drop the alerts that are over; return them."""
        old = [one for one in self._kept.values() if one.state == RESOLVED and one.alert.resolved(now)]
        for one in old:
            del self._kept[one.alert.labels]
        return old
