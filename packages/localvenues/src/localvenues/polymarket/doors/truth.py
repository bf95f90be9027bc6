"""What the ledger knows of an address: the truth that a bot's words are measured by. Micro-units as text."""

from __future__ import annotations

from collections import Counter
from typing import Any

from localvenues.polymarket.exchange.model import Market, Order, TradeStatus
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.world.history import Row
from localvenues.polymarket.world.world import World


def standing(world: World, address: str) -> dict[str, Any]:
    """Return cash, positions and counts; unsettled trades are counted, not booked."""
    ledger, exchange = world.exchange.ledger, world.exchange
    account = ledger.accounts.get(address)
    if account is None:
        return {"address": address, "known": False}
    mine = [one for one in (*exchange.open.values(), *exchange.done.values()) if one.owner == address]
    trades = world.trades.get(address, ())
    return {
        "address": address,
        "known": True,
        "cash": str(account.cash),
        "held": str(account.held),
        "deposited": str(account.deposited),
        "fees": str(account.fees),
        "positions": [
            {
                "token_id": token,
                "condition_id": market.condition_id,
                "shares": str(one.shares),
                "cost": str(one.cost),
                "realized": str(one.realized),
                "fees": str(one.fees),
                "price": str(mark(market, token)),
                "winner": None if market.winner is None else market.winner == token,
            }
            for token, one in account.positions.items()
            if (market := exchange.tokens.get(token)) is not None
        ],
        "orders": dict(Counter(one.status.value for one in mine)),
        "trades": dict(Counter(one.status.value for one in trades)),
        "unsettled": sum(one.status in (TradeStatus.MATCHED, TradeStatus.RETRYING) for one in trades),
    }


def mark(market: Market, token: str) -> int:
    """Return what a token counts for: what it pays once resolved, before that the last trade's price."""
    if market.winner is not None:
        return ONE if market.winner == token else 0
    last = ONE // 2 if market.last_price is None else market.last_price
    return last if token == market.tokens[0] else ONE - last


def _fill(row: Row) -> dict[str, Any]:
    return {
        "number": row.number,
        "kind": row.kind,
        "role": row.role,
        "transaction_hash": row.transaction,
        "condition_id": row.market.condition_id,
        "token_id": row.token,
        "side": row.side.value if row.side else "",
        "shares": str(row.shares),
        "cash": str(row.cash),
        "fee": str(row.fee),
        "order_id": row.order_id,
        "matched_ms": row.matched,
        "block_ms": row.at,
        "visible_ms": row.visible,
    }


def fills(world: World, address: str, after: int) -> list[dict[str, Any]]:
    """Return an address's settled fills and conversions, oldest first."""
    return [_fill(row) for row in world.history.truth(address, after)]


def _order(one: Order) -> dict[str, Any]:
    return {
        "id": one.id,
        "token_id": one.token,
        "side": one.side.value,
        "kind": one.kind.value,
        "price": str(one.price),
        "shares": str(one.shares),
        "budget": None if one.budget is None else str(one.budget),
        "status": one.status.value,
        "matched": str(one.matched),
        "cash": str(one.cash),
        "created_ms": one.created,
        "trades": list(one.trades),
    }


def orders(world: World, address: str) -> list[dict[str, Any]]:
    """Return all orders of a guest that the engine took, open ones last."""
    exchange = world.exchange
    rows = (*exchange.done.values(), *exchange.open.values())
    return [_order(one) for one in rows if one.owner == address]
