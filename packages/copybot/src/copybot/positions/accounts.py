"""What trades do to a position; pure. Amounts are millionths; a lot's cost includes the fees paid for it."""

from __future__ import annotations

import msgspec

from copybot.model import MICRO, Side

RANKS = {"MATCHED": 0, "RETRYING": 0, "MINED": 1, "CONFIRMED": 2, "FAILED": 2}


class Lot(msgspec.Struct, frozen=True):
    """Shares of one token that were bought in the wake of one leader, and what they cost."""

    leader: str
    token: str
    condition: str
    size: int = 0
    cost: int = 0


class Effect(msgspec.Struct, frozen=True):
    """What a trade leaves of a lot, what it realises, and what flows into cash (negative: out of it)."""

    lot: Lot
    realised: int
    flow: int


def bought(lot: Lot, size: int, cost: int, fee: int) -> Effect:
    """Add shares to a lot."""
    grown = msgspec.structs.replace(lot, size=lot.size + size, cost=lot.cost + cost + fee)
    return Effect(grown, 0, -(cost + fee))


def sold(lot: Lot, size: int, proceeds: int, fee: int) -> Effect:
    """Take shares from a lot; those that it does not hold were free."""
    part = min(size, lot.size)
    cost = lot.cost * part // lot.size if lot.size else 0
    left = msgspec.structs.replace(lot, size=lot.size - part, cost=lot.cost - cost)
    return Effect(left, proceeds - fee - cost, proceeds - fee)


def traded(lot: Lot, side: Side, size: int, amount: int, fee: int) -> Effect:
    """Apply a confirmed trade to a lot."""
    return bought(lot, size, amount, fee) if side == "BUY" else sold(lot, size, amount, fee)


def redeemed(lot: Lot, price: int) -> Effect:
    """Pay a lot out at the resolved price of its token."""
    payout = lot.size * price // MICRO
    return Effect(msgspec.structs.replace(lot, size=0, cost=0), payout - lot.cost, payout)


def advances(before: str | None, after: str) -> bool:
    """Tell whether a trade's status moves on; one that is final stays, whatever comes late."""
    return before is None or RANKS.get(after, 0) > RANKS.get(before, 0)
