"""The heart of alerting: (alerts, words of people, time) -> (what to tell, what to write).

It reaches no clock and no disk. A keeper calls `receive` when alerts come and `tick` when `due` says so,
writes `changes()` before it acts, and says with `handed` or `failed` what became of a notification.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from watchkeeper.keeper.alerts.acknowledgement import Acknowledgement, Acknowledgements
from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.alerting import Alerting
from watchkeeper.keeper.alerts.changes import (
    ACKNOWLEDGED,
    RESOLVED,
    Change,
    Event,
    GroupKept,
    LogDropped,
    Logged,
    Memory,
    SilenceDropped,
    SilenceKept,
    Standing,
)
from watchkeeper.keeper.alerts.deliveries import Deliveries
from watchkeeper.keeper.alerts.errors import AlertInvalid
from watchkeeper.keeper.alerts.escalating import Escalations
from watchkeeper.keeper.alerts.fingerprints import sum_up
from watchkeeper.keeper.alerts.grouping import Grouping
from watchkeeper.keeper.alerts.groups import Entry, Group, Notification, Slot, TellingLog
from watchkeeper.keeper.alerts.groups.log import expiry
from watchkeeper.keeper.alerts.inhibition import Inhibitor
from watchkeeper.keeper.alerts.journal import Journal
from watchkeeper.keeper.alerts.labels import Pairs
from watchkeeper.keeper.alerts.muting import Muting
from watchkeeper.keeper.alerts.paging import ESCALATION, Paging
from watchkeeper.keeper.alerts.posting import Posted, accepted
from watchkeeper.keeper.alerts.register import Register
from watchkeeper.keeper.alerts.silences import Silence, Silences
from watchkeeper.keeper.alerts.tellings import Look, Teller

# Alertmanager's: empty groups are dropped each 30 s, alerts that are over each 30 minutes.
SWEEP_SECONDS = 30.0
DROP_SECONDS = 1800.0


class Dispatcher:
    """Alerting at work; all times are Unix seconds."""

    def __init__(self, alerting: Alerting, started: float, memory: Memory | None = None) -> None:
        """Begin with what the rows said; the time that nobody kept watch does not end an alert."""
        memory = memory or Memory()
        self.alerting = alerting
        self.silences = Silences(memory.silences)
        self.log = TellingLog(memory.log)
        self.acknowledgements = Acknowledgements(memory.acknowledgements)
        self._journal = Journal()
        inhibitor = Inhibitor(alerting.inhibit_rules)
        self.muting = Muting(self.silences, inhibitor, alerting.intervals)
        self.register = Register(inhibitor, self.acknowledgements, self._journal)
        self.groups = Grouping(self._journal, memory.groups)
        self.escalations = Escalations(alerting.additions, memory.runs)
        self._deliveries = Deliveries()
        self._paging = Paging(
            alerting, self.escalations, self.groups, self.muting, self.acknowledgements, self._journal
        )
        self._teller = Teller(self.log, self.acknowledgements, alerting.additions.pace)
        self._swept = started if memory.swept is None else memory.swept
        self._dropped = started
        self._spoken: list[Notification] = []
        # Firing alerts that silences, inhibition and intervals have left out, counted at each look.
        self.suppressed = 0
        self._restore(memory, started)

    def _restore(self, memory: Memory, started: float) -> None:
        away = max(0.0, started - memory.at) if memory.at else 0.0
        restored = []
        for standing in memory.standings:
            kept = prolonged(standing, away)
            routes = self.alerting.routes(dict(kept.alert.labels))
            restored.append(self.register.restore(kept, routes))
        for one in restored:
            if not one.settled:
                self.groups.insert(one, started)

    def memory(self, now: float) -> Memory:
        """Return all that must survive: what a new dispatcher with another configuration begins with."""
        return Memory(
            standings=tuple(kept.standing for kept in self.register.alerts),
            groups=tuple(GroupKept(g.route.id, g.labels, g.due, g.flushed) for g in self.groups),
            log=dict(self.log.entries),
            silences=tuple(self.silences),
            acknowledgements=tuple(self.acknowledgements),
            runs=tuple(self.escalations.runs.values()),
            at=now,
            swept=self._swept,
        )

    def changes(self) -> list[Change]:
        """Return what must be written before anybody acts; each change is returned once."""
        return self._journal.take()

    # Alerts

    def receive(self, posted: Iterable[Posted], now: float) -> list[AlertInvalid]:
        """Take alerts in; the good ones of a post are kept although others are refused and returned."""
        refused, alerts = [], []
        for one in posted:
            try:
                alerts.append(accepted(one, now, self.alerting.resolve_timeout))
            except AlertInvalid as error:
                refused.append(error)
        sum_up([one.labels for one in alerts])
        for alert in alerts:
            self.groups.insert(self.register.take(alert, self.alerting.routes, now), now)
        return refused

    # Time

    def due(self) -> float:
        """Return when `tick` must be called next."""
        times = [self.groups.due(), self.escalations.due(), self._swept + SWEEP_SECONDS]
        return 0.0 if self._spoken else min(at for at in times if at is not None)

    def tick(self, now: float) -> list[Notification]:
        """Return what must be told now, in order."""
        self._swept, self._dropped = min(self._swept, now), min(self._dropped, now)
        self.register.settle(now)
        found, self._spoken = self._spoken, []
        found += [one for group in self.groups.take_due(now) for one in self._flush(group, now)]
        pages, over = self._paging.step(now)
        for fingerprint, who in over:
            self.resolve(fingerprint, now, who)
        found += pages
        if now - self._swept >= SWEEP_SECONDS:
            self._sweep(now)
        return found

    def _flush(self, group: Group, now: float) -> list[Notification]:
        alerts = group.flush(now)
        self.register.looked_at((one.labels for one in alerts if one.ends_at is None), now)
        live: tuple[Alert, ...] = ()
        if not self.muting.by_time(group.route.terms, now):
            live = tuple(one for one in alerts if not self.muting.mutes(dict(one.labels), now))
        self.suppressed += firing_among(alerts) - firing_among(live)
        look = Look(group, live, now)
        found, held = self._decided(look)
        found += self._paging.follow(look, alerts)
        self._left(self._deliveries.open(group, alerts, found, held))
        if not found:
            # Else the row waits until the tellings are in safe hands: a crash before that looks again.
            self.groups.keep(group)
        return found

    def _decided(self, look: Look) -> tuple[list[Notification], bool]:
        """Return the notifications of a look; one that tells nobody anything is only logged."""
        receiver = look.group.route.terms.receiver
        integrations = self.alerting.integrations(receiver)
        self._deliveries.forget(Slot(look.group.key, receiver, one.kind, one.place) for one in integrations)
        told = self.register.told_at(look.alerts) if self.alerting.additions.pace.window else {}
        decisions = self._teller.decide(look, integrations, told)
        found = []
        for decision in decisions:
            notification = decision.notification
            if decision.kept_up:
                self._keep_up(decision.kept_up, look)
            if notification is not None and notification.alerts:
                found.append(notification)
            elif notification is not None:
                self._note(notification, look.now)
        return found, any(decision.held for decision in decisions)

    def _keep_up(self, slot: Slot, look: Look) -> None:
        """Let the entry of a group that people have taken on live on, so that its end will be told."""
        entry, repeat = self.log.last(slot), look.group.route.terms.repeat_interval
        if entry is not None and entry.expires_at - look.now <= repeat:
            renewed = replace(entry, expires_at=expiry(look.now, repeat))
            self.log.write(slot, renewed)
            self._journal.note(Logged(slot, renewed))

    # What became of a notification

    def handed(self, notifications: Iterable[Notification], at: float) -> None:
        """Take note that notifications are in hands that will not lose them."""
        for notification in notifications:
            self._tell_tale(notification, at)
            if notification.reason != ACKNOWLEDGED:
                self._note(notification, at)
                self._settle(notification, failed=False)
            if notification.slot.group_key.endswith(ESCALATION):
                self._paging.handed(notification)

    def failed(self, notification: Notification) -> None:
        """Take note that a notification is lost; the group's next look asks for it again."""
        self._settle(notification, failed=True)

    def _settle(self, notification: Notification, failed: bool) -> None:
        over = self._deliveries.done(notification.slot, failed)
        if over is not None:
            self.groups.keep(over[0])
            self._left(over[1])

    def _left(self, labels: Iterable[Pairs]) -> None:
        """Take note of alerts that have left a group."""
        for one in labels:
            kept = self.register.alerts.get(one)
            if kept is not None and not self.groups.holds(kept):
                self.register.settled(kept)

    def _note(self, notification: Notification, at: float) -> None:
        expires_at = expiry(at, notification.repeat_interval)
        entry = Entry(notification.firing, notification.resolved, at, expires_at)
        self.log.write(notification.slot, entry)
        self._journal.note(Logged(notification.slot, entry))

    def _tell_tale(self, notification: Notification, at: float) -> None:
        if self.alerting.additions.pace.window:
            self.register.told(notification.firing, notification.alerts, at)
        slot = notification.slot
        for alert in notification.alerts:
            detail = f"{alert.status}: {slot.receiver}/{slot.channel}[{slot.place}] ({notification.reason})"
            who = ", ".join(notification.people)
            self._journal.note(Event(at, alert.fingerprint, "told", detail, who))

    # The words of people

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """Let somebody take an alert on; raise AlertUnknown.

        While all firing alerts of a group are taken on, the group is not repeated or escalated.
        """
        limit = self.alerting.additions.acknowledge_for
        if acknowledgement.until is None and limit is not None:
            acknowledgement = replace(acknowledgement, until=acknowledgement.at + limit)
        kept = self.register.acknowledge(acknowledgement)
        for group in self.groups:
            if kept.alert.labels in group.alerts:
                self._speak(group, acknowledgement)

    def _speak(self, group: Group, acknowledgement: Acknowledgement) -> None:
        """Let those who were told of a group know that all of it is taken on."""
        now = acknowledgement.at
        alerts = tuple(one.told(now) for one in group.alerts.values() if not one.resolved(now))
        firing = frozenset(one.fingerprint for one in alerts)
        if not self.acknowledgements.cover(firing, now):
            return
        told = Notification(
            at=now,
            slot=Slot(group.key, "", ""),
            group_labels=group.labels,
            alerts=alerts,
            firing=firing,
            resolved=frozenset(),
            reason=ACKNOWLEDGED,
            route_id=group.route.id,
            people=(acknowledgement.who,),
        )
        self._spoken += [replace(told, slot=slot) for slot in self._told_slots(group, firing)]

    def _told_slots(self, group: Group, firing: frozenset[str]) -> list[Slot]:
        keys = (group.key, f"{group.key}{ESCALATION}")
        entries = self.log.entries.items()
        return [slot for slot, entry in entries if slot.group_key in keys and entry.firing & firing]

    def unacknowledge(self, fingerprint: str, now: float, who: str) -> None:
        """Let an alert go that somebody had taken on."""
        self.register.withdraw(fingerprint, now, "withdrawn", who)

    def resolve(self, fingerprint: str, now: float, who: str) -> None:
        """End an alert by somebody's word; it fires anew if it is posted again. Raise AlertUnknown."""
        kept = self.register.alerts.find(fingerprint)
        self.register.end(kept, replace(kept.alert, ends_at=now, updated_at=now, timed=False), now, who)
        self.groups.update(kept, kept.alert)

    def silence(self, silence: Silence, now: float, fresh_id: str) -> Silence:
        """Keep a silence, or change one that has an id; raise SilenceInvalid or SilenceUnknown."""
        changed = self.silences.put(silence, now, fresh_id)
        self._journal.note(*(SilenceKept(one) for one in changed))
        return changed[-1]

    def expire_silence(self, id: str, now: float) -> None:
        """End a silence; raise SilenceUnknown."""
        self._journal.note(*(SilenceKept(one) for one in self.silences.expire(id, now)))

    # Housekeeping

    def _sweep(self, now: float) -> None:
        self._swept = now
        for group in self.groups.sweep():
            self._paging.end(group, [], now)
        self._journal.note(*(SilenceDropped(id) for id in self.silences.forget(now)))
        self._journal.note(*(LogDropped(slot) for slot in self.log.forget(now)))
        if now - self._dropped >= DROP_SECONDS:
            self._dropped = now
            self.register.drop(now)


def firing_among(alerts: Iterable[Alert]) -> int:
    return sum(one.ends_at is None for one in alerts)


def prolonged(standing: Standing, away: float) -> Standing:
    """Give an alert that was not over the time back that nobody kept watch."""
    alert = standing.alert
    if standing.state == RESOLVED or alert.ends_at is None or not away:
        return standing
    return replace(standing, alert=replace(alert, ends_at=alert.ends_at + away))
