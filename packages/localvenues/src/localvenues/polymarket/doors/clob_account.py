"""What the CLOB tells an account: its orders, trades and balances."""

from __future__ import annotations

import base64
from typing import Any

from aiohttp import web

from localvenues.polymarket.contracts import CONTRACTS
from localvenues.polymarket.doors.clob_orders import is_of
from localvenues.polymarket.doors.host import Host, answer, refuse
from localvenues.polymarket.doors.keyed import KeyDoor
from localvenues.polymarket.wire import clob
from localvenues.polymarket.wire.keys import ApiKey
from localvenues.polymarket.wire.numbers import whole
from localvenues.polymarket.world.world import World

PAGE = 500
END = "LTE="
UNLIMITED = str(2**256 - 1)


class AccountDoor:
    """Serves an account's reads."""

    def __init__(self, world: World, host: Host, keys: KeyDoor) -> None:
        self._world, self._host = world, host
        for path in ("/data/order/{id}", "/order/{id}"):
            keys.guard(host, "GET", path, self._get_order)
        for path in ("/data/orders", "/orders"):
            keys.guard(host, "GET", path, self._get_orders)
        for path in ("/data/trades", "/trades"):
            keys.guard(host, "GET", path, self._get_trades)
        keys.guard(host, "GET", "/balance-allowance", self._balance)
        keys.guard(host, "GET", "/balance-allowance/update", self._refresh)

    async def _get_order(self, request: web.Request, key: ApiKey, _: bytes) -> web.Response:
        exchange, name = self._world.exchange, request.match_info["id"]
        order = exchange.open.get(name) or exchange.done.get(name)
        if order is None or order.owner != key.owner:
            return refuse("order not found", 404)
        if name not in exchange.open and self._host.outages.on("order_forgotten"):
            return answer(None)
        market = exchange.tokens.get(order.token)
        return answer(clob.order(order, market)) if market else refuse("order not found", 404)

    async def _get_orders(self, request: web.Request, key: ApiKey, _: bytes) -> web.Response:
        query, exchange = request.query, self._world.exchange
        rows = [
            clob.order(one, exchange.tokens[one.token])
            for one in exchange.orders(key.owner)
            if is_of(self._world, one, query.get("market", ""), query.get("asset_id", ""))
            and query.get("id", one.id) == one.id
        ]
        return _page(request, rows)

    async def _get_trades(self, request: web.Request, key: ApiKey, _: bytes) -> web.Response:
        """An owner's trades, newest first."""
        query, exchange = request.query, self._world.exchange
        after, before = whole(query.get("after", "0")), whole(query.get("before", "99999999999"))
        if after is None or before is None:
            return refuse("Invalid time", 400)
        kept = self._world.trades.get(key.owner, ())
        rows = [
            clob.trade(one, exchange.markets[one.condition_id], key.owner)
            for one in reversed(kept)
            if one.condition_id in exchange.markets
            and query.get("id", one.id) == one.id
            and query.get("market", one.condition_id) == one.condition_id
            and query.get("asset_id", one.token) in (one.token, *(part.token for part in one.makers))
            and after <= one.matched // 1000 <= before
        ]
        return _page(request, rows)

    async def _balance(self, request: web.Request, key: ApiKey, _: bytes) -> web.Response:
        """Settled cash or shares in 6-decimal units; open orders do not lessen it."""
        account = self._world.exchange.ledger.account(key.owner)
        kind = request.query.get("asset_type", "COLLATERAL")
        token = request.query.get("token_id", "") or request.query.get("asset_id", "")
        if kind not in ("COLLATERAL", "CONDITIONAL"):
            return refuse("Invalid asset type", 400)
        amount = account.cash if kind == "COLLATERAL" else account.shares(token)
        spenders = (CONTRACTS.exchange, CONTRACTS.neg_risk_exchange, CONTRACTS.neg_risk_adapter)
        return answer({"balance": str(amount), "allowances": dict.fromkeys(spenders, UNLIMITED)})

    async def _refresh(self, _: web.Request, __: ApiKey, ___: bytes) -> web.Response:
        return answer("")


def _page(request: web.Request, rows: list[dict[str, Any]]) -> web.Response:
    """Return a page; the cursor is a number in base64, LTE= at the end."""
    try:
        start = int(base64.b64decode(request.query.get("next_cursor", "MA==")))
    except ValueError:
        return refuse("Invalid cursor", 400)
    page = rows[max(0, start) : max(0, start) + PAGE]
    more = start + PAGE < len(rows)
    cursor = base64.b64encode(str(start + PAGE).encode()).decode() if more else END
    return answer({"limit": PAGE, "count": len(page), "next_cursor": cursor, "data": page})
