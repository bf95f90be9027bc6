"""Rows of the Data API, v1 in camel case and v2 in snake case, with their oddities."""

from __future__ import annotations

from typing import Any

from localvenues.polymarket.exchange.ledger import Position
from localvenues.polymarket.exchange.model import Market
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.wire.clob import settled_price
from localvenues.polymarket.wire.numbers import day, floating, instant, loose, rounded
from localvenues.polymarket.world.history import Row
from localvenues.polymarket.world.identity import profile

NO_INDEX = 999


def _who(wallet: str) -> dict[str, str]:
    known = profile(wallet)
    return {
        "name": known.name,
        "pseudonym": known.pseudonym,
        "bio": "",
        "profileImage": "",
        "profileImageOptimized": "",
    }


def _index(row: Row) -> int:
    return row.market.index(row.token) if row.token else NO_INDEX


def _outcome(row: Row) -> str:
    return row.market.outcome(row.token) if row.token else ""


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def trade_v1(row: Row) -> dict[str, Any]:
    """Return a row of GET /trades."""
    market = row.market
    return {
        "proxyWallet": row.wallet,
        "side": row.side.value if row.side else "",
        "asset": row.token,
        "conditionId": market.condition_id,
        "size": loose(row.shares),
        "price": _number(row.price),
        "timestamp": row.at // 1000,
        "title": market.question,
        "slug": market.slug,
        "icon": market.event.icon,
        "eventSlug": market.event.slug,
        "outcome": _outcome(row),
        "outcomeIndex": _index(row),
        **_who(row.wallet),
        "transactionHash": row.transaction,
    }


def activity_v1(row: Row) -> dict[str, Any]:
    """Return a row of GET /activity; what is no trade has no token, side, price and index."""
    market = row.market
    return {
        "proxyWallet": row.wallet,
        "timestamp": row.at // 1000,
        "conditionId": market.condition_id,
        "type": row.kind,
        "size": loose(row.shares),
        "usdcSize": loose(row.cash),
        "transactionHash": row.transaction,
        "price": _number(row.price) if row.token else 0,
        "asset": row.token,
        "side": row.side.value if row.side else "",
        "outcomeIndex": _index(row),
        "title": market.question,
        "slug": market.slug,
        "icon": market.event.icon,
        "eventSlug": market.event.slug,
        "outcome": _outcome(row),
        **_who(row.wallet),
    }


SNAKE = {
    "proxyWallet": "proxy_wallet",
    "asset": "token_id",
    "conditionId": "condition_id",
    "usdcSize": "usdc_size",
    "eventSlug": "event_slug",
    "outcomeIndex": "outcome_index",
    "profileImage": "profile_image",
    "profileImageOptimized": "profile_image_optimized",
    "transactionHash": "transaction_hash",
}


def _snake(shape: dict[str, Any], row: Row) -> dict[str, Any]:
    renamed = {SNAKE.get(key, key): value for key, value in shape.items()}
    renamed["size"] = floating(row.shares)
    renamed["price"] = rounded(row.price) if row.token else 0.0
    return renamed


def trade_v2(row: Row) -> dict[str, Any]:
    """Return a row of GET /v2/trades: the index is 999 and the event's slug empty, as recorded."""
    return _snake(trade_v1(row), row) | {"outcome_index": NO_INDEX, "event_slug": ""}


def activity_v2(row: Row) -> dict[str, Any]:
    """Return a row of GET /v2/activity."""
    return _snake(activity_v1(row), row) | {"usdc_size": floating(row.cash)}


def position_v1(wallet: str, market: Market, token: str, held: Position, mergeable: bool) -> dict[str, Any]:
    """Return a row of GET /positions."""
    now, sums = settled_price(market, token), _sums(market, token, held)
    return {
        "proxyWallet": wallet,
        "asset": token,
        "conditionId": market.condition_id,
        "size": loose(held.shares),
        "avgPrice": loose(held.average),
        "initialValue": loose(held.cost),
        "currentValue": loose(sums["value"]),
        "cashPnl": loose(sums["unrealized"]),
        "percentPnl": sums["percent"],
        "totalBought": loose(held.bought),
        "realizedPnl": loose(held.realized),
        "percentRealizedPnl": sums["percent"],
        "curPrice": loose(now),
        "redeemable": market.winner is not None,
        "mergeable": mergeable,
        "title": market.question,
        "slug": market.slug,
        "icon": market.event.icon,
        "eventId": str(market.event.id),
        "eventSlug": market.event.slug,
        "outcome": market.outcome(token),
        "outcomeIndex": market.index(token),
        "oppositeOutcome": market.outcome(market.other(token)),
        "oppositeAsset": market.other(token),
        "endDate": day(market.end),
        "negativeRisk": market.neg_risk,
    }


def closed_position_v1(wallet: str, market: Market, token: str, held: Position) -> dict[str, Any]:
    """Return a row of GET /closed-positions."""
    return {
        "proxyWallet": wallet,
        "asset": token,
        "conditionId": market.condition_id,
        "avgPrice": loose(held.average),
        "totalBought": loose(held.bought),
        "realizedPnl": loose(held.realized),
        "curPrice": loose(settled_price(market, token)),
        "title": market.question,
        "slug": market.slug,
        "icon": market.event.icon,
        "eventSlug": market.event.slug,
        "outcome": market.outcome(token),
        "outcomeIndex": market.index(token),
        "oppositeOutcome": market.outcome(market.other(token)),
        "oppositeAsset": market.other(token),
        "endDate": instant(market.end),
        "timestamp": held.updated // 1000,
    }


def _sums(market: Market, token: str, held: Position) -> dict[str, Any]:
    value = held.shares * settled_price(market, token) // ONE
    unrealized = value - held.cost
    percent = round(100 * unrealized / held.cost, 4) if held.cost else 0
    return {"value": value, "unrealized": unrealized, "percent": percent}


def status_v2(market: Market, held: Position) -> str:
    """Return OPEN, REDEEMABLE or CLOSED."""
    if held.shares == 0:
        return "CLOSED"
    return "OPEN" if market.winner is None else "REDEEMABLE"


def position_v2(wallet: str, market: Market, token: str, held: Position, mergeable: bool) -> dict[str, Any]:
    """Return a row of GET /v2/positions: entry costs are without fees, which stand apart."""
    sums = _sums(market, token, held)
    return {
        "proxy_wallet": wallet,
        "token_id": token,
        "condition_id": market.condition_id,
        "current_size": floating(held.shares),
        "avg_price": floating(held.average),
        "entry_cost_usdc": floating(held.cost),
        "entry_fees_usdc": floating(held.fees),
        "total_cost_usdc": floating(held.cost + held.fees),
        "current_price": floating(settled_price(market, token)),
        "current_value": floating(sums["value"]),
        "total_size": floating(held.bought),
        "realized_pnl": floating(held.realized),
        "unrealized_pnl": floating(sums["unrealized"]),
        "total_pnl": floating(held.realized + sums["unrealized"]),
        "percent_pnl": float(sums["percent"]),
        "percent_realized_pnl": float(sums["percent"]),
        "status": status_v2(market, held),
        "redeemable": market.winner is not None and held.shares > 0,
        "mergeable": mergeable,
        "negative_risk": market.neg_risk,
        "archived": False,
        "title": market.question,
        "slug": market.slug,
        "icon": market.event.icon,
        "event_id": str(market.event.id),
        "event_slug": market.event.slug,
        "outcome": market.outcome(token),
        "outcome_index": market.index(token),
        "opposite_outcome": market.outcome(market.other(token)),
        "opposite_token_id": market.other(token),
        "end_date": day(market.end),
        "last_event_at": held.updated // 1000,
        "name": profile(wallet).name,
        "profile_image": "",
        "verified": False,
    }


def holder_v1(wallet: str, market: Market, token: str, held: Position) -> dict[str, Any]:
    """Return one holder of GET /holders."""
    return {
        "proxyWallet": wallet,
        "asset": token,
        "amount": loose(held.shares),
        "displayUsernamePublic": bool(profile(wallet).name),
        "outcomeIndex": market.index(token),
        **_who(wallet),
    }


def holder_v2(wallet: str, market: Market, token: str, held: Position) -> dict[str, Any]:
    """Return one holder of GET /v2/holders."""
    sums, known = _sums(market, token, held), profile(wallet)
    return {
        "proxy_wallet": wallet,
        "bio": "",
        "token_id": token,
        "pseudonym": known.pseudonym,
        "amount": floating(held.shares),
        "display_username_public": bool(known.name),
        "outcome_index": market.index(token),
        "name": known.name,
        "profile_image": "",
        "profile_image_optimized": "",
        "verified": False,
        "avg_price": floating(held.average),
        "entry_cost_usdc": floating(held.cost),
        "current_price": floating(settled_price(market, token)),
        "current_value": floating(sums["value"]),
        "realized_pnl": floating(held.realized),
        "unrealized_pnl": floating(sums["unrealized"]),
        "total_pnl": floating(held.realized + sums["unrealized"]),
    }


def resolution_v2(market: Market) -> dict[str, Any]:
    """Return a row of GET /v2/resolutions; payouts are 6-decimal units per share."""
    resolved = market.winner is not None
    payouts = [ONE if token == market.winner else 0 for token in market.tokens]
    return {
        "condition_id": market.condition_id,
        "status": "resolved" if resolved else "initialized",
        "extended_review": False,
        "was_disputed": False,
        "new_version_q": False,
        "last_update_timestamp": (market.closed or market.created) // 1000,
        "payouts": payouts if resolved else None,
    }


def rank_v1(wallet: str, profit: int) -> dict[str, Any]:
    """Return a row of the v1 leaderboard."""
    return {
        "proxyWallet": wallet,
        "amount": profit / ONE,
        "pseudonym": profile(wallet).pseudonym,
        "name": profile(wallet).name,
        "bio": "",
        "profileImage": "",
        "profileImageOptimized": "",
        "period": "all",
    }


def rank_v2(rank: int, wallet: str, profit: int, volume: int) -> dict[str, Any]:
    """Return a row of the v2 leaderboard; volume is in shares."""
    return {
        "rank": rank,
        "user_id": wallet,
        "pnl": floating(profit),
        "volume": floating(volume),
        "user_name": profile(wallet).name,
        "profile_image": "",
        "x_username": "",
        "verified": False,
    }
