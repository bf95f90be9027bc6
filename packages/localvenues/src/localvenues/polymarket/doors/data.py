"""The Data API, v1 and v2: late, cached by URL, with its own idea of what a trade is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from aiohttp import web

from localvenues.polymarket.doors.cdn import MAX_AGE, Cdn
from localvenues.polymarket.doors.data_query import BadQuery, Query, amount_of, cursor, read_v1, read_v2
from localvenues.polymarket.doors.host import Host, answer, refuse
from localvenues.polymarket.exchange.ledger import Position
from localvenues.polymarket.exchange.model import Market
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.wire import data
from localvenues.polymarket.wire.clob import settled_price
from localvenues.polymarket.world.history import Row
from localvenues.polymarket.world.world import World

Shape = Callable[[Row], dict[str, Any]]
Held = tuple[str, Market, str, Position]


class DataDoor:
    """Serves feeds of trades and activity, positions, values and holders."""

    def __init__(self, world: World, host: Host) -> None:
        self._world, self._host = world, host
        self.cdn = Cdn()
        get = host.app.router.add_get
        get("/", self._ok)
        get("/trades", self._cached(self._trades_v1))
        get("/activity", self._cached(self._activity_v1))
        get("/v2/trades", self._cached(self._trades_v2))
        get("/v2/activity", self._cached(self._activity_v2))
        get("/positions", self._positions_v1)
        get("/closed-positions", self._closed_v1)
        get("/v2/positions", self._positions_v2)
        get("/value", self._value_v1)
        get("/v2/value", self._value_v2)
        get("/holders", self._holders_v1)
        get("/v2/holders", self._holders_v2)
        get("/v2/resolutions", self._resolutions)
        get("/leaderboard", self._leaderboard_v1)
        get("/v2/leaderboard", self._leaderboard_v2)

    async def _ok(self, _: web.Request) -> web.Response:
        return answer({"data": "OK"})

    def _cached(self, make: Callable[[web.Request], Any]) -> Callable[[web.Request], Any]:
        """Answer from the cache while its answer for this very URL is fresh; errors are never kept."""

        async def handler(request: web.Request) -> web.Response:
            now, path, url = self._host.clock.now(), request.path, request.path_qs
            kept = self.cdn.get(now, path, url)
            headers = {"Cache-Control": f"public, max-age={MAX_AGE[path]}"}
            if kept is not None:
                headers |= {"Age": str(kept[1]), "CF-Cache-Status": "HIT"}
                return web.Response(body=kept[0], headers=headers, content_type="application/json")
            try:
                body = msgspec.json.encode(make(request))
            except BadQuery as error:
                return refuse(str(error), 400)
            self.cdn.put(now, path, url, body)
            headers |= {"Age": "0", "CF-Cache-Status": "MISS"}
            return web.Response(body=body, headers=headers, content_type="application/json")

        return handler

    # Feeds

    def _rows(self, query: Query) -> list[Row]:
        rows, _ = query.page(self._world.history.seen(self._host.clock.now(), query.user))
        return self._shuffled(rows)

    def _shuffled(self, rows: list[Row]) -> list[Row]:
        if self._host.outages.on("data_shuffle"):
            self._host.outages.chance("data_shuffle").shuffle(rows)
        return rows

    def _trades_v1(self, request: web.Request) -> list[dict[str, Any]]:
        return [data.trade_v1(row) for row in self._rows(read_v1(request.query, "trades"))]

    def _activity_v1(self, request: web.Request) -> list[dict[str, Any]]:
        return [data.activity_v1(row) for row in self._rows(read_v1(request.query, "activity"))]

    def _trades_v2(self, request: web.Request) -> dict[str, Any]:
        return self._page(read_v2(request.query, "trades"), data.trade_v2)

    def _activity_v2(self, request: web.Request) -> dict[str, Any]:
        return self._page(read_v2(request.query, "activity"), data.activity_v2)

    def _page(self, query: Query, shape: Shape) -> dict[str, Any]:
        rows, more = query.page(self._world.history.seen(self._host.clock.now(), query.user))
        following = rows[-1].number if more else None
        return envelope([shape(row) for row in self._shuffled(rows)], following)

    # Positions

    def _held(self, user: str) -> Iterable[Held]:
        """Yield a wallet's positions in markets that are not forgotten."""
        exchange = self._world.exchange
        account = exchange.ledger.accounts.get(user)
        for token, position in account.positions.items() if account else ():
            market = exchange.tokens.get(token)
            if market is not None and position.bought:
                yield user, market, token, position

    def _asked(self, request: web.Request, version: int) -> tuple[list[Held], Query]:
        """Return a wallet's positions filtered by market, and the query."""
        words = dict(request.query)
        words.pop("sort_direction", None)
        query = (read_v1 if version == 1 else read_v2)({"user": ""} | words, "activity")
        wanted = query.conditions
        rows = [] if query.nobody else list(self._held(query.user or ""))
        return [one for one in rows if not wanted or one[1].condition_id in wanted], query

    async def _positions_v1(self, request: web.Request) -> web.Response:
        try:
            held, query = self._asked(request, 1)
            least = amount_of(request.query, "sizeThreshold", "1")
        except BadQuery as error:
            return refuse(str(error), 400)
        rows = [one for one in held if one[3].shares and one[3].shares >= least]
        if request.query.get("redeemable", "").lower() == "true":
            rows = [one for one in rows if one[1].winner is not None]
        if request.query.get("mergeable", "").lower() == "true":
            rows = [one for one in rows if self._mergeable(one)]
        rows.sort(key=lambda one: -one[3].shares)
        page = rows[query.offset : query.offset + query.limit]
        return answer([data.position_v1(*one, self._mergeable(one)) for one in page])

    async def _closed_v1(self, request: web.Request) -> web.Response:
        try:
            held, query = self._asked(request, 1)
        except BadQuery as error:
            return refuse(str(error), 400)
        rows = sorted((one for one in held if not one[3].shares), key=lambda one: -one[3].realized)
        page = rows[query.offset : query.offset + query.limit]
        return answer([data.closed_position_v1(*one) for one in page])

    async def _positions_v2(self, request: web.Request) -> web.Response:
        try:
            held, query = self._asked(request, 2)
        except BadQuery as error:
            return refuse(str(error), 400)
        wanted, start = request.query.get("status", "OPEN").upper(), query.beyond or 0
        rows = sorted((one for one in held if self._has_status(one, wanted)), key=lambda one: -one[3].cost)
        page, following = rows[start : start + query.limit], start + query.limit
        shapes = [data.position_v2(*one, self._mergeable(one)) for one in page]
        return answer(envelope(shapes, following if len(rows) > following else None))

    def _mergeable(self, one: Held) -> bool:
        user, market, token, position = one
        other = self._world.exchange.ledger.account(user).shares(market.other(token))
        return position.shares > 0 and other > 0

    def _has_status(self, one: Held, wanted: str) -> bool:
        _, market, token, position = one
        status = data.status_v2(market, position)
        if wanted == "REDEEMABLE_LOST":
            return status == "REDEEMABLE" and market.winner != token
        if wanted == "MERGEABLE":
            return status == "OPEN" and self._mergeable(one)
        return status == wanted

    def _worth(self, user: str) -> int:
        rows = self._held(user)
        return sum(held.shares * settled_price(market, token) // ONE for _, market, token, held in rows)

    async def _value_v1(self, request: web.Request) -> web.Response:
        user = request.query.get("user", "").lower()
        return answer([{"user": user, "value": self._worth(user) / ONE}])

    async def _value_v2(self, request: web.Request) -> web.Response:
        user = request.query.get("user", "").lower()
        return answer({"data": {"proxy_wallet": user, "value": round(self._worth(user) / ONE, 4)}})

    async def _holders_v1(self, request: web.Request) -> web.Response:
        return answer(self._holders(request.query.get("market", ""), "token", data.holder_v1))

    async def _holders_v2(self, request: web.Request) -> web.Response:
        wanted = request.query.get("condition_id", "")
        return answer(envelope(self._holders(wanted, "token_id", data.holder_v2), None))

    def _holders(self, wanted: str, name: str, shape: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the largest holders of each token of the markets asked for."""
        found = (self._world.exchange.markets.get(one) for one in wanted.split(","))
        tokens = [(market, token) for market in found if market for token in market.tokens]
        return [
            {name: token, "holders": [shape(who, market, token, held) for who, held in self._most(token)]}
            for market, token in tokens
        ]

    def _most(self, token: str) -> list[tuple[str, Position]]:
        accounts = self._world.exchange.ledger.accounts
        rows = [(who, one.positions[token]) for who, one in accounts.items() if one.shares(token)]
        return sorted(rows, key=lambda row: -row[1].shares)[:20]

    async def _resolutions(self, request: web.Request) -> web.Response:
        """How markets stand with their resolution, by condition."""
        wanted = request.query.get("condition_id", "").split(",")
        rows = [one for key in wanted if (one := self._world.exchange.markets.get(key)) is not None]
        return answer({"data": [data.resolution_v2(one) for one in rows]})

    # Leaderboards

    def _ranked(self) -> list[tuple[str, int, int]]:
        """Return (leader, profit, dollars traded), the best first."""
        rows = []
        for leader in self._world.leaders.all:
            held = list(self._held(leader.wallet))
            profit = sum(one[3].realized for one in held)
            rows.append((leader.wallet, profit, sum(one[3].bought for one in held)))
        return sorted(rows, key=lambda row: -row[1])

    async def _leaderboard_v1(self, _: web.Request) -> web.Response:
        return answer([data.rank_v1(wallet, profit) for wallet, profit, _ in self._ranked()])

    async def _leaderboard_v2(self, _: web.Request) -> web.Response:
        shapes = [data.rank_v2(place, *row) for place, row in enumerate(self._ranked(), 1)]
        return answer(envelope(shapes, None))


def envelope(rows: list[dict[str, Any]], following: int | None) -> dict[str, Any]:
    """Return rows as v2 wraps them."""
    after = cursor(following) if following is not None else None
    return {"data": rows, "pagination": {"next_cursor": after, "has_more": after is not None}}
