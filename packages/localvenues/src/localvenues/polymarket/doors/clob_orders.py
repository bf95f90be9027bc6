"""The CLOB's orders, cancels and heartbeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from localvenues.polymarket.doors.heartbeats import HeartbeatMismatch, Heartbeats
from localvenues.polymarket.doors.host import Host, answer, refuse
from localvenues.polymarket.doors.keyed import KeyDoor
from localvenues.polymarket.doors.limits import SignerBucket
from localvenues.polymarket.exchange.model import Order
from localvenues.polymarket.exchange.refusals import InvalidOrder, NoBook, Refusal
from localvenues.polymarket.wire import clob
from localvenues.polymarket.wire.intake import MAX_BATCH, Intake, Posted
from localvenues.polymarket.wire.keys import ApiKey
from localvenues.polymarket.world.world import World

MAX_CANCEL = 1000
SLOW_SECONDS = 15.0


class PostOnlyMode(Refusal):
    """The engine came back from a restart and takes post-only orders alone."""

    status = 503


class OrderDoor:
    """Takes orders. An order is judged, matched and booked before it is answered."""

    def __init__(self, world: World, host: Host, keys: KeyDoor, intake: Intake) -> None:
        self._world, self._host, self._intake = world, host, intake
        self._buckets: dict[str, SignerBucket] = {}
        self.heartbeats = Heartbeats()
        keys.guard(host, "POST", "/order", self._post_order)
        keys.guard(host, "POST", "/orders", self._post_orders)
        keys.guard(host, "DELETE", "/order", self._cancel_one)
        keys.guard(host, "DELETE", "/orders", self._cancel_many)
        keys.guard(host, "DELETE", "/cancel-all", self._cancel_all)
        keys.guard(host, "DELETE", "/cancel-market-orders", self._cancel_market)
        keys.guard(host, "POST", "/v1/heartbeats", self._beat)

    def _now(self) -> int:
        return self._host.clock.now()

    def _shut(self, placing: bool) -> web.Response | None:
        """Return what a restarting or restricted engine answers."""
        outages = self._host.outages
        if outages.on("clob_restart"):
            return refuse("the matching engine is restarting", 425)
        if outages.on("clob_disabled"):
            return refuse("Trading is currently disabled. Check polymarket.com for updates", 503)
        if outages.on("clob_cancel_only") and placing:
            return refuse("Trading is currently cancel-only. New orders are not accepted, cancels are.", 503)
        return None

    def _spend(self, key: ApiKey, count: int) -> dict[str, str]:
        bucket = self._buckets.setdefault(key.owner, SignerBucket(self._now()))
        return bucket.take(self._now(), count)

    def _place(self, posted: Posted, key: ApiKey) -> dict[str, Any]:
        exchange, now = self._world.exchange, self._now()
        if posted.owner != key.key:
            raise InvalidOrder("the owner has to be the owner of the API KEY")
        if self._host.outages.post_only(now) and not posted.post_only:
            raise PostOnlyMode("post-only mode: only post-only orders and cancels are allowed")
        market = exchange.tokens.get(posted.order.token_id)
        if market is None or market.closed is not None:
            raise NoBook
        return clob.accepted(exchange.place(now, self._intake.read(now, posted, market, key.owner)))

    async def _post_order(self, request: web.Request, key: ApiKey, body: bytes) -> web.Response:
        shut = self._shut(placing=True)
        if shut is not None:
            return shut
        headers = self._spend(key, 1)
        try:
            shape = self._place(msgspec.json.decode(body, type=Posted), key)
        except msgspec.DecodeError:
            return refuse("Invalid order payload", 400)
        except PostOnlyMode as error:
            return refuse(str(error), 503, code="post_only_mode")
        except Refusal as error:
            return refuse(str(error), error.status)
        return await self._deliver(request, answer(shape, headers=headers))

    async def _post_orders(self, request: web.Request, key: ApiKey, body: bytes) -> web.Response:
        shut = self._shut(placing=True)
        if shut is not None:
            return shut
        try:
            asked = msgspec.json.decode(body, type=list[Posted])
        except msgspec.DecodeError:
            return refuse("Invalid order payload", 400)
        if not 0 < len(asked) <= MAX_BATCH:
            return refuse(f"Too many orders in payload: {len(asked)}, max allowed: {MAX_BATCH}", 400)
        headers = self._spend(key, len(asked))
        return await self._deliver(
            request, answer([self._place_or_say(one, key) for one in asked], headers=headers)
        )

    def _place_or_say(self, posted: Posted, key: ApiKey) -> dict[str, Any]:
        try:
            return self._place(posted, key)
        except Refusal as error:
            return clob.rejected(str(error))

    async def _deliver(self, request: web.Request, response: web.Response) -> web.Response:
        """Give an answer to an order that was taken, unless a fault loses or delays it."""
        self._host.tick()
        if self._host.outages.on("order_lost") and request.transport is not None:
            request.transport.abort()
        if self._host.outages.on("order_slow"):
            await self._host.clock.sleep(SLOW_SECONDS)
        return response

    def _cancel(self, key: ApiKey, ids: Sequence[str]) -> web.Response:
        shut = self._shut(placing=False)
        if shut is not None:
            return shut
        canceled, kept = self._world.exchange.cancel(self._now(), key.owner, ids)
        self._host.tick()
        headers = self._spend(key, len(ids))
        return answer({"canceled": canceled, "not_canceled": kept}, headers=headers)

    async def _cancel_one(self, _: web.Request, key: ApiKey, body: bytes) -> web.Response:
        try:
            asked = msgspec.json.decode(body, type=dict[str, str])
            return self._cancel(key, [asked["orderID"]])
        except (msgspec.DecodeError, KeyError):
            return refuse("Invalid order payload", 400)

    async def _cancel_many(self, _: web.Request, key: ApiKey, body: bytes) -> web.Response:
        try:
            asked = msgspec.json.decode(body, type=list[str])
        except msgspec.DecodeError:
            return refuse("Invalid order payload", 400)
        if len(asked) > MAX_CANCEL:
            return refuse(f"Too many orders in payload, max allowed: {MAX_CANCEL}", 400)
        return self._cancel(key, asked)

    async def _cancel_all(self, _: web.Request, key: ApiKey, __: bytes) -> web.Response:
        return self._cancel(key, [one.id for one in self._world.exchange.orders(key.owner)])

    async def _cancel_market(self, _: web.Request, key: ApiKey, body: bytes) -> web.Response:
        try:
            asked = msgspec.json.decode(body or b"{}", type=dict[str, str])
        except msgspec.DecodeError:
            return refuse("Invalid order payload", 400)
        token, condition = asked.get("asset_id", ""), asked.get("market", "")
        rows = self._world.exchange.orders(key.owner)
        return self._cancel(key, [one.id for one in rows if is_of(self._world, one, condition, token)])

    async def _beat(self, _: web.Request, key: ApiKey, body: bytes) -> web.Response:
        try:
            given = msgspec.json.decode(body or b"{}", type=dict[str, str | None]).get("heartbeat_id") or ""
            return answer({"heartbeat_id": self.heartbeats.beat(self._now(), key.owner, given)})
        except msgspec.DecodeError:
            return refuse("Invalid payload", 400)
        except HeartbeatMismatch as error:
            return answer({"error_msg": "Invalid Heartbeat ID", "heartbeat_id": str(error)}, 400)

    def step(self, now: int) -> None:
        """Cancel the orders of those whose heartbeat is overdue."""
        for owner in self.heartbeats.missed(now):
            self._world.exchange.cancel(now, owner, [one.id for one in self._world.exchange.orders(owner)])


def is_of(world: World, order: Order, condition: str, token: str) -> bool:
    """Say whether an order is of a market and a token; empty ones do not matter."""
    market = world.exchange.tokens[order.token]
    return (not token or order.token == token) and (not condition or market.condition_id == condition)
