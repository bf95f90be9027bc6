"""How far a trade moves the price against itself."""

from __future__ import annotations

from arbbot.pools import PIPS, Curve

BPS = 10_000


def impact_bps(curve: Curve, zero_for_one: bool, amount_in: int, amount_out: int) -> int:
    """Give by how much the paid price lies below the price before the trade, the fee aside.

    Basis points, rounded up: a limit of 50 is kept by every trade that shows 50 or less.
    """
    out, into = curve.spot(zero_for_one)
    ideal = amount_in * out * (PIPS - curve.fee(zero_for_one))
    paid = amount_out * into * PIPS
    return max(-((paid - ideal) * BPS // ideal), 0) if ideal else BPS
