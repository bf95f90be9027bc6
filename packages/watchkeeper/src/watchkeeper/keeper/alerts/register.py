"""The alerts and their states; every change of state is an event and a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from watchkeeper.keeper.alerts.acknowledgement import Acknowledgement, Acknowledgements
from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.book import AlertBook, Kept
from watchkeeper.keeper.alerts.changes import (
    ACKNOWLEDGED,
    FIRING,
    PENDING,
    RESOLVED,
    Acknowledged,
    AcknowledgementDropped,
    AlertDropped,
    AlertKept,
    Event,
    Standing,
    State,
)
from watchkeeper.keeper.alerts.inhibition import Inhibitor
from watchkeeper.keeper.alerts.journal import Journal
from watchkeeper.keeper.alerts.labels import Pairs
from watchkeeper.keeper.alerts.routes import Route

Routing = Callable[[Mapping[str, str]], list[Route]]


class Register:
    """Pending until the alert's group is first looked at, then firing, maybe acknowledged, resolved."""

    def __init__(self, inhibitor: Inhibitor, acknowledgements: Acknowledgements, journal: Journal) -> None:
        self.alerts = AlertBook()
        self.acknowledgements = acknowledgements
        self._inhibitor = inhibitor
        self._journal = journal

    def restore(self, standing: Standing, routes: list[Route]) -> Kept:
        """Take in an alert as the rows told of it."""
        alert = standing.alert
        kept = Kept(
            alert=alert,
            routes=routes,
            state=standing.state,
            since=standing.since,
            told_at=standing.told_at,
            settled=standing.settled,
        )
        self.alerts.put(kept)
        self._inhibitor.note(alert)
        return kept

    def take(self, alert: Alert, routes_of: Routing, now: float) -> Kept:
        """Take in an alert that was posted; one that is not known yet is routed."""
        kept = self.alerts.get(alert.labels)
        if kept is None:
            kept = Kept(alert, routes_of(dict(alert.labels)), since=now)
            self.alerts.put(kept)
        else:
            self.alerts.join(kept, alert, now)
            kept.settled = False
        self._inhibitor.note(kept.alert)
        if kept.alert.resolved(now):
            self._resolve(kept, now)
        elif kept.state == RESOLVED:
            self.flip(kept, PENDING, now)
        self._journal.note(AlertKept(kept.standing))
        return kept

    def end(self, kept: Kept, alert: Alert, now: float, who: str) -> None:
        """End an alert by somebody's word."""
        kept.alert = alert
        self._inhibitor.note(alert)
        self._resolve(kept, now, who)
        self._journal.note(AlertKept(kept.standing))

    def flip(self, kept: Kept, state: State, now: float, who: str = "") -> None:
        """Change an alert's state; nothing where it has it already."""
        if kept.state == state:
            return
        detail = f"{kept.state} -> {state}"
        kept.state, kept.since = state, now
        self._journal.note(Event(now, kept.alert.fingerprint, "state", detail, who))

    def looked_at(self, labels: Iterable[Pairs], now: float) -> None:
        """Take note that the group of these alerts was looked at."""
        for pairs in labels:
            kept = self.alerts.get(pairs)
            if kept is not None and kept.state == PENDING:
                self.flip(kept, FIRING, now)
                self._journal.note(AlertKept(kept.standing))

    def settle(self, now: float) -> None:
        """Flip what is over, and what is acknowledged no longer."""
        for kept in self.alerts.over(now):
            self._resolve(kept, now)
            self._journal.note(AlertKept(kept.standing))
        for acknowledgement in self.acknowledgements.lapsed(now):
            self.withdraw(acknowledgement.fingerprint, now, "time passed")

    def acknowledge(self, acknowledgement: Acknowledgement) -> Kept:
        """Let somebody take an alert on; raise AlertUnknown."""
        kept = self.alerts.find(acknowledgement.fingerprint)
        self.acknowledgements.put(acknowledgement)
        if kept.state != RESOLVED:
            self.flip(kept, ACKNOWLEDGED, acknowledgement.at, acknowledgement.who)
        self._journal.note(
            Acknowledged(acknowledgement),
            AlertKept(kept.standing),
            Event(
                acknowledgement.at,
                acknowledgement.fingerprint,
                "acknowledged",
                acknowledgement.note,
                acknowledgement.who,
            ),
        )
        return kept

    def withdraw(self, fingerprint: str, now: float, why: str, who: str = "") -> None:
        """Let an acknowledgement go; the alert fires again, if it is not over."""
        if self.acknowledgements.withdraw(fingerprint) is None:
            return
        self._journal.note(
            AcknowledgementDropped(fingerprint), Event(now, fingerprint, "unacknowledged", why, who)
        )
        for kept in self.alerts:
            if kept.state == ACKNOWLEDGED and kept.alert.fingerprint == fingerprint:
                self.flip(kept, FIRING, now, who)
                self._journal.note(AlertKept(kept.standing))

    def told(self, fingerprints: frozenset[str], alerts: Iterable[Alert], now: float) -> None:
        """Take note when alerts that fire were told."""
        for alert in alerts:
            kept = self.alerts.get(alert.labels)
            if kept is not None and alert.fingerprint in fingerprints:
                kept.told_at = now
                self._journal.note(AlertKept(kept.standing))

    def told_at(self, alerts: Iterable[Alert]) -> Mapping[str, float]:
        """Return when alerts were last told as firing, by fingerprint; those that were."""
        found = {}
        for alert in alerts:
            kept = self.alerts.get(alert.labels)
            if kept is not None and kept.told_at:
                found[alert.fingerprint] = kept.told_at
        return found

    def settled(self, kept: Kept) -> None:
        """Take note that the groups of an alert that is over are done with it."""
        kept.settled = True
        self._journal.note(AlertKept(kept.standing))

    def drop(self, now: float) -> None:
        """Drop the alerts that are over."""
        for kept in self.alerts.drop_resolved(now):
            self._inhibitor.forget(kept.alert.labels)
            self._journal.note(AlertDropped(kept.alert.labels))

    def _resolve(self, kept: Kept, now: float, who: str = "") -> None:
        if kept.state == RESOLVED:
            return
        self.flip(kept, RESOLVED, now, who)
        fingerprint = kept.alert.fingerprint
        if self.acknowledgements.withdraw(fingerprint) is not None:
            self._journal.note(AcknowledgementDropped(fingerprint))
