"""The keeper's own HTTP API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from watchkeeper.keeper.store import Matcher
from watchkeeper.keeper.web.answers import BadQuery, error, json, moment, whole
from watchkeeper.keeper.web.board import Panel
from watchkeeper.keeper.web.curves import lines, values_at
from watchkeeper.keeper.web.events import MOST_CLIENTS, TooManyClients
from watchkeeper.keeper.web.live import Live
from watchkeeper.keeper.web.overview import alert_rows, board_of, bots, flip_row, shown
from watchkeeper.keeper.web.sight import Sight

MOST_POINTS = 2_000
MOST_METRICS = 10_000
STALLED_SECONDS = 30.0


def live_of(request: Request) -> Live:
    live: Live = request.app.state.live
    return live


async def health(request: Request) -> Response:
    """Answer how everything that is watched is; always 200, the state is in the document."""
    overview = live_of(request).overview()
    return json({**overview["overall"], "time": overview["time"], "bots": overview["bots"]})


async def overview(request: Request) -> Response:
    """Answer all that the first screen needs."""
    return json(live_of(request).overview())


async def alerts(request: Request) -> Response:
    """Answer the newest alerts, one entry per episode."""
    limit = whole(request, "limit", 50, 1, 1_000)
    return json({"alerts": alert_rows(live_of(request).sight.episodes(limit))[:limit]})


async def flips(request: Request) -> Response:
    """Answer the newest changes of state of everything that is judged, newest first."""
    limit = whole(request, "limit", 50, 1, 1_000)
    rows = live_of(request).sight.recent(limit, alerts=False)
    return json({"flips": [flip_row(flip) for flip in rows]})


async def metrics(request: Request) -> Response:
    """Answer the present value of every series, or of one name or bot."""
    sight = live_of(request).sight
    limit = whole(request, "limit", 1_000, 1, MOST_METRICS)
    name, bot = request.query_params.get("name"), request.query_params.get("bot")
    matchers = [Matcher("__name__", "=", name) if name else Matcher("__name__", "!=", "")]
    matchers += sight.scope(known_bot(sight, bot)) if bot else []
    now = int(sight.now() * 1000)
    rows = present_values(sight, matchers, now)
    return json({"time": now / 1000, "count": len(rows), "metrics": rows[:limit]})


def present_values(sight: Sight, matchers: list[Matcher], now: int) -> list[dict[str, Any]]:
    grid = np.array([now], dtype=np.int64)
    rows = []
    for series in sight.samples.select(matchers, now - 60_000, now):
        value = float(values_at(series, grid)[0])
        labels = dict(series.labels)
        if not np.isnan(value):
            rows.append({"name": labels.pop("__name__"), "labels": labels, "value": finite(value)})
    return rows


def finite(value: float) -> float | str:
    """Return a value that JSON can hold; the infinite as text."""
    return value if np.isfinite(value) else ("+Inf" if value > 0 else "-Inf")


async def history(request: Request) -> Response:
    """Answer the headline figures at the last `count` times, oldest first, and the newest flips."""
    sight = live_of(request).sight
    count = whole(request, "count", 60, 1, 1_000)
    step = whole(request, "step", 5, 1, 3_600)
    bot = chosen_bot(request, sight)
    times = grid_of(sight.now() - (count - 1) * step, sight.now(), step)
    rows: list[dict[str, Any]] = [{"time": at / 1000} for at in times.tolist()]
    for figure in board_of(sight, bot).figures:
        found = lines(sight.samples, figure.curve, sight.scope(bot), times, window_of(sight, step))
        values = found[0][1].tolist() if found else [float("nan")] * len(rows)
        for row, value in zip(rows, values, strict=True):
            row[figure.id] = shown(value, figure.unit)
    return json(
        {"bot": bot, "history": rows, "flips": [flip_row(f) for f in sight.recent(count, alerts=False)]}
    )


async def board(request: Request) -> Response:
    """Answer the board of a bot: its panels, and each curve in PromQL."""
    sight = live_of(request).sight
    bot = chosen_bot(request, sight)
    found = board_of(sight, bot)
    return json(
        {"bot": bot, "id": found.id, "title": found.title, "panels": [panel_row(p) for p in found.panels]}
    )


def panel_row(panel: Panel) -> dict[str, Any]:
    return {
        "id": panel.id,
        "title": panel.title,
        "unit": panel.unit,
        "note": panel.note,
        "scale": panel.scale,
        "expr": [curve.expr() for curve in panel.curves],
    }


async def curves(request: Request) -> Response:
    """Answer the curves of a bot's panels between start and end, a value each `step` seconds."""
    sight = live_of(request).sight
    bot = chosen_bot(request, sight)
    step = whole(request, "step", 5, 1, 86_400)
    end = moment(request, "end", sight.now())
    start = moment(request, "start", end - 900)
    if not start <= end or (end - start) / step > MOST_POINTS:
        raise BadQuery(f"start, end, step: expected start before end and at most {MOST_POINTS} points")
    times = grid_of(start, end, step)
    panels = chosen_panels(request, board_of(sight, bot).panels)
    rows = {panel.id: panel_curves(sight, bot, panel, times, step) for panel in panels}
    return json({"bot": bot, "step": step, "times": [at / 1000 for at in times.tolist()], "panels": rows})


def panel_curves(sight: Sight, bot: str, panel: Panel, times: Any, step: int) -> list[dict[str, Any]]:
    rows = []
    for curve in panel.curves:
        for label, values in lines(sight.samples, curve, sight.scope(bot), times, window_of(sight, step)):
            rows.append({"label": label, "values": [shown(value, panel.unit) for value in values.tolist()]})
    return rows


def grid_of(start: float, end: float, step: int) -> Any:
    """Return the multiples of step in [start, end] in milliseconds, so that answers line up; at least one."""
    last = int(end // step)
    first = min(last, int(-(-start // step)))
    return np.arange(first, last + 1, dtype=np.int64) * (step * 1000)


def window_of(sight: Sight, step: int) -> int:
    """Return the window of rates in milliseconds: some scrapes, at least one step."""
    slowest = max((contact.interval for contact in sight.contacts()), default=15.0)
    return int(1000 * max(4 * slowest, step, 10))


def chosen_panels(request: Request, panels: tuple[Panel, ...]) -> list[Panel]:
    given = request.query_params.get("panel")
    if given is None:
        return list(panels)
    wanted = given.split(",")
    unknown = set(wanted) - {panel.id for panel in panels}
    if unknown:
        names = ", ".join(panel.id for panel in panels)
        raise BadQuery(f"panel: no panel {sorted(unknown)[0][:40]!r}; there are: {names}")
    return [panel for panel in panels if panel.id in wanted]


def chosen_bot(request: Request, sight: Sight) -> str:
    """Return the bot named in the query, else the first one."""
    given = request.query_params.get("bot")
    names = bots(sight.contacts())
    if given is None and names:
        return names[0]
    return known_bot(sight, given or "")


def known_bot(sight: Sight, name: str) -> str:
    names = bots(sight.contacts())
    if name not in names:
        raise BadQuery(f"bot: no bot {name[:40]!r}; there are: {', '.join(names) or 'none'}")
    return name


class Following(StreamingResponse):
    """A stream whose client must take what it is sent: one that stalls loses its connection."""

    async def stream_response(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self.body_iterator) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                async with asyncio.timeout(STALLED_SECONDS):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def events(request: Request) -> Response:
    """Stream the overview: everything at first, then the sections that change."""
    live = live_of(request)
    live.stream.publish(live.overview())
    last_id = request.headers.get("last-event-id") or request.query_params.get("last_id")
    following = live.stream.follow(last_id)
    try:
        first = await anext(following)
    except TooManyClients:
        return error(503, f"{MOST_CLIENTS} event streams are open already", {"Retry-After": "10"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Following(resumed(first, following), 200, headers, "text/event-stream")


async def resumed(first: bytes, following: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    """Yield what was read already, then the rest."""
    async with aclosing(following):
        yield first
        async for event in following:
            yield event


async def own_metrics(request: Request) -> Response:
    """Answer the keeper's own metrics, for Prometheus."""
    return await own_page(request)


async def own_health(request: Request) -> Response:
    """Answer the keeper's own probes."""
    return await own_page(request)


async def own_page(request: Request) -> Response:
    pages = live_of(request).sight.pages
    status, kind, body = await pages(request.url.path, request.headers.get("accept", ""))
    return Response(body, status, {"Cache-Control": "no-store", "Content-Type": kind})
