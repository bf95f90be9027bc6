"""From a leader's fill to an order or a refusal; pure. Everything that it needs is an argument."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from copybot.clob.amounts import on_tick, whole_shares
from copybot.model import MICRO, Book, Fee, Fill, Market, Plan, Refusal, Side, dollars, times
from copybot.risk.limits import Exposure, Limits, allowed, slipped
from copybot.scanner.screen import Screen
from copybot.sizing import Sizing, sold_share

CENT = 10_000
LEAST_BUY = MICRO  # the venue's least marketable purchase: one dollar


class Rules(msgspec.Struct, frozen=True):
    """What decides; resting tells that orders may rest, so that the venue's least size counts."""

    screen: Screen
    sizing: Sizing
    limits: Limits
    resting: bool = False


class Scene(msgspec.Struct, frozen=True):
    """The market as it stands when a fill is judged; portfolio is its worth in millionths of a dollar."""

    market: Market
    book: Book
    exposure: Exposure
    portfolio: int
    now: float


def judge_buy(fill: Fill, scene: Scene, rules: Rules) -> Plan | Refusal:
    """Judge a leader's purchase."""
    market, book, limits = scene.market, scene.book, rules.limits
    worst = min(limits.guard_price("BUY", fill.price), limits.max_price)
    limit = on_tick(worst, book.tick, "BUY")
    refusal = rules.screen.market(market, scene.now)
    if refusal is None and book.ask is not None:
        refusal = slipped(limits, "BUY", fill.price, book.ask)
    refusal = refusal or rules.screen.book(book, "BUY", limit)
    if refusal is not None:
        return refusal
    wanted = rules.sizing.wanted(fill, scene.portfolio)
    if wanted < LEAST_BUY:
        return Refusal("too_small", f"${dollars(fill.value):.2f} by the leader")
    return sized(fill, scene, rules, limit, wanted)


def sized(fill: Fill, scene: Scene, rules: Rules, limit: int, wanted: int) -> Plan | Refusal:
    """Fit an order into what the limits leave, fee included."""
    load = fee_share(scene.market.fee, limit)
    least = max(LEAST_BUY, rules.sizing.least)
    if rules.resting:
        least = max(least, times(scene.book.min_size, limit)) + CENT  # shares are cut to hundredths
    gross = allowed(rules.limits, scene.exposure, loaded(max(wanted, least), load), loaded(least, load))
    if isinstance(gross, Refusal):
        return gross
    spend = int(Decimal(gross) / (1 + load)) // CENT * CENT
    shares = whole_shares(spend * MICRO // limit) if rules.resting else -(-spend * MICRO // limit)
    return plan_of(fill, scene, "BUY", limit, shares)


def judge_sell(fill: Fill, held: int, owned: int, scene: Scene, rules: Rules) -> Plan | Refusal:
    """Judge a leader's sale: of what was bought in their wake the same share goes."""
    if not owned:
        return Refusal("nothing_held", "nothing was bought in this leader's wake")
    if not scene.market.open:
        return Refusal("market_closed", "redeemed when it is resolved, not sold")
    if scene.book.bid is None:
        return Refusal("empty_book", "nobody buys")
    if (refusal := slipped(rules.limits, "SELL", fill.price, scene.book.bid)) is not None:
        return refusal
    part = whole_shares(int(owned * sold_share(fill, held)))
    if part < CENT:
        return Refusal("too_small", f"{dollars(part)} shares")
    worst = rules.limits.guard_price("SELL", fill.price)
    plan = plan_of(fill, scene, "SELL", on_tick(worst, scene.book.tick, "SELL"), part)
    return msgspec.structs.replace(plan, rests=part >= scene.book.min_size)


def judge_exit(key: str, leader: str, owned: int, why: str, scene: Scene) -> Plan | Refusal:
    """Sell a whole lot at what the book pays, one tick below the best bid at most."""
    size, bid = whole_shares(owned), scene.book.bid
    if not scene.market.open or bid is None or size < CENT:
        return Refusal("no_exit", "closed, nobody buys, or too little")
    price = on_tick(max(bid - scene.book.tick, scene.book.tick), scene.book.tick, "SELL")
    book, market = scene.book, scene.market
    return Plan(
        key, leader, book.token, market.condition, "SELL", price, size, book.tick, market.neg_risk, why, False
    )


def plan_of(fill: Fill, scene: Scene, side: Side, price: int, size: int) -> Plan:
    """Return the order that copies a fill."""
    market, tick = scene.market, scene.book.tick
    return Plan(fill.key, fill.leader, fill.token, market.condition, side, price, size, tick, market.neg_risk)


def fee_share(fee: Fee, limit: int) -> Decimal:
    """Return the most fee that a dollar can carry in a purchase up to this limit price.

    The fee per dollar is rate x (p(1-p))^e / p. A purchase may be filled below its limit, where a dollar buys
    more shares: for an exponent of 1 the fee is highest near a price of 0, for larger ones at (e-1)/(2e-1).
    """
    if not fee.rate:
        return Decimal(0)
    least = Decimal("0.0001")
    peak = (fee.exponent - 1) / (2 * fee.exponent - 1) if fee.exponent > 1 else least
    price = max(least, min(dollars(limit), peak))
    return fee.rate * (price * (1 - price)) ** fee.exponent / price


def loaded(amount: int, load: Decimal) -> int:
    """Return an amount with the fee on it, rounded up."""
    return -(-int(amount * (1 + load) * MICRO) // MICRO)
