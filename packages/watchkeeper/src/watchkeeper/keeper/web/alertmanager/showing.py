"""Alerts with all that is known of them: state, who has taken them on, groups, escalations, counts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts import AlertView, EscalationView, GroupView, MatcherInvalid
from watchkeeper.keeper.alerts.matchers import Matchers, agree, read_matchers
from watchkeeper.keeper.web.alertmanager.alerts import alert_row
from watchkeeper.keeper.web.alertmanager.errors import Refused, answer
from watchkeeper.keeper.web.alertmanager.times import stamp

Row = dict[str, Any]
MOST_OVER = 200


async def get_told(request: Request) -> Response:
    """Answer the alerts that are not over."""
    desk: AlertDesk = request.app.state.alerting
    found = meant(desk.alerts(), filter_of(request))
    return answer({"alerts": [told_row(view) for view in found]})


async def get_groups(request: Request) -> Response:
    """Answer groups with their alerts and escalations, what ended lately, and how many there are of each."""
    desk: AlertDesk = request.app.state.alerting
    wanted = filter_of(request)
    rows = [group_row(group, meant(group.alerts, wanted), desk) for group in desk.groups()]
    return answer(
        {
            "time": stamp(desk.now()),
            "counts": counts(desk.alerts()),
            "groups": [row for row in rows if row["alerts"]],
            "over": [told_row(view) for view in meant(desk.over(), wanted)[:MOST_OVER]],
        }
    )


async def get_counts(request: Request) -> Response:
    """Answer how many alerts there are of each state."""
    desk: AlertDesk = request.app.state.alerting
    return answer(counts(desk.alerts()))


def filter_of(request: Request) -> Matchers:
    """Return the matchers of `filter`, which may be repeated and may hold several; raise Refused."""
    texts = request.query_params.getlist("filter")
    try:
        return tuple(one for text in texts if text.strip() for one in read_matchers(text))
    except MatcherInvalid as error:
        raise Refused(400, str(error)) from None


def meant(views: list[AlertView] | tuple[AlertView, ...], wanted: Matchers) -> list[AlertView]:
    return [view for view in views if agree(wanted, dict(view.alert.labels))]


def standing(view: AlertView) -> str:
    """Return the one word for an alert: muted goes before acknowledged, which goes before firing."""
    if view.silenced_by:
        return "silenced"
    if view.inhibited_by:
        return "inhibited"
    return "muted" if view.muted_by else view.state


def counts(views: list[AlertView]) -> dict[str, int]:
    """Return how many alerts stand how; open ones are those that wait for somebody."""
    found = Counter(standing(view) for view in views)
    kinds = ("pending", "firing", "acknowledged", "silenced", "inhibited", "muted")
    return {"open": found["firing"] + found["pending"], **{kind: found[kind] for kind in kinds}}


def told_row(view: AlertView) -> Row:
    """Return an alert as the specification has it, and what it has no words for."""
    taken = view.acknowledgement
    return {
        **alert_row(view),
        "lifecycle": view.state,
        "standing": standing(view),
        "since": stamp(view.since),
        "acknowledgement": None
        if taken is None
        else {
            "who": taken.who,
            "at": stamp(taken.at),
            "until": None if taken.until is None else stamp(taken.until),
            "note": taken.note,
        },
    }


def group_row(group: GroupView, alerts: list[AlertView], desk: AlertDesk) -> Row:
    channels = desk.alerting.integrations(group.receiver)
    return {
        "key": group.key,
        "route": group.route_id,
        "receiver": group.receiver,
        "channels": [f"{one.kind}[{one.place}]" for one in channels],
        "labels": dict(group.labels),
        "routeLabels": dict(group.route_labels),
        "nextLook": stamp(group.due),
        "escalation": None if group.escalation is None else escalation_row(group.escalation),
        "alerts": [told_row(view) for view in alerts],
    }


def escalation_row(view: EscalationView) -> Row:
    return {
        "policy": view.policy,
        "steps": list(view.steps),
        "step": view.step,
        "rounds": view.rounds,
        "startedAt": stamp(view.started_at),
        "nextAt": None if view.next_at is None else stamp(view.next_at),
        "done": view.done,
        "told": list(view.told),
    }
