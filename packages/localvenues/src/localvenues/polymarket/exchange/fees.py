"""Fees: paid by takers alone, from the market's own schedule."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from localvenues.polymarket.exchange.money import ONE

STEP = 10  # Fees are rounded to five decimals of a dollar.


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """A market's fee: shares x rate x (p(1-p))^exponent."""

    rate: Decimal
    exponent: int
    taker_only: bool = True
    rebate_rate: Decimal = Decimal("0.2")

    def fee(self, shares: int, price: int) -> int:
        """Return the taker's fee in micro-units for shares at a price, rounded to five decimals."""
        share = Decimal(price * (ONE - price)) / (ONE * ONE)
        exact = Decimal(shares) * self.rate * share**self.exponent
        return int((exact / STEP).quantize(Decimal(1), ROUND_HALF_UP)) * STEP


FREE = FeeSchedule(Decimal(0), 0)
