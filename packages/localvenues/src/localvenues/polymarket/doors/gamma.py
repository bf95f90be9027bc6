"""Gamma: lists of markets and events, by offset and by keyset; search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from localvenues.polymarket.doors.data_query import BadQuery, cursor, read_cursor
from localvenues.polymarket.doors.host import Host, answer, refuse
from localvenues.polymarket.exchange.model import Event, Market
from localvenues.polymarket.wire import gamma
from localvenues.polymarket.wire.numbers import whole
from localvenues.polymarket.world.world import World

MOST = 500
SORTS: dict[str, Callable[[Market], Any]] = {
    "id": lambda one: one.id,
    "endDate": lambda one: one.end,
    "startDate": lambda one: one.created,
    "volumeNum": lambda one: one.volume,
    "volume24hr": lambda one: one.volume,
}


class GammaDoor:
    """Serves markets and events. An unknown parameter is ignored, as a cursor named `cursor` is."""

    def __init__(self, world: World, host: Host) -> None:
        self._world, self._host = world, host
        get = host.app.router.add_get
        get("/", self._ok)
        get("/markets", self._markets)
        get("/markets/keyset", self._markets_keyset)
        get("/markets/slug/{slug}", self._market_by_slug)
        get("/markets/{id}", self._market)
        get("/events", self._events)
        get("/events/keyset", self._events_keyset)
        get("/events/slug/{slug}", self._event_by_slug)
        get("/events/{id}", self._event)
        get("/public-search", self._search)

    async def _ok(self, _: web.Request) -> web.Response:
        return answer({"data": "OK"})

    def _all(self) -> list[Market]:
        return list(self._world.exchange.markets.values())

    def _shape(self, market: Market, with_event: bool = True) -> dict[str, Any]:
        book = self._world.exchange.book(market)
        return gamma.market(market, book, self._host.clock.now(), with_event)

    def _selected(self, request: web.Request) -> list[Market]:
        """Filter and sort; raise BadQuery."""
        rows = self._all()
        for name, read in (
            ("id", lambda one: str(one.id)),
            ("slug", lambda one: one.slug),
            ("condition_ids", lambda one: one.condition_id),
        ):
            wanted = _words(request, name)
            rows = [one for one in rows if not wanted or read(one) in wanted]
        tokens = _words(request, "clob_token_ids")
        rows = [one for one in rows if not tokens or tokens & set(one.tokens)]
        rows = [one for one in rows if _fits(request, one.closed is not None)]
        return self._sorted(request, rows)

    def _sorted(self, request: web.Request, rows: list[Market]) -> list[Market]:
        key = SORTS.get(request.query.get("order", "id"))
        if key is None:
            raise BadQuery("order is not valid")
        return sorted(rows, key=key, reverse=request.query.get("ascending", "true").lower() == "false")

    async def _markets(self, request: web.Request) -> web.Response:
        try:
            rows = self._selected(request)
            start, count = _span(request, 20)
        except BadQuery as error:
            return refuse(str(error), 422)
        return answer([self._shape(one) for one in rows[start : start + count]])

    async def _markets_keyset(self, request: web.Request) -> web.Response:
        try:
            rows = self._selected(request)
            start, (_, count) = read_cursor(request.query.get("after_cursor", "")), _span(request, 20)
        except BadQuery as error:
            return refuse(str(error), 422)
        shapes = [self._shape(one) for one in rows[start : start + count]]
        return answer(_keyset("markets", shapes, start + count, len(rows)))

    async def _market(self, request: web.Request) -> web.Response:
        return self._one(request, lambda one: str(one.id) == request.match_info["id"])

    async def _market_by_slug(self, request: web.Request) -> web.Response:
        return self._one(request, lambda one: one.slug == request.match_info["slug"])

    def _one(self, _: web.Request, fits: Callable[[Market], bool]) -> web.Response:
        found = next(filter(fits, self._all()), None)
        return answer(self._shape(found)) if found else refuse("id not found", 404)

    # Events

    def _grouped(self, rows: list[Market]) -> list[tuple[Event, list[Market]]]:
        groups: dict[int, tuple[Event, list[Market]]] = {}
        for one in rows:
            groups.setdefault(one.event.id, (one.event, []))[1].append(one)
        return list(groups.values())

    def _selected_events(self, request: web.Request) -> list[tuple[Event, list[Market]]]:
        """Filter by the event's own id, slug and end, and sort by its first market; raise BadQuery."""
        ids, slugs = _words(request, "id"), _words(request, "slug")
        return [
            (event, markets)
            for event, markets in self._grouped(self._sorted(request, self._all()))
            if (not ids or str(event.id) in ids)
            and (not slugs or event.slug in slugs)
            and _fits(request, all(one.closed is not None for one in markets))
        ]

    def _event_shape(self, event: Event, markets: list[Market]) -> dict[str, Any]:
        shape = gamma.event(event, markets, self._host.clock.now())
        return shape | {
            "markets": [self._shape(one, with_event=False) for one in markets],
            "tags": [gamma.tag(event)],
        }

    async def _events(self, request: web.Request) -> web.Response:
        try:
            groups = self._selected_events(request)
            start, count = _span(request, 20)
        except BadQuery as error:
            return refuse(str(error), 422)
        return answer([self._event_shape(*one) for one in groups[start : start + count]])

    async def _events_keyset(self, request: web.Request) -> web.Response:
        try:
            groups = self._selected_events(request)
            start, (_, count) = read_cursor(request.query.get("after_cursor", "")), _span(request, 20)
        except BadQuery as error:
            return refuse(str(error), 422)
        shapes = [self._event_shape(*one) for one in groups[start : start + count]]
        return answer(_keyset("events", shapes, start + count, len(groups)))

    async def _event(self, request: web.Request) -> web.Response:
        return self._one_event(lambda one: str(one.id) == request.match_info["id"])

    async def _event_by_slug(self, request: web.Request) -> web.Response:
        return self._one_event(lambda one: one.slug == request.match_info["slug"])

    def _one_event(self, fits: Callable[[Event], bool]) -> web.Response:
        found = next((one for one in self._grouped(self._all()) if fits(one[0])), None)
        return answer(self._event_shape(*found)) if found else refuse("id not found", 404)

    async def _search(self, request: web.Request) -> web.Response:
        """Events whose title or markets have the words."""
        words = request.query.get("q", "").lower()
        groups = [
            (event, rows)
            for event, rows in self._grouped(self._all())
            if words in event.title.lower() or any(words in one.question.lower() for one in rows)
        ]
        shapes = [
            {
                "id": str(event.id),
                "slug": event.slug,
                "title": event.title,
                "markets": [self._shape(one) for one in rows],
            }
            for event, rows in groups[:20]
        ]
        pages = {"hasMore": len(groups) > 20, "totalResults": len(groups)}
        return answer({"events": shapes, "tags": [], "profiles": [], "pagination": pages})


def _words(request: web.Request, name: str) -> set[str]:
    """Return the values of a parameter, which may be repeated or hold several with commas."""
    return {word for text in request.query.getall(name, []) for word in text.split(",")}


def _fits(request: web.Request, closed: bool) -> bool:
    """Say whether what is closed or open is asked for; everything here is active."""
    states = {"closed": closed, "active": True}
    unlike = {name: str(not state).lower() for name, state in states.items()}
    return all(request.query.get(name, "").lower() != word for name, word in unlike.items())


def _span(request: web.Request, default: int) -> tuple[int, int]:
    start = whole(request.query.get("offset", "0"))
    count = whole(request.query.get("limit", str(default)))
    if start is None or count is None:
        raise BadQuery("limit and offset must be numbers")
    return start, min(MOST, count)


def _keyset(name: str, shapes: list[dict[str, Any]], following: int, total: int) -> dict[str, Any]:
    shape: dict[str, Any] = {name: shapes}
    return shape | ({"next_cursor": cursor(following)} if following < total else {})
