"""The stable curve of Camelot V2 pairs: x**3 * y + y**3 * x stays what it is.

Amounts are brought to 18 decimals first; every product is divided by 10**18 at once, and Newton's
method stops as the contract's does, so that the answer is the contract's to the last unit.
Source: CamelotPair (getAmountOut of a stable pair); the curve is Solidly's.
"""

from __future__ import annotations

import msgspec

from arbbot.pools.curve import PIPS, Segment, Trade
from arbbot.pools.errors import NoInput, Overflows, TooMuch
from arbbot.pools.v2 import RESERVE_MAX

ONE = 10**18
_NEWTON_STEPS = 255


def invariant(x: int, y: int) -> int:
    """Give x*y*(x*x + y*y) of 18-decimal amounts, as the pair rounds it."""
    return (x * y // ONE) * (x * x // ONE + y * y // ONE) // ONE


def _value(x: int, y: int) -> int:
    cubed_y = y * y // ONE * y // ONE
    cubed_x = x * x // ONE * x // ONE
    return x * cubed_y // ONE + cubed_x * y // ONE


def _slope(x: int, y: int) -> int:
    return 3 * x * (y * y // ONE) // ONE + x * x // ONE * x // ONE


def reserve_for(x: int, k: int, y: int) -> int:
    """Solve the curve for y at this x by Newton's method from a first guess. Raises TooMuch."""
    for _ in range(_NEWTON_STEPS):
        value, slope = _value(x, y), _slope(x, y)
        if not slope:
            raise TooMuch("the stable curve is empty")
        step = (k - value) * ONE // slope if value < k else -((value - k) * ONE // slope)
        y += step
        if -1 <= step <= 1:
            break
    return y


class StableCurve(msgspec.Struct, frozen=True, gc=False):
    """A stable pair's reserves, one whole unit of either token (10**decimals), and its fees (pips).

    After a trade the pair also pays the owner's share of the fee out of its reserve, which only the
    factory knows: the curve after a trade is right up to that share until the pair's Sync log comes.
    """

    reserve0: int
    reserve1: int
    unit0: int
    unit1: int
    fee0: int
    fee1: int

    def quote(self, zero_for_one: bool, amount: int) -> int:
        """Give what comes out for an amount in. Raises Reverts."""
        if amount <= 0 or not self.reserve0 or not self.reserve1:
            raise NoInput(f"{amount} in for reserves {self.reserve0} and {self.reserve1}")
        # The contract cuts the fee in 100,000ths; pips are ten times as fine, the quotient is the same.
        kept = amount - amount * self.fee(zero_for_one) // PIPS
        x, y = self.reserve0 * ONE // self.unit0, self.reserve1 * ONE // self.unit1
        k = invariant(x, y)
        if not zero_for_one:
            x, y = y, x
        unit_in, unit_out = self._units(zero_for_one)
        left = reserve_for(x + kept * ONE // unit_in, k, y)
        if left > y:
            raise TooMuch("the stable curve would not pay")
        return (y - left) * unit_out // ONE

    def exact_in(self, zero_for_one: bool, amount: int, limit: int = 0) -> Trade:
        """Swap an amount in; the limit means nothing here. Raises Reverts."""
        out = self.quote(zero_for_one, amount)
        if not out:
            raise NoInput(f"{amount} in would give nothing")
        return Trade(amount, out, self._after(zero_for_one, amount, out))

    def needed(self, zero_for_one: bool, amount: int) -> int:
        """Give the least that pays at least an amount out, by halving: the pair has no formula for it."""
        reserve_out = self.reserve1 if zero_for_one else self.reserve0
        if amount <= 0:
            raise NoInput(f"{amount} out of reserves {self.reserve0} and {self.reserve1}")
        if amount >= reserve_out:
            raise TooMuch(f"{amount} asked of a reserve of {reserve_out}")
        return self._least_in(zero_for_one, amount)

    def exact_out(self, zero_for_one: bool, amount: int, limit: int = 0) -> Trade:
        """Swap for an amount out; the limit means nothing here. Raises Reverts."""
        needed = self.needed(zero_for_one, amount)
        return Trade(needed, amount, self._after(zero_for_one, needed, amount))

    def spot(self, zero_for_one: bool) -> tuple[int, int]:
        """Give the marginal price before the fee, from the curve's two slopes: out over in."""
        x, y = self.reserve0 * ONE // self.unit0, self.reserve1 * ONE // self.unit1
        by_x, by_y = y * (3 * x * x + y * y), x * (x * x + 3 * y * y)
        if zero_for_one:
            return by_x * self.unit1, by_y * self.unit0
        return by_y * self.unit0, by_x * self.unit1

    def fee(self, zero_for_one: bool) -> int:
        """Give the fee on what goes in (pips)."""
        return self.fee0 if zero_for_one else self.fee1

    def segment(self, zero_for_one: bool, before: Segment | None = None) -> Segment | None:
        """Give none: the curve is no quotient of lines, its optimum is searched for."""
        return None

    def _units(self, zero_for_one: bool) -> tuple[int, int]:
        return (self.unit0, self.unit1) if zero_for_one else (self.unit1, self.unit0)

    def _least_in(self, zero_for_one: bool, amount: int) -> int:
        high = 1
        while self.quote(zero_for_one, high) < amount:
            high *= 2
            if high > RESERVE_MAX:
                raise TooMuch(f"{amount} is more than the pair can pay")
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.quote(zero_for_one, middle) >= amount else (middle, high)
        return high

    def _after(self, zero_for_one: bool, amount: int, out: int) -> StableCurve:
        given = (amount, -out) if zero_for_one else (-out, amount)
        reserve0, reserve1 = self.reserve0 + given[0], self.reserve1 + given[1]
        if reserve0 > RESERVE_MAX or reserve1 > RESERVE_MAX:
            raise Overflows("a reserve would leave 112 bits")
        return msgspec.structs.replace(self, reserve0=reserve0, reserve1=reserve1)
