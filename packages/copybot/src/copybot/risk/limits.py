"""What may never be exceeded; pure. Amounts, prices and fractions are millionths."""

from __future__ import annotations

import msgspec

from copybot.model import MICRO, Refusal, Side, dollars, micro
from copybot.settings import RiskSettings


class Limits(msgspec.Struct, frozen=True):
    """The limits of one bot."""

    slippage: int
    min_price: int
    max_price: int
    per_market: int
    per_leader: int
    total: int
    stop_loss: int
    take_profit: int
    reduce_only: bool

    def guard_price(self, side: Side, price: int) -> int:
        """Return the worst price at which a leader's fill is still followed."""
        slack = price * self.slippage // MICRO
        return price + slack if side == "BUY" else max(0, price - slack)


class Exposure(msgspec.Struct, frozen=True):
    """What is at stake before an order: positions at cost and open orders at their most."""

    market: int
    leader: int
    total: int
    cash: int


def room(limits: Limits, exposure: Exposure) -> tuple[int, str]:
    """Return how many dollars an order may still spend, and which limit is the nearest."""
    rooms = {
        "market_exposure": limits.per_market - exposure.market,
        "leader_exposure": limits.per_leader - exposure.leader,
        "total_exposure": limits.total - exposure.total,
        "cash": exposure.cash,
    }
    nearest = min(rooms, key=lambda name: rooms[name])
    return max(0, rooms[nearest]), nearest


def allowed(limits: Limits, exposure: Exposure, wanted: int, least: int) -> int | Refusal:
    """Return the dollars that may be spent of those wanted, or why none: less than `least` is none."""
    most, nearest = room(limits, exposure)
    if most < least:
        return Refusal(nearest, f"${dollars(most):.2f} left, ${dollars(least):.2f} needed")
    return min(wanted, most)


def slipped(limits: Limits, side: Side, price: int, best: int) -> Refusal | None:
    """Return a refusal where the best price is worse than the guard allows."""
    guard = limits.guard_price(side, price)
    if (best > guard) if side == "BUY" else (best < guard):
        return Refusal("slippage", f"leader {dollars(price)}, now {dollars(best)}, guard {dollars(guard)}")
    return None


def exit_reason(limits: Limits, cost: int, worth: int) -> str | None:
    """Return stop_loss or take_profit where a position has lost or won enough, else None."""
    if cost <= 0:
        return None
    if limits.stop_loss and cost - worth >= cost * limits.stop_loss // MICRO and worth < cost:
        return "stop_loss"
    if limits.take_profit and worth - cost >= cost * limits.take_profit // MICRO and worth > cost:
        return "take_profit"
    return None


def limits_of(settings: RiskSettings) -> Limits:
    """Return the limits that the settings ask for."""
    return Limits(
        slippage=micro(settings.slippage),
        min_price=micro(settings.min_price),
        max_price=micro(settings.max_price),
        per_market=micro(settings.per_market),
        per_leader=micro(settings.per_leader),
        total=micro(settings.total),
        stop_loss=micro(settings.stop_loss),
        take_profit=micro(settings.take_profit),
        reduce_only=settings.reduce_only,
    )
