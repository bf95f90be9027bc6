"""Escalations at work: which receivers beyond a group's route must be told, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watchkeeper.keeper.alerts.acknowledgement import Acknowledgements
from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.alerting import Alerting
from watchkeeper.keeper.alerts.changes import Event, RunDropped, RunKept
from watchkeeper.keeper.alerts.escalating import Escalations, Step
from watchkeeper.keeper.alerts.escalation import Situation, Tell
from watchkeeper.keeper.alerts.grouping import Grouping, ident
from watchkeeper.keeper.alerts.groups import Group, Notification, Slot
from watchkeeper.keeper.alerts.journal import Journal
from watchkeeper.keeper.alerts.labels import written
from watchkeeper.keeper.alerts.muting import Muting
from watchkeeper.keeper.alerts.tellings import Look

# What an escalation tells is logged apart from what the route tells.
ESCALATION = "/escalation"

# (fingerprint, who ends it)
Over = tuple[str, str]


class Paging:
    """Follow the groups with their escalations; all times are Unix seconds."""

    def __init__(
        self,
        alerting: Alerting,
        escalations: Escalations,
        groups: Grouping,
        muting: Muting,
        acknowledgements: Acknowledgements,
        journal: Journal,
    ) -> None:
        self._alerting = alerting
        self._escalations = escalations
        self._groups = groups
        self._muting = muting
        self._acknowledgements = acknowledgements
        self._journal = journal

    def follow(self, look: Look, alerts: Sequence[Alert]) -> list[Notification]:
        """Begin or end the escalation of a group that was looked at; alerts are all of it, as told."""
        if all(alert.ends_at is not None for alert in alerts):
            return self.end(look.group, alerts, look.now)
        firing = [alert.labels for alert in look.alerts if alert.ends_at is None]
        run = self._escalations.begin(ident(look.group), firing, look.now) if firing else None
        if run:
            self._journal.note(RunKept(run))
        return []

    def end(self, group: Group, alerts: Sequence[Alert], now: float) -> list[Notification]:
        """End a group's escalation; return what tells those whom it has told that all is over."""
        run = self._escalations.runs.get(ident(group))
        if run is None:
            return []
        self._escalations.end(run.group_key)
        tells = [Tell(receiver, "default", (), run.step) for receiver in run.told] if alerts else []
        pages = [page for tell in tells for page in self._pages(group, alerts, tell, now)]
        if not pages:
            self._journal.note(RunDropped(run.group_key))
        return pages

    def handed(self, page: Notification) -> None:
        """Take note of a page that is in safe hands.

        Only now the run's row may say so: a crash before takes the step again and loses no page.
        """
        name = f"{page.route_id}:{written(page.group_labels)}"
        run = self._escalations.runs.get(name)
        self._journal.note(RunDropped(name) if run is None else RunKept(run))

    def step(self, now: float) -> tuple[list[Notification], list[Over]]:
        """Take the steps that are due; return what must be told, and which alerts a policy ends."""
        if not self._escalations.runs:
            return [], []
        groups = {ident(group): group for group in self._groups}
        names = self._escalations.runs.keys() & groups.keys()
        situations = {name: self._situation(groups[name], now) for name in names}
        pages: list[Notification] = []
        over: list[Over] = []
        for step in self._escalations.step(situations, now):
            fresh, ended = self._take(groups[step.run.group_key], step, now)
            if not fresh:
                self._journal.note(RunKept(step.run))
            pages += fresh
            over += ended
        return pages, over

    def _take(self, group: Group, step: Step, now: float) -> tuple[list[Notification], list[Over]]:
        """Return what the acts of one run come to."""
        pages: list[Notification] = []
        over: list[Over] = []
        for act in step.acts:
            self._tell_tale(group, f"{step.run.policy}: step {act.step + 1}", now)
            if isinstance(act, Tell):
                pages += self._pages(group, self._live(group, now), act, now)
            else:
                who = f"policy {step.run.policy}"
                over += [(alert.fingerprint, who) for alert in self._firing(group, now)]
        return pages, over

    def _tell_tale(self, group: Group, detail: str, now: float) -> None:
        events = (Event(now, one.fingerprint, "escalated", detail) for one in self._firing(group, now))
        self._journal.note(*events)

    def _situation(self, group: Group, now: float) -> Situation:
        live = self._live(group, now)
        quiet = not live or bool(self._muting.by_time(group.route.terms, now))
        taken = self._acknowledgements.cover((alert.fingerprint for alert in live), now)
        return Situation(quiet or taken, tuple(alert.starts_at for alert in live))

    @staticmethod
    def _firing(group: Group, now: float) -> list[Alert]:
        return [alert for alert in group.alerts.values() if not alert.resolved(now)]

    def _live(self, group: Group, now: float) -> list[Alert]:
        """Return the alerts of a group that fire and that nothing mutes, as told."""
        firing = self._firing(group, now)
        return [alert.told(now) for alert in firing if not self._muting.mutes(dict(alert.labels), now)]

    def _pages(self, group: Group, alerts: Iterable[Alert], tell: Tell, now: float) -> list[Notification]:
        """Return the notifications that tell a receiver of a group beyond its route."""
        rows = tuple(alerts)
        firing = frozenset(alert.fingerprint for alert in rows if alert.ends_at is None)
        resolved = frozenset(alert.fingerprint for alert in rows if alert.ends_at is not None)
        return [
            Notification(
                at=now,
                slot=Slot(f"{group.key}{ESCALATION}", tell.receiver, one.kind, one.place),
                group_labels=group.labels,
                alerts=rows,
                firing=firing,
                resolved=resolved,
                reason=f"escalation step {tell.step + 1}" if firing else "resolved",
                route_id=group.route.id,
                route_labels=tuple(sorted(group.route.labels.items())),
                repeat_interval=group.route.terms.repeat_interval,
                urgency=tell.urgency,
                people=tell.people,
            )
            for one in self._alerting.integrations(tell.receiver)
            if firing or one.send_resolved
        ]
