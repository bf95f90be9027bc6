"""Show a dispatcher's alerts, groups and incidents, and what an alert would meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.keeper.alerts.book import Kept
from watchkeeper.keeper.alerts.changes import RESOLVED
from watchkeeper.keeper.alerts.dispatcher import Dispatcher
from watchkeeper.keeper.alerts.escalation.wording import step_words
from watchkeeper.keeper.alerts.grouping import ident
from watchkeeper.keeper.alerts.groups import Group, Integration
from watchkeeper.keeper.alerts.incidents import Incident, incidents
from watchkeeper.keeper.alerts.labels import written
from watchkeeper.keeper.alerts.routes import Route
from watchkeeper.keeper.alerts.views import AlertView, EscalationView, GroupView


def alert_views(dispatcher: Dispatcher, now: float) -> list[AlertView]:
    """Return the alerts that are not over, sorted by fingerprint."""
    found = [view(dispatcher, kept, now) for kept in dispatcher.register.alerts if lasts(kept, now)]
    return sorted(found, key=lambda one: one.alert.fingerprint)


def lasts(kept: Kept, now: float) -> bool:
    return kept.state != RESOLVED and not kept.alert.resolved(now)


def view(dispatcher: Dispatcher, kept: Kept, now: float, route: Route | None = None) -> AlertView:
    """Return one alert; with a route, as its group on that route sees it."""
    silenced, inhibited = dispatcher.muting.of(kept.labels, now)
    routes = [route] if route else kept.routes
    # An alert counts as muted by time only where every route of it is.
    muted = [dispatcher.muting.by_time(one.terms, now) for one in routes]
    return AlertView(
        alert=kept.alert,
        state=kept.state,
        since=kept.since,
        receivers=tuple(dict.fromkeys(one.terms.receiver for one in kept.routes)),
        silenced_by=silenced,
        inhibited_by=inhibited,
        muted_by=tuple(dict.fromkeys(name for names in muted for name in names)) if all(muted) else (),
        acknowledgement=dispatcher.acknowledgements.of(kept.alert.fingerprint, now),
    )


def group_views(dispatcher: Dispatcher, now: float) -> list[GroupView]:
    """Return the groups that have alerts which are not over, sorted by labels and receiver."""
    found = []
    for group in dispatcher.groups:
        kept = [one for labels in group.alerts if (one := dispatcher.register.alerts.get(labels))]
        alerts = [view(dispatcher, one, now, group.route) for one in kept if lasts(one, now)]
        if alerts:
            found.append(
                GroupView(
                    key=group.key,
                    route_id=group.route.id,
                    route_labels=tuple(sorted(group.route.labels.items())),
                    labels=group.labels,
                    receiver=group.route.terms.receiver,
                    due=group.due,
                    alerts=tuple(sorted(alerts, key=lambda one: one.alert.fingerprint)),
                    escalation=escalation_view(dispatcher, group, alerts),
                )
            )
    return sorted(found, key=lambda one: (one.labels, one.receiver))


def escalation_view(
    dispatcher: Dispatcher, group: Group, alerts: Sequence[AlertView]
) -> EscalationView | None:
    """Return how far a group's escalation is; None where it has none."""
    run = dispatcher.escalations.runs.get(ident(group))
    policy = dispatcher.alerting.additions.policies.get(run.policy) if run else None
    if run is None or policy is None:
        return None
    done = run.done or run.step >= len(policy.steps)
    halted = all(one.suppressed or one.acknowledgement for one in alerts)
    return EscalationView(
        policy=run.policy,
        steps=tuple(step_words(step) for step in policy.steps),
        step=run.step,
        rounds=run.rounds,
        started_at=run.started_at,
        next_at=None if done or halted else run.wake_at,
        done=done,
        told=run.told,
    )


def over_views(dispatcher: Dispatcher, now: float) -> list[AlertView]:
    """Return the alerts that are over and not forgotten yet, the last one first."""
    kept = [one for one in dispatcher.register.alerts if not lasts(one, now)]
    return sorted((view(dispatcher, one, now) for one in kept), key=lambda one: -one.since)


def incident_views(dispatcher: Dispatcher, now: float) -> list[Incident]:
    """Return the alerts that fire and are not muted, put together into incidents."""
    alerts = [
        kept.alert
        for kept in dispatcher.register.alerts
        if lasts(kept, now) and not dispatcher.muting.mutes(kept.labels, now)
    ]
    return incidents(alerts, dispatcher.alerting.additions.correlation)


@dataclass(frozen=True, slots=True)
class Passage:
    """What an alert meets on one of its routes."""

    route: Route
    group_key: str
    integrations: tuple[Integration, ...]
    muted_by: tuple[str, ...]
    policy: str


@dataclass(frozen=True, slots=True)
class Preview:
    """To whom an alert with some labels would go now, and what would keep it from them."""

    passages: tuple[Passage, ...]
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]


def preview(dispatcher: Dispatcher, labels: Mapping[str, str], now: float) -> Preview:
    """Return what would become of an alert with these labels now; nothing is changed."""
    pairs = tuple(sorted(labels.items()))
    silenced, inhibited = dispatcher.muting.of(labels, now)
    policy = dispatcher.escalations.policy_of([pairs])
    passages = tuple(
        Passage(
            route=route,
            group_key=f"{route.key}:{written(route.grouping(pairs))}",
            integrations=dispatcher.alerting.integrations(route.terms.receiver),
            muted_by=dispatcher.muting.by_time(route.terms, now),
            policy=policy.name if policy else "",
        )
        for route in dispatcher.alerting.routes(labels)
    )
    return Preview(passages, silenced, inhibited)
