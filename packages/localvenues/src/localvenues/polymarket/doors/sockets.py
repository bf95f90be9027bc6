"""The three sockets: market data by token, an account's orders and trades, and everybody's activity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from localvenues.polymarket.doors.host import Host
from localvenues.polymarket.doors.lines import Line, Switchboard
from localvenues.polymarket.exchange.refusals import NoBook
from localvenues.polymarket.wire import streams
from localvenues.polymarket.wire.keys import Keys, Unauthorized
from localvenues.polymarket.world.world import World

MOST_TOKENS = 500
RTDS_PATIENCE = 360_000
RTDS_KINDS = ("trades", "orders_matched")


class Credentials(msgspec.Struct, rename="camel"):
    """What a user socket authenticates with."""

    api_key: str = ""
    secret: str = ""
    passphrase: str = ""


class MarketRequest(msgspec.Struct):
    """What a market or user socket is asked for."""

    type: str = ""
    operation: str = ""
    assets_ids: list[str] = []
    markets: list[str] = []
    custom_feature_enabled: bool = False
    auth: Credentials | None = None


class Subscription(msgspec.Struct):
    """One topic of RTDS; filters are ignored."""

    topic: str
    type: str = "*"


class RtdsRequest(msgspec.Struct):
    """What RTDS is asked for."""

    action: str
    subscriptions: list[Subscription] = []


def _read(text: str, form: type[Any]) -> Any:
    try:
        return msgspec.json.decode(text, type=form)
    except msgspec.DecodeError:
        return None


class MarketSocket:
    """Books, changes and last trades of the tokens asked for."""

    def __init__(self, world: World, host: Host) -> None:
        self._world, self._host = world, host
        self.board = Switchboard(host.outages, host.clock)
        host.app.router.add_get("/ws/market", self._serve)
        host.outages.on_begin("market_silent", lambda *_: self.board.mute())

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        return await self.board.serve(request, lambda _: None, self._take)

    def _take(self, line: Line, text: str) -> bool:
        asked = _read(text, MarketRequest)
        if asked is None:
            return False
        line.custom = line.custom or asked.custom_feature_enabled
        if asked.operation == "unsubscribe":
            line.topics -= set(asked.assets_ids)
            return True
        fresh = [token for token in dict.fromkeys(asked.assets_ids) if token not in line.topics]
        line.topics |= set(fresh)
        if len(line.topics) <= MOST_TOKENS:
            self._show(line, fresh)
        return True

    def _show(self, line: Line, tokens: list[str]) -> None:
        """Send the books as one array, which is how the real socket begins."""
        books = list(self._books(tokens))
        if books:
            line.tell(books)

    def _books(self, tokens: Iterable[str]) -> Iterable[dict[str, Any]]:
        exchange, now = self._world.exchange, self._host.clock.now()
        for token in tokens:
            try:
                market = exchange.market(token, now)
            except NoBook:
                continue
            yield streams.book(market, exchange.book(market), token, now)

    def wanted(self, tokens: Iterable[str]) -> list[Line]:
        """Return the lines that want any of the tokens."""
        names = set(tokens)
        return [line for line in self.board.lines if line.topics & names]

    def reset(self, tokens: tuple[str, str]) -> None:
        """Send the books of a market anew."""
        for line in self.wanted(tokens):
            for shape in self._books([token for token in tokens if token in line.topics]):
                line.tell(shape)


class UserSocket:
    """An account's own orders and trades."""

    def __init__(self, host: Host, keys: Keys) -> None:
        self._keys = keys
        self.board = Switchboard(host.outages, host.clock)
        host.app.router.add_get("/ws/user", self._serve)
        host.outages.on_begin("user_silent", lambda *_: self.board.mute())

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        return await self.board.serve(request, lambda _: None, self._take)

    def _take(self, line: Line, text: str) -> bool:
        asked = _read(text, MarketRequest)
        if asked is None:
            return False
        if asked.auth is not None:
            try:
                auth = asked.auth
                line.owner = self._keys.match(auth.api_key, auth.secret, auth.passphrase).owner
            except Unauthorized:
                return False
        if not line.owner:
            return False
        if asked.operation == "unsubscribe":
            line.topics -= set(asked.markets)
        else:
            line.topics |= set(asked.markets)
        return True

    def tell(self, owner: str, condition: str, shape: Any) -> None:
        """Tell an owner's lines; a line without markets wants all."""
        for line in self.board.lines:
            if line.owner == owner and (not line.topics or condition in line.topics):
                line.tell(shape)

    def owners(self) -> set[str]:
        """Return the owners that listen."""
        return {line.owner for line in self.board.lines}


class RtdsSocket:
    """Everybody's trades. A client that sends no PING for six minutes hears nothing any more."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.board = Switchboard(host.outages, host.clock)
        host.app.router.add_get("/", self._serve)
        host.outages.on_begin("rtds_freeze", lambda *_: self.board.mute(deaf=True))

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        return await self.board.serve(request, lambda line: line.put(""), self._take)

    def _take(self, line: Line, text: str) -> bool:
        asked = _read(text, RtdsRequest)
        if asked is None:
            return True
        kinds = {
            kind
            for one in asked.subscriptions
            if one.topic == "activity"
            for kind in (RTDS_KINDS if one.type == "*" else (one.type,))
        }
        line.topics = line.topics | kinds if asked.action == "subscribe" else line.topics - kinds
        return True

    def tell(self, kind: str, shape: Any) -> None:
        """Tell all that subscribed to a type."""
        if kind == "trades" and self._host.outages.on("rtds_trades_off"):
            return
        now = self._host.clock.now()
        for line in self.board.lines:
            if kind in line.topics and now - line.heard < RTDS_PATIENCE:
                line.tell(shape)
