"""Answers of the CLOB: books, prices, markets, orders, trades. Numbers are texts, but for a few."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from localvenues.polymarket.exchange.book import Book
from localvenues.polymarket.exchange.model import MakerFill, Market, Order, Side, Trade
from localvenues.polymarket.exchange.money import ONE, text
from localvenues.polymarket.wire.numbers import instant, loose
from localvenues.polymarket.world.identity import digest


def price_of(market: Market, token: str) -> int | None:
    """Return a token's last traded price."""
    if market.last_price is None:
        return None
    return market.last_price if token == market.tokens[0] else ONE - market.last_price


def _levels(levels: Sequence[tuple[int, int]]) -> list[dict[str, str]]:
    return [{"price": text(price), "size": text(shares)} for price, shares in reversed(levels)]


def book(market: Market, levels: Book, token: str, now: int) -> dict[str, Any]:
    """Return a book: both sides worst first, so that the best are the last."""
    bids, asks = levels.sides(token)
    last = price_of(market, token)
    shape: dict[str, Any] = {
        "market": market.condition_id,
        "asset_id": token,
        "timestamp": str(now),
        "hash": "",
        "bids": _levels(bids),
        "asks": _levels(asks),
        "min_order_size": text(market.min_size),
        "tick_size": str(market.tick),
        "neg_risk": market.neg_risk,
        "last_trade_price": "" if last is None else text(last),
    }
    shape["hash"] = hashlib.sha1(msgspec.json.encode(shape), usedforsecurity=False).hexdigest()
    return shape


def midpoint(best: tuple[int | None, int | None]) -> str | None:
    """Return the middle of bid and ask; where one is missing it counts as 0 or 1; None for an empty book."""
    bid, ask = best
    if bid is None and ask is None:
        return None
    twice = (bid or 0) + (ONE if ask is None else ask)
    return text(twice // 2)


def spread(best: tuple[int | None, int | None]) -> str | None:
    """Return ask less bid; a missing one counts as 1 or 0; None for an empty book."""
    bid, ask = best
    if bid is None and ask is None:
        return None
    return text((ONE if ask is None else ask) - (bid or 0))


def clob_market(market: Market) -> dict[str, Any]:
    """Return GET /clob-markets/{condition}: the short form that clients size orders by."""
    fees = market.fees
    shape: dict[str, Any] = {
        "c": market.condition_id,
        "t": [{"t": token, "o": market.outcome(token)} for token in market.tokens],
        "mts": loose(market.tick.size),
        "mos": loose(market.min_size),
        "nr": market.neg_risk,
    }
    if fees.rate:
        shape["fd"] = {"r": float(fees.rate), "e": fees.exponent, "to": fees.taker_only}
    return shape


def long_market(market: Market) -> dict[str, Any]:
    """Return GET /markets/{condition}: the long form."""
    is_open = market.closed is None
    return {
        "condition_id": market.condition_id,
        "question_id": "0x" + digest("question", market.condition_id),
        "question": market.question,
        "market_slug": market.slug,
        "description": market.question,
        "icon": market.event.icon,
        "image": market.event.icon,
        "active": True,
        "closed": not is_open,
        "archived": False,
        "accepting_orders": is_open,
        "enable_order_book": True,
        "end_date_iso": instant(market.end),
        "game_start_time": None,
        "seconds_delay": market.delay // 1000,
        "minimum_order_size": loose(market.min_size),
        "minimum_tick_size": loose(market.tick.size),
        "maker_base_fee": 0,
        "taker_base_fee": 0,
        "neg_risk": market.neg_risk,
        "neg_risk_market_id": "0x" + digest("event", market.event.id) if market.neg_risk else "",
        "is_50_50_outcome": False,
        "tokens": [
            {
                "token_id": token,
                "outcome": market.outcome(token),
                "price": loose(settled_price(market, token)),
                "winner": market.winner == token,
            }
            for token in market.tokens
        ],
        "tags": [market.event.tag],
    }


def settled_price(market: Market, token: str) -> int:
    """Return 1 or 0 for a resolved market, else the last price, else one half."""
    if market.winner is not None:
        return ONE if token == market.winner else 0
    last = price_of(market, token)
    return ONE // 2 if last is None else last


def order(one: Order, market: Market) -> dict[str, Any]:
    """Return an order as GET /data/order/{id} and /data/orders tell it."""
    return {
        "id": one.id,
        "status": one.status.value,
        "owner": one.key,
        "maker_address": one.owner,
        "market": market.condition_id,
        "asset_id": one.token,
        "side": one.side.value,
        "original_size": text(max(one.shares, one.matched)),
        "size_matched": text(one.matched),
        "price": text(one.price),
        "outcome": market.outcome(one.token),
        "expiration": str(one.expiration),
        "order_type": one.kind.value,
        "associate_trades": list(one.trades),
        "created_at": one.created // 1000,
    }


def maker_order(part: MakerFill, market: Market) -> dict[str, Any]:
    """Return a resting order's part in a trade."""
    return {
        "order_id": part.order_id,
        "owner": part.key,
        "maker_address": part.owner,
        "matched_amount": text(part.shares),
        "price": text(part.price),
        "fee_rate_bps": "0",
        "asset_id": part.token,
        "outcome": market.outcome(part.token),
        "side": part.side.value,
    }


def trade(one: Trade, market: Market, viewer: str) -> dict[str, Any]:
    """Return a trade as GET /data/trades tells it: token, side, size and price are the taker's."""
    taker = one.owner == viewer
    own = next((part.key for part in one.makers if part.owner == viewer), "")
    return {
        "id": one.id,
        "taker_order_id": one.order_id,
        "market": one.condition_id,
        "asset_id": one.token,
        "side": one.side.value,
        "size": text(one.shares),
        "fee_rate_bps": "0",
        "price": text(one.cash * ONE // one.shares),
        "status": f"TRADE_STATUS_{one.status.value}",
        "match_time": str(one.matched // 1000),
        "last_update": str(one.updated // 1000),
        "outcome": market.outcome(one.token),
        "bucket_index": 0,
        "owner": one.key if taker else own,
        "maker_address": one.owner,
        "transaction_hash": one.transaction,
        "trader_side": "TAKER" if taker else "MAKER",
        "maker_orders": [maker_order(part, market) for part in one.makers],
    }


def accepted(one: Order) -> dict[str, Any]:
    """Return the answer to an order that was taken: amounts are what was matched at once."""
    making, taking = (one.cash, one.matched) if one.side is Side.BUY else (one.matched, one.cash)
    status = {"DELAYED": "delayed", "LIVE": "live"}.get(one.status.value, "matched")
    return {
        "errorMsg": "",
        "orderID": one.id,
        "takingAmount": text(taking) if taking else "",
        "makingAmount": text(making) if making else "",
        "status": "matched" if one.matched else status,
        "transactionsHashes": list(one.transactions),
        "tradeIDs": list(one.trades),
        "success": True,
    }


def rejected(reason: str, order_id: str = "") -> dict[str, Any]:
    """Return one answer of a batch to an order that was refused."""
    return {
        "errorMsg": reason,
        "orderID": order_id,
        "takingAmount": "",
        "makingAmount": "",
        "status": "",
        "transactionsHashes": [],
        "tradeIDs": [],
        "success": False,
    }
