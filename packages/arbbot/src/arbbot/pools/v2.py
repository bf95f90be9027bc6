"""The constant product of V2 pairs: Uniswap, Sushi, Pancake, and Camelot's volatile pairs.

One formula serves all: a fee of 997/1000, 9975/10000 or Camelot's of 100,000ths is the same rational
number in pips, and the floor of a rational does not depend on how it is written.
Source: Uniswap V2 periphery (getAmountOut, getAmountIn); CamelotPair for fees by direction.
"""

from __future__ import annotations

import msgspec

from arbbot.pools.curve import PIPS, Segment, Trade
from arbbot.pools.errors import NoInput, Overflows, TooMuch

RESERVE_MAX = (1 << 112) - 1


def amount_out(amount_in: int, reserve_in: int, reserve_out: int, fee: int) -> int:
    """Give what a constant product pair pays for an amount in, rounded down."""
    kept = amount_in * (PIPS - fee)
    return kept * reserve_out // (reserve_in * PIPS + kept)


def amount_in(amount_out: int, reserve_in: int, reserve_out: int, fee: int) -> int:
    """Give what a constant product pair asks for an amount out. Raises TooMuch."""
    if amount_out >= reserve_out:
        raise TooMuch(f"{amount_out} asked of a reserve of {reserve_out}")
    return reserve_in * amount_out * PIPS // ((reserve_out - amount_out) * (PIPS - fee)) + 1


class ProductCurve(msgspec.Struct, frozen=True, gc=False):
    """The reserves of a V2 pair and its fee for either token going in (pips)."""

    reserve0: int
    reserve1: int
    fee0: int = 3000
    fee1: int = 3000

    def quote(self, zero_for_one: bool, amount: int) -> int:
        """Give what comes out for an amount in. Raises NoInput."""
        if amount <= 0 or not self.reserve0 or not self.reserve1:
            raise NoInput(f"{amount} in for reserves {self.reserve0} and {self.reserve1}")
        if zero_for_one:
            return amount_out(amount, self.reserve0, self.reserve1, self.fee0)
        return amount_out(amount, self.reserve1, self.reserve0, self.fee1)

    def exact_in(self, zero_for_one: bool, amount: int, limit: int = 0) -> Trade:
        """Swap an amount in; the limit means nothing here. Raises Reverts."""
        out = self.quote(zero_for_one, amount)
        if not out:
            raise NoInput(f"{amount} in would give nothing")
        return Trade(amount, out, self._after(zero_for_one, amount, out))

    def needed(self, zero_for_one: bool, amount: int) -> int:
        """Give what must go in for an amount out. Raises Reverts."""
        if amount <= 0 or not self.reserve0 or not self.reserve1:
            raise NoInput(f"{amount} out of reserves {self.reserve0} and {self.reserve1}")
        if zero_for_one:
            return amount_in(amount, self.reserve0, self.reserve1, self.fee0)
        return amount_in(amount, self.reserve1, self.reserve0, self.fee1)

    def exact_out(self, zero_for_one: bool, amount: int, limit: int = 0) -> Trade:
        """Swap for an amount out; the limit means nothing here. Raises Reverts."""
        needed = self.needed(zero_for_one, amount)
        return Trade(needed, amount, self._after(zero_for_one, needed, amount))

    def spot(self, zero_for_one: bool) -> tuple[int, int]:
        """Give the marginal price before the fee: out over in."""
        return (self.reserve1, self.reserve0) if zero_for_one else (self.reserve0, self.reserve1)

    def fee(self, zero_for_one: bool) -> int:
        """Give the fee on what goes in (pips)."""
        return self.fee0 if zero_for_one else self.fee1

    def segment(self, zero_for_one: bool, before: Segment | None = None) -> Segment | None:
        """Give the one piece that a constant product is."""
        if before is not None or not self.reserve0 or not self.reserve1:
            return None
        reserve_out, reserve_in = self.spot(zero_for_one)
        kept = PIPS - self.fee(zero_for_one)
        return Segment(kept * reserve_out, reserve_in * PIPS, kept, 0, 0, None, reserve_out, None)

    def _after(self, zero_for_one: bool, amount: int, out: int) -> ProductCurve:
        if zero_for_one:
            reserve0, reserve1 = self.reserve0 + amount, self.reserve1 - out
        else:
            reserve0, reserve1 = self.reserve0 - out, self.reserve1 + amount
        if reserve0 > RESERVE_MAX or reserve1 > RESERVE_MAX:
            raise Overflows("a reserve would leave 112 bits")
        return ProductCurve(reserve0, reserve1, self.fee0, self.fee1)
