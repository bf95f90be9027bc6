"""The venue's own door for those who run it: state, faults, the ledger's truth. Bots do not use it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from localvenues.faults import SECONDS, Fault, FaultError, known
from localvenues.listener import Listener
from localvenues.polymarket.doors.host import Record, answer, refuse
from localvenues.polymarket.doors.outages import FAULTS, Outages
from localvenues.polymarket.doors.truth import fills, orders, standing
from localvenues.polymarket.exchange.money import micro
from localvenues.polymarket.wire.numbers import whole
from localvenues.polymarket.world.world import World

MAX_SECONDS = 86_400.0
Advance = Callable[[float], Awaitable[None]]


class FaultRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /fault."""

    name: str
    seconds: float = SECONDS
    start: float = 0.0
    seed: int = 0


class FundRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /fund; amount in dollars, as text."""

    address: str
    amount: str


class ResolveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /resolve; winner is a token id."""

    condition_id: str
    winner: str


class LeadersRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /leaders."""

    trading: bool


class AdvanceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /advance."""

    seconds: float


class ControlDoor:
    """Serves state and orders of those who run the venue."""

    def __init__(
        self,
        world: World,
        outages: Outages,
        record: Record,
        tick: Callable[[], int],
        status: Callable[[], dict[str, Any]],
        advance: Advance | None,
    ) -> None:
        self._world, self._outages, self._record = world, outages, record
        self._tick, self._status, self._advance = tick, status, advance
        app = web.Application()
        app.router.add_get("/status", self._get_status)
        app.router.add_get("/truth", self._get_truth)
        app.router.add_get("/truth/fills", self._get_fills)
        app.router.add_get("/truth/orders", self._get_orders)
        app.router.add_get("/requests", self._get_requests)
        app.router.add_post("/fault", self._post_fault)
        app.router.add_post("/fund", self._post_fund)
        app.router.add_post("/resolve", self._post_resolve)
        app.router.add_post("/leaders", self._post_leaders)
        app.router.add_post("/advance", self._post_advance)
        self.listener = Listener(app)

    async def _get_status(self, _: web.Request) -> web.Response:
        self._tick()
        faults = {
            "known": self._outages.names,
            "active": [one.name for one in self._outages.active],
            "done": [one.name for one in self._outages.done],
        }
        return answer({**self._status(), "faults": faults})

    def _address(self, request: web.Request) -> str | None:
        self._tick()
        text = request.query.get("address", "")
        return text.lower() if re.fullmatch(r"0x[0-9a-fA-F]{40}", text) else None

    async def _get_truth(self, request: web.Request) -> web.Response:
        address = self._address(request)
        return answer(standing(self._world, address)) if address else _no_address()

    async def _get_fills(self, request: web.Request) -> web.Response:
        address, after = self._address(request), whole(request.query.get("after", "0"))
        if address is None or after is None:
            return _no_address()
        return answer(fills(self._world, address, after))

    async def _get_orders(self, request: web.Request) -> web.Response:
        address = self._address(request)
        return answer(orders(self._world, address)) if address else _no_address()

    async def _get_requests(self, request: web.Request) -> web.Response:
        after = whole(request.query.get("after", "0"))
        return refuse("after is a number", 400) if after is None else answer(self._record.since(after))

    async def _post_fault(self, request: web.Request) -> web.Response:
        try:
            asked = msgspec.json.decode(await request.read(), type=FaultRequest)
            if not (0 <= asked.seconds <= MAX_SECONDS and 0 <= asked.start <= MAX_SECONDS):
                return refuse(f"start and seconds must be between 0 and {MAX_SECONDS:g}", 400)
            fault = Fault(known(asked.name, FAULTS), asked.start, asked.seconds, asked.seed)
        except (msgspec.DecodeError, FaultError) as error:
            return refuse(str(error), 400)
        self._outages.schedule(self._tick(), fault)
        self._tick()
        return answer(fault, 202)

    async def _post_fund(self, request: web.Request) -> web.Response:
        try:
            asked = msgspec.json.decode(await request.read(), type=FundRequest)
            amount = micro(asked.amount)
        except ValueError as error:
            return refuse(str(error), 400)
        if not re.fullmatch(r"0x[0-9a-fA-F]{40}", asked.address):
            return _no_address()
        self._world.fund(asked.address.lower(), amount)
        return answer({"address": asked.address.lower(), "amount": str(amount)}, 202)

    async def _post_resolve(self, request: web.Request) -> web.Response:
        try:
            asked = msgspec.json.decode(await request.read(), type=ResolveRequest)
        except msgspec.DecodeError as error:
            return refuse(str(error), 400)
        market = self._world.exchange.markets.get(asked.condition_id)
        if market is None or asked.winner not in market.tokens:
            return refuse("no such market or token", 404)
        self._world.resolve(self._tick(), market, asked.winner)
        self._tick()
        return answer({"condition_id": asked.condition_id, "winner": asked.winner}, 202)

    async def _post_leaders(self, request: web.Request) -> web.Response:
        """Let the leaders rest or trade again; the rest of the world goes on."""
        try:
            asked = msgspec.json.decode(await request.read(), type=LeadersRequest)
        except msgspec.DecodeError as error:
            return refuse(str(error), 400)
        self._tick()
        self._world.leaders.trading = asked.trading
        return answer(asked, 202)

    async def _post_advance(self, request: web.Request) -> web.Response:
        if self._advance is None:
            return refuse("the clock runs by itself (start with --speed 0)", 409)
        try:
            asked = msgspec.json.decode(await request.read(), type=AdvanceRequest)
        except msgspec.DecodeError as error:
            return refuse(str(error), 400)
        if not 0 <= asked.seconds <= MAX_SECONDS:
            return refuse(f"seconds must be between 0 and {MAX_SECONDS:g}", 400)
        await self._advance(asked.seconds)
        return answer({"now": self._tick() / 1000})


def _no_address() -> web.Response:
    return refuse("address must be 0x and 40 hexadecimal digits; after a number", 400)
