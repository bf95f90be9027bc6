"""From a look at a group to what each integration of its receiver must be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.keeper.alerts.acknowledgement import Acknowledgements
from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.groups import (
    Group,
    Integration,
    Notification,
    Pace,
    Slot,
    TellingLog,
    held_back,
    need,
)


@dataclass(frozen=True, slots=True)
class Look:
    """A group at a Unix time: the alerts that nothing mutes, as told, in order."""

    group: Group
    alerts: tuple[Alert, ...]
    now: float

    @property
    def firing(self) -> frozenset[str]:
        return frozenset(alert.fingerprint for alert in self.alerts if alert.ends_at is None)

    @property
    def resolved(self) -> frozenset[str]:
        return frozenset(alert.fingerprint for alert in self.alerts if alert.ends_at is not None)


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes of one integration: a notification, or nothing.

    held tells that it was put off; kept_up is the slot whose entry must not expire, as people have
    taken on what it says.
    """

    notification: Notification | None = None
    held: bool = False
    kept_up: Slot | None = None


@dataclass(frozen=True, slots=True)
class Teller:
    """Decide by the log, the acknowledgements and the pace."""

    log: TellingLog
    acknowledgements: Acknowledgements
    pace: Pace

    def decide(
        self, look: Look, integrations: Sequence[Integration], told: Mapping[str, float]
    ) -> list[Decision]:
        """Return one decision for each integration; told says when each firing alert was last told."""
        return [self._decide(look, one, told) for one in integrations] if look.alerts else []

    def _decide(self, look: Look, integration: Integration, told: Mapping[str, float]) -> Decision:
        group, firing = look.group, look.firing
        slot = Slot(group.key, group.route.terms.receiver, integration.kind, integration.place)
        entry = self.log.last(slot)
        reason = need(
            entry,
            firing,
            look.resolved,
            repeat=group.route.terms.repeat_interval,
            send_resolved=integration.send_resolved,
            now=look.now,
        )
        if reason in (None, "repeat") and self.acknowledgements.cover(firing, look.now):
            return Decision(kept_up=slot)
        if reason is None:
            return Decision()
        new = firing - entry.firing if entry else firing
        if held_back(self.pace, reason, entry, told, new, look.now):
            return Decision(held=True)
        return Decision(self._notification(look, slot, integration, reason))

    @staticmethod
    def _notification(look: Look, slot: Slot, integration: Integration, reason: str) -> Notification:
        route = look.group.route
        alerts = look.alerts
        if not integration.send_resolved:
            alerts = tuple(alert for alert in alerts if alert.ends_at is None)
        return Notification(
            at=look.now,
            slot=slot,
            group_labels=look.group.labels,
            alerts=alerts,
            firing=look.firing,
            resolved=look.resolved,
            reason=reason,
            route_id=route.id,
            route_labels=tuple(sorted(route.labels.items())),
            repeat_interval=route.terms.repeat_interval,
        )
