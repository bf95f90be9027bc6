"""Answers of Gamma: markets and events. Lists inside a market are JSON inside a string, as recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from localvenues.polymarket.exchange.book import Book
from localvenues.polymarket.exchange.model import Event, Market
from localvenues.polymarket.exchange.money import ONE, text
from localvenues.polymarket.wire.clob import settled_price
from localvenues.polymarket.wire.numbers import day, instant, loose, precise, spaced
from localvenues.polymarket.world.identity import digest

HYDRATED_TOKENS = "[]"


def _depth(book: Book) -> int:
    """Dollars that rest in a book."""
    bids = sum(price * shares // ONE for price, shares in book.bids.levels())
    return bids + sum((ONE - price) * shares // ONE for price, shares in book.asks.levels())


def _prices(market: Market, book: Book) -> dict[str, Any]:
    bid, ask = book.best(market.tokens[0])
    middle = settled_price(market, market.tokens[0])
    if market.winner is None and bid is not None and ask is not None:
        middle = (bid + ask) // 2
    shape: dict[str, Any] = {
        "outcomePrices": json.dumps([text(middle), text(ONE - middle)]),
        "spread": loose((ask if ask is not None else ONE) - (bid or 0)),
        "lastTradePrice": loose(settled_price(market, market.tokens[0])),
        "bestAsk": loose(ask if ask is not None else ONE),
    }
    return shape | ({"bestBid": loose(bid)} if bid is not None else {})


def _volumes(market: Market) -> dict[str, Any]:
    spans = ("volume24hr", "volume1wk", "volume1mo", "volume1yr")
    volume = loose(market.volume)
    return {
        "volume": text(market.volume),
        "volumeNum": volume,
        **dict.fromkeys(spans, volume),
        **{f"{span}Clob": volume for span in spans},
        "volumeClob": volume,
    }


def _states(market: Market, now: int) -> dict[str, Any]:
    is_open = market.closed is None
    flags = (
        "cyom ready funded featured archived new pagerDutyNotificationEnabled clearBookOnStart showGmpSeries "
        "showGmpOutcome manualActivation negRiskOther pendingDeployment deploying rfqEnabled "
        "holdingRewardsEnabled requiresTranslation"
    )
    shape: dict[str, Any] = dict.fromkeys(flags.split(), False)
    shape |= dict.fromkeys(["restricted", "hasReviewedDates", "approved", "automaticallyActive"], True)
    shape |= {
        "active": True,
        "closed": not is_open,
        "enableOrderBook": True,
        "acceptingOrders": is_open and market.opens <= now,
        "negRisk": market.neg_risk,
        "umaResolutionStatuses": "[]" if is_open else '["proposed"]',
    }
    if market.closed is not None:
        shape |= {
            "closedTime": spaced(market.closed),
            "umaEndDate": instant(market.closed),
            "umaResolutionStatus": "resolved",
        }
    return shape


def _fees(market: Market) -> dict[str, Any]:
    fees = market.fees
    if not fees.rate:
        return {"feesEnabled": False, "feeType": None}
    return {
        "feesEnabled": True,
        "feeType": market.fee_type,
        "makerBaseFee": 1000,
        "takerBaseFee": 1000,
        "feeSchedule": {
            "exponent": fees.exponent,
            "rate": float(fees.rate),
            "takerOnly": fees.taker_only,
            "rebateRate": float(fees.rebate_rate),
        },
    }


def market(one: Market, book: Book, now: int, with_event: bool = True) -> dict[str, Any]:
    """Return a market. Before its book opens its token ids are missing, as new markets' are."""
    tokens = json.dumps(list(one.tokens)) if one.opens <= now else HYDRATED_TOKENS
    depth = _depth(book)
    shape: dict[str, Any] = {
        "id": str(one.id),
        "question": one.question,
        "conditionId": one.condition_id,
        "slug": one.slug,
        "resolutionSource": "",
        "endDate": instant(one.end),
        "liquidity": text(depth),
        "startDate": precise(one.created),
        "image": one.event.icon,
        "icon": one.event.icon,
        "description": f"A market of the local venue: {one.question}",
        "outcomes": json.dumps(list(one.outcomes)),
        "marketMakerAddress": "",
        "createdAt": precise(one.created),
        "updatedAt": precise(now),
        "groupItemThreshold": "0",
        "questionID": "0x" + digest("question", one.condition_id),
        "orderPriceMinTickSize": loose(one.tick.size),
        "orderMinSize": loose(one.min_size),
        "liquidityNum": loose(depth),
        "liquidityClob": loose(depth),
        "endDateIso": day(one.end),
        "startDateIso": day(one.created),
        "clobTokenIds": tokens,
        "acceptingOrdersTimestamp": instant(one.opens),
        "rewardsMinSize": 50,
        "rewardsMaxSpread": 4.5,
        **_volumes(one),
        **_prices(one, book),
        **_states(one, now),
        **_fees(one),
    }
    if with_event:
        shape["events"] = [event(one.event, [one], now)]
    return shape


def event(one: Event, markets: Sequence[Market], now: int) -> dict[str, Any]:
    """Return an event without its markets."""
    volume = sum(market.volume for market in markets)
    closed = all(market.closed is not None for market in markets)
    flags = "archived new featured cyom pendingDeployment deploying requiresTranslation negRiskAugmented"
    sums = "volume volume24hr volume1wk volume1mo volume1yr"
    return {
        "id": str(one.id),
        "ticker": one.slug,
        "slug": one.slug,
        "title": one.title,
        "description": f"An event of the local venue: {one.title}",
        "resolutionSource": "",
        "startDate": precise(markets[0].created),
        "creationDate": precise(markets[0].created),
        "endDate": instant(markets[0].end),
        "image": one.icon,
        "icon": one.icon,
        "active": True,
        "closed": closed,
        **dict.fromkeys(flags.split(), False),
        "restricted": True,
        "liquidity": 0,
        **dict.fromkeys(sums.split(), loose(volume)),
        "openInterest": 0,
        "createdAt": precise(markets[0].created),
        "updatedAt": precise(now),
        "competitive": 0.8,
        "enableOrderBook": True,
        "liquidityClob": 0,
        "negRisk": one.neg_risk,
        "enableNegRisk": one.neg_risk,
        "commentCount": 0,
        "showAllOutcomes": True,
        "showMarketImages": True,
        "automaticallyActive": True,
        "eventMetadata": {},
    }


def tag(one: Event) -> dict[str, Any]:
    """Return an event's one tag."""
    return {"id": str(1 + len(one.tag)), "label": one.tag, "slug": one.tag.lower()}
