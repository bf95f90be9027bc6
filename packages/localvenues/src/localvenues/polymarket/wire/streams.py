"""Frames of the market, user and RTDS sockets."""

from __future__ import annotations

import hashlib
from typing import Any

from localvenues.polymarket.exchange.book import Book
from localvenues.polymarket.exchange.model import Market, Side, Trade, TradeStatus
from localvenues.polymarket.exchange.money import ONE, text
from localvenues.polymarket.exchange.news import LevelChanged, OrderChanged
from localvenues.polymarket.exchange.ticks import Tick
from localvenues.polymarket.wire import clob, data
from localvenues.polymarket.world.history import Row


def _mark(*words: object) -> str:
    joined = " ".join(map(str, words)).encode()
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def book(market: Market, levels: Book, token: str, now: int) -> dict[str, Any]:
    """Return a book snapshot of the market socket."""
    return {"event_type": "book", **clob.book(market, levels, token, now)}


def price_change(news: LevelChanged, levels: Book) -> dict[str, Any]:
    """Return the change of one level, told for both tokens: size is the level's new total, 0 removes it."""
    return {
        "event_type": "price_change",
        "market": news.market.condition_id,
        "price_changes": [_change(news, levels, token) for token in news.market.tokens],
        "timestamp": str(news.at),
    }


def _change(news: LevelChanged, levels: Book, token: str) -> dict[str, Any]:
    first = token == news.market.tokens[0]
    price = news.price if first else ONE - news.price
    side = Side.BUY if news.bid is first else Side.SELL
    bid, ask = levels.best(token)
    return {
        "asset_id": token,
        "price": text(price),
        "size": text(news.shares),
        "side": side.value,
        "hash": _mark(token, price, news.shares, news.at),
        "best_bid": text(bid or 0),
        "best_ask": text(ONE if ask is None else ask),
    }


def last_trade(trade: Trade) -> dict[str, Any]:
    """Return a trade as the market socket tells it; no wallet is in it."""
    return {
        "event_type": "last_trade_price",
        "asset_id": trade.token,
        "market": trade.condition_id,
        "price": text(trade.price),
        "size": text(trade.shares),
        "side": trade.side.value,
        "fee_rate_bps": "0",
        "timestamp": str(trade.matched),
        "transaction_hash": trade.transaction,
    }


def tick_change(market: Market, token: str, old: Tick, at: int) -> dict[str, Any]:
    """Return a change of tick size."""
    return {
        "event_type": "tick_size_change",
        "asset_id": token,
        "market": market.condition_id,
        "old_tick_size": str(old),
        "new_tick_size": str(market.tick),
        "timestamp": str(at),
    }


def best_bid_ask(market: Market, levels: Book, token: str, at: int) -> dict[str, Any]:
    """Return the best prices; for subscribers of the custom features."""
    bid, ask = levels.best(token)
    return {
        "event_type": "best_bid_ask",
        "market": market.condition_id,
        "asset_id": token,
        "best_bid": text(bid or 0),
        "best_ask": text(ONE if ask is None else ask),
        "spread": text((ONE if ask is None else ask) - (bid or 0)),
        "timestamp": str(at),
    }


def _event(market: Market) -> dict[str, Any]:
    event = market.event
    return {
        "id": str(event.id),
        "ticker": event.slug,
        "slug": event.slug,
        "title": event.title,
        "description": "",
    }


def new_market(market: Market, at: int) -> dict[str, Any]:
    """Return the listing of a market; all subscribers of the custom features get it."""
    return {
        "event_type": "new_market",
        "id": str(market.id),
        "question": market.question,
        "market": market.condition_id,
        "slug": market.slug,
        "description": market.question,
        "assets_ids": list(market.tokens),
        "outcomes": list(market.outcomes),
        "event_message": _event(market),
        "timestamp": str(at),
    }


def market_resolved(market: Market, at: int) -> dict[str, Any]:
    """Return a resolution."""
    return {
        "event_type": "market_resolved",
        "id": str(market.id),
        "market": market.condition_id,
        "assets_ids": list(market.tokens),
        "winning_asset_id": market.winner,
        "winning_outcome": market.outcome(market.winner) if market.winner else "",
        "event_message": _event(market),
        "timestamp": str(at),
    }


def user_order(news: OrderChanged, market: Market) -> dict[str, Any]:
    """Return a change of an order for its owner."""
    order = news.order
    return {
        "event_type": "order",
        "type": news.change,
        "id": order.id,
        "owner": order.key,
        "order_owner": order.key,
        "maker_address": order.owner,
        "market": market.condition_id,
        "asset_id": order.token,
        "side": order.side.value,
        "original_size": text(max(order.shares, order.matched)),
        "size_matched": text(news.matched),
        "price": text(order.price),
        "outcome": market.outcome(order.token),
        "associate_trades": list(order.trades) or None,
        "order_type": order.kind.value,
        "status": news.status.value,
        "created_at": str(order.created // 1000),
        "expiration": str(order.expiration),
        "timestamp": str(news.at),
    }


def user_trade(trade: Trade, market: Market, viewer: str, status: TradeStatus, at: int) -> dict[str, Any]:
    """Return a trade's status for one who took part; it is without a prefix here."""
    return {
        "event_type": "trade",
        "type": "TRADE",
        **clob.trade(trade, market, viewer),
        "status": status.value,
        "last_update": str(at // 1000),
        "timestamp": str(at),
    }


def activity(row: Row, kind: str, at: int) -> dict[str, Any]:
    """Return an RTDS message of topic activity; kind is trades or orders_matched."""
    payload = data.trade_v1(row)
    payload.pop("profileImageOptimized")
    return {"topic": "activity", "type": kind, "timestamp": at, "payload": payload}
