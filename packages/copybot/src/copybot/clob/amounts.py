"""Ticks, decimals and the two amounts of a signed order; pure, all in millionths.

Decimals by tick: facts of the venue's SDK, `ROUNDING_CONFIG` (price, size, amount).
"""

from __future__ import annotations

from copybot.model import MICRO, Side

DECIMALS = {  # tick: (price, size, amount) decimals
    100_000: (1, 2, 3),
    10_000: (2, 2, 4),
    5_000: (3, 2, 5),
    2_500: (4, 2, 6),
    1_000: (3, 2, 5),
    100: (4, 2, 6),
}
SHARE_UNIT = 10_000  # shares have two decimals at every tick


def on_tick(price: int, tick: int, side: Side) -> int:
    """Return the nearest price on the tick that is no worse for us, inside [tick, 1 - tick]."""
    down = price // tick * tick
    rounded = down if side == "BUY" or down == price else down + tick
    return min(max(rounded, tick), MICRO - tick)


def whole_shares(size: int) -> int:
    """Return a number of shares cut to the two decimals that the venue takes."""
    return size // SHARE_UNIT * SHARE_UNIT


def limit_amounts(side: Side, price: int, size: int, tick: int) -> tuple[int, int]:
    """Return (makerAmount, takerAmount): a buyer gives dollars and takes shares, a seller the reverse.

    price is on the tick and size has two decimals, so that their product needs no more than the decimals
    that the tick allows.
    """
    unit = 10 ** (6 - DECIMALS.get(tick, (4, 2, 6))[2])
    worth = size * price // MICRO // unit * unit
    return (worth, size) if side == "BUY" else (size, worth)


def market_amounts(side: Side, price: int, size: int, tick: int) -> tuple[int, int]:
    """Return (makerAmount, takerAmount) of a market order: what is given has two decimals.

    A buyer's dollars are cut to cents, and the shares that they must bring are rounded up, so that the
    price of the two is never above the limit.
    """
    unit = 10 ** (6 - DECIMALS.get(tick, (4, 2, 6))[2])
    if side == "SELL":
        return size, size * price // MICRO // unit * unit
    spent = size * price // MICRO // SHARE_UNIT * SHARE_UNIT
    return spent, -(-spent * MICRO // price // unit) * unit
