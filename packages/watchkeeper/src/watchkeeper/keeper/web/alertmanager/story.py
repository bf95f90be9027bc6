"""The story of one alert: its changes, the words of people, silences, and what became of each telling."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts import AlertUnknown, Silence
from watchkeeper.keeper.alerts.changes import Event
from watchkeeper.keeper.notify.errors import OutboxUnreadable
from watchkeeper.keeper.notify.outbox import Delivery, Outbox
from watchkeeper.keeper.web.alertmanager.errors import Refused, answer
from watchkeeper.keeper.web.alertmanager.times import stamp

Row = dict[str, Any]


async def get_timeline(request: Request) -> Response:
    """Answer the last events of an alert and its last tellings, each the oldest first."""
    desk: AlertDesk = request.app.state.alerting
    fingerprint = request.path_params["fingerprint"]
    events = [*desk.timeline(fingerprint), *silence_events(desk, fingerprint)]
    told = await tellings(request, fingerprint)
    return answer(
        {
            "events": [event_row(one) for one in sorted(events, key=lambda one: one.at)],
            "told": [told_row(one, fingerprint) for one in told],
        }
    )


async def tellings(request: Request, fingerprint: str) -> list[Delivery]:
    """Return what became of an alert's tellings; raise Refused where the rows cannot be read."""
    outbox: Outbox = request.app.state.outbox
    try:
        return await outbox.deliveries(fingerprint)
    except OutboxUnreadable as error:
        raise Refused(500, str(error)) from None


def silence_events(desk: AlertDesk, fingerprint: str) -> list[Event]:
    """Return the silences of an alert as events; none of an alert that is forgotten."""
    try:
        found = desk.silences_of(fingerprint)
    except AlertUnknown:
        return []
    return [event for silence in found for event in lines_of(silence, fingerprint, desk.now())]


def lines_of(silence: Silence, fingerprint: str, now: float) -> list[Event]:
    """Return when a silence began, and when it ended, as far as that has come."""
    lines = []
    if silence.starts_at <= now:
        detail = f"until {stamp(silence.ends_at)}: {silence.comment}"
        lines.append(Event(silence.starts_at, fingerprint, "silenced", detail, silence.created_by))
    if silence.ends_at <= now:
        lines.append(Event(silence.ends_at, fingerprint, "unsilenced", silence.comment))
    return lines


def event_row(event: Event) -> Row:
    return {"at": stamp(event.at), "kind": event.kind, "detail": event.detail, "who": event.who}


def told_row(one: Delivery, fingerprint: str) -> Row:
    """Return a telling: what it said of the alert, to whom, by which channel, with what result."""
    told = one.notification
    return {
        "at": stamp(told.at),
        "receiver": told.slot.receiver,
        "channel": told.slot.channel,
        "place": told.slot.place,
        "group": told.slot.group_key,
        "status": "firing" if fingerprint in told.firing else "resolved",
        "reason": told.reason,
        "people": list(told.people),
        "urgency": told.urgency,
        "state": one.state,
        "tries": one.tries,
        "error": one.error,
        "nextTry": stamp(one.next_try) if one.next_try else None,
        "doneAt": stamp(one.done_at) if one.done_at else None,
    }
