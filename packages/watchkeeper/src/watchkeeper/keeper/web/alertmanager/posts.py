"""POST /api/v2/alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alertdesk import TURN, AlertDesk, TooManyAlerts
from watchkeeper.keeper.alerts import Posted
from watchkeeper.keeper.web.alertmanager.bodies import body_of, decoded
from watchkeeper.keeper.web.alertmanager.errors import REQUIRED, WRONG_TYPE, Malformed, Refused
from watchkeeper.keeper.web.alertmanager.times import moment

MOST_SHOWN = 10


class PostableAlert(msgspec.Struct):
    """An alert as the specification has it; other keys are passed over."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    startsAt: str | None = None
    endsAt: str | None = None
    generatorURL: str | None = None


async def post_alerts(request: Request) -> Response:
    """Take alerts in: 200 once they are on the disk; 400 names those that were refused."""
    desk: AlertDesk = request.app.state.alerting
    body = await body_of(request, "alerts")
    # Read one by one: a post of a hundred thousand must not keep others waiting.
    raws = decoded(body, list[msgspec.Raw] | None, "alerts") or []  # type: ignore[arg-type]
    posted = []
    for place, raw in enumerate(raws):
        posted.append(posted_of(decoded(raw, PostableAlert, "alerts"), place))
        if place % TURN == TURN - 1:
            await asyncio.sleep(0)
    try:
        refused = await desk.post(posted)
    except TooManyAlerts as error:
        raise Malformed(413, str(error)) from None
    if refused:
        reasons = list(dict.fromkeys(map(str, refused)))
        raise Refused(400, "; ".join(reasons[:MOST_SHOWN]))
    return Response(status_code=200)


def posted_of(alert: PostableAlert, place: int) -> Posted:
    """Return a posted alert; raise Malformed."""
    if alert.labels is None:
        raise Malformed(422, f"{place}.labels in body is required", REQUIRED)
    url = alert.generatorURL or ""
    if url and not is_address(url):
        text = f'{place}.generatorURL in body must be of type uri: "{url[:200]}"'
        raise Malformed(422, text, WRONG_TYPE)
    starts_at, ends_at = times_of(alert)
    annotations: Mapping[str, str] = alert.annotations or {}
    return Posted(alert.labels, annotations, starts_at, ends_at, url)


def times_of(alert: PostableAlert) -> tuple[float | None, float | None]:
    try:
        return moment(alert.startsAt), moment(alert.endsAt)
    except ValueError as error:
        raise Malformed(400, f'parsing alerts body from "" failed, because {error}') from None


def is_address(url: str) -> bool:
    """Return whether a text is an absolute URI."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.scheme) and not any(rune.isspace() for rune in url)
