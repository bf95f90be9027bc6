"""What did not get through, and sending it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alerts import Alert
from watchkeeper.keeper.notify.errors import OutboxUnreadable, OutboxUnwritable, Undeliverable
from watchkeeper.keeper.notify.outbox import Undelivered
from watchkeeper.keeper.web.answers import error, json, whole
from watchkeeper.keeper.web.recovery.shapes import AlertTold, Hurried, UndeliveredRow, UndeliveredRows

DEFAULT_ROWS, MOST_ROWS, MOST_ALERTS = 100, 1000, 5


class Owing(Protocol):
    """The outbox as this room needs it."""

    async def undelivered(self) -> Sequence[Undelivered]: ...
    async def again(self, row: int, /) -> None: ...


async def undelivered(request: Request, owing: Owing) -> Response:
    """Answer what did not get through: 503 where the rows cannot be read."""
    limit = whole(request, "limit", DEFAULT_ROWS, 1, MOST_ROWS)
    try:
        found = await owing.undelivered()
    except OutboxUnreadable as problem:
        return error(503, str(problem))
    return json(UndeliveredRows(undelivered=[row_of(one) for one in found[:limit]], count=len(found)))


async def again(request: Request, owing: Owing) -> Response:
    """Try a notification now: 202; 404 where there is none, 409 where its channel is gone."""
    given: str = request.path_params["row"]
    if not given.isascii() or not given.isdecimal() or len(given) > 18:
        return error(404, f"no undelivered notification {given[:40]!r}")
    try:
        await owing.again(int(given))
    except Undeliverable as problem:
        return error(409 if problem.known else 404, str(problem))
    except OutboxUnwritable as problem:
        return error(503, str(problem))
    return json(Hurried(row=int(given)), 202)


def row_of(one: Undelivered) -> UndeliveredRow:
    """Return a notification as it is told."""
    told = one.notification
    return UndeliveredRow(
        row=one.row,
        channel=str(one.line),
        fate=one.fate,
        at=told.at,
        reason=told.reason,
        alerts=[alert_of(alert) for alert in told.alerts[:MOST_ALERTS]],
        count=len(told.alerts),
        tries=one.tries,
        error=one.error,
        next_try=one.next_try or None,
        given_up_at=one.done_at or None,
    )


def alert_of(alert: Alert) -> AlertTold:
    """Return what names an alert, and whether it fired then."""
    labels, notes = dict(alert.labels), dict(alert.annotations)
    return AlertTold(
        name=labels.get("alertname", ""),
        bot=labels.get("bot", ""),
        firing=alert.ends_at is None,
        summary=notes.get("summary", ""),
    )
