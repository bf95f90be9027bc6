"""The CLOB's open paths: books, prices, market parameters, time."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from localvenues.polymarket.doors.host import Host, answer, refuse
from localvenues.polymarket.exchange.model import Market
from localvenues.polymarket.exchange.money import text
from localvenues.polymarket.exchange.refusals import NoBook
from localvenues.polymarket.wire import clob
from localvenues.polymarket.wire.numbers import loose
from localvenues.polymarket.world.world import World

MAX_BOOKS = 500
NO_BOOK = str(NoBook())


class BookRequest(msgspec.Struct):
    """One entry of POST /books and /prices."""

    token_id: str
    side: str = ""


class PublicClob:
    """Serves what needs no key."""

    def __init__(self, world: World, host: Host) -> None:
        self._world, self._host = world, host
        paths = {
            "/": self._ok,
            "/ok": self._ok,
            "/time": self._time,
            "/version": self._version,
            "/book": self._book,
            "/price": self._price,
            "/midpoint": self._midpoint,
            "/spread": self._spread,
            "/tick-size": self._tick,
            "/neg-risk": self._neg_risk,
            "/fee-rate": self._fee_rate,
            "/last-trade-price": self._last_trade,
            "/prices-history": self._prices,
            "/markets": self._markets,
            "/markets/{condition}": self._market,
            "/clob-markets/{condition}": self._clob_market,
            "/markets-by-token/{token}": self._by_token,
        }
        for path, handler in paths.items():
            host.app.router.add_get(path, handler)
        host.app.router.add_post("/books", self._books)
        host.app.router.add_post("/prices", self._many_prices)
        host.app.router.add_post("/midpoints", self._many_midpoints)

    async def _ok(self, _: web.Request) -> web.Response:
        return answer("OK")

    async def _time(self, _: web.Request) -> web.Response:
        return answer(self._host.clock.now() // 1000)

    async def _version(self, _: web.Request) -> web.Response:
        return answer({"version": 2})

    def _open(self, token: str) -> Market:
        return self._world.exchange.market(token, self._host.clock.now())

    def _shape(self, token: str) -> dict[str, Any]:
        market = self._open(token)
        return clob.book(market, self._world.exchange.book(market), token, self._host.clock.now())

    def _best(self, token: str) -> tuple[int | None, int | None]:
        return self._world.exchange.book(self._open(token)).best(token)

    async def _book(self, request: web.Request) -> web.Response:
        try:
            return answer(self._shape(request.query.get("token_id", "")))
        except NoBook as error:
            return refuse(str(error), error.status)

    async def _asked(self, request: web.Request) -> list[BookRequest]:
        return msgspec.json.decode(await request.read(), type=list[BookRequest])[:MAX_BOOKS]

    async def _books(self, request: web.Request) -> web.Response:
        """Books of the tokens that have one; the others are left out."""
        try:
            asked = await self._asked(request)
        except msgspec.DecodeError:
            return refuse("Invalid payload", 400)
        return answer([self._shape(one.token_id) for one in asked if self._has_book(one.token_id)])

    def _has_book(self, token: str) -> bool:
        try:
            return bool(self._open(token))
        except NoBook:
            return False

    async def _price(self, request: web.Request) -> web.Response:
        side = request.query.get("side", "").upper()
        if side not in ("BUY", "SELL"):
            return refuse("Invalid side", 400)
        try:
            bid, ask = self._best(request.query.get("token_id", ""))
        except NoBook as error:
            return refuse(str(error), error.status)
        price = bid if side == "BUY" else ask
        return answer({"price": text(price or 0)})

    async def _many_prices(self, request: web.Request) -> web.Response:
        try:
            asked = await self._asked(request)
        except msgspec.DecodeError:
            return refuse("Invalid payload", 400)
        prices: dict[str, dict[str, str]] = {}
        for one in filter(lambda one: self._has_book(one.token_id), asked):
            bid, ask = self._best(one.token_id)
            price = bid if one.side.upper() == "BUY" else ask
            prices.setdefault(one.token_id, {})[one.side.upper()] = text(price or 0)
        return answer(prices)

    async def _many_midpoints(self, request: web.Request) -> web.Response:
        try:
            asked = await self._asked(request)
        except msgspec.DecodeError:
            return refuse("Invalid payload", 400)
        tokens = [one.token_id for one in asked if self._has_book(one.token_id)]
        found = {token: clob.midpoint(self._best(token)) for token in tokens}
        return answer({token: middle for token, middle in found.items() if middle is not None})

    async def _midpoint(self, request: web.Request) -> web.Response:
        return self._of_best(request, "mid", clob.midpoint)

    async def _spread(self, request: web.Request) -> web.Response:
        return self._of_best(request, "spread", clob.spread)

    def _of_best(self, request: web.Request, name: str, read: Any) -> web.Response:
        try:
            value = read(self._best(request.query.get("token_id", "")))
        except NoBook as error:
            return refuse(str(error), error.status)
        return answer({name: value}) if value is not None else refuse(NO_BOOK, 404)

    async def _tick(self, request: web.Request) -> web.Response:
        return self._of_market(request, lambda one: {"minimum_tick_size": loose(one.tick.size)})

    async def _neg_risk(self, request: web.Request) -> web.Response:
        return self._of_market(request, lambda one: {"neg_risk": one.neg_risk})

    async def _fee_rate(self, request: web.Request) -> web.Response:
        return self._of_market(request, lambda _: {"base_fee": 0})

    async def _last_trade(self, request: web.Request) -> web.Response:
        token = request.query.get("token_id", "")

        def shape(one: Market) -> dict[str, str]:
            last = clob.price_of(one, token)
            side = one.last_side.value if one.last_side else ""
            return {"price": "0.5" if last is None else text(last), "side": side}

        return self._of_market(request, shape)

    def _of_market(self, request: web.Request, read: Any) -> web.Response:
        try:
            return answer(read(self._open(request.query.get("token_id", ""))))
        except NoBook as error:
            return refuse(str(error), error.status)

    async def _prices(self, request: web.Request) -> web.Response:
        token = request.query.get("market", "")
        market = self._world.exchange.tokens.get(token)
        if market is None:
            return answer({"history": []})
        first = token == market.tokens[0]
        trail = self._world.trails.get(market.condition_id, ())
        return answer(
            {"history": [{"t": at // 1000, "p": (p if first else 1_000_000 - p) / 1e6} for at, p in trail]}
        )

    def _find(self, request: web.Request) -> Market | None:
        return self._world.exchange.markets.get(request.match_info["condition"])

    async def _market(self, request: web.Request) -> web.Response:
        market = self._find(request)
        return answer(clob.long_market(market)) if market else refuse("market not found", 404)

    async def _markets(self, request: web.Request) -> web.Response:
        rows = [clob.long_market(one) for one in self._world.exchange.markets.values()]
        return answer({"limit": 1000, "count": len(rows), "next_cursor": "LTE=", "data": rows})

    async def _clob_market(self, request: web.Request) -> web.Response:
        market = self._find(request)
        return answer(clob.clob_market(market)) if market else refuse("market not found", 404)

    async def _by_token(self, request: web.Request) -> web.Response:
        market = self._world.exchange.tokens.get(request.match_info["token"])
        if market is None:
            return refuse("market not found", 404)
        first, second = market.tokens
        return answer(
            {"condition_id": market.condition_id, "primary_token_id": first, "secondary_token_id": second}
        )
