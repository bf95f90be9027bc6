"""Concentrated liquidity: a V3 pool's swap, word by word and tick by tick, as the contract rounds it.

Source: Uniswap V3 core whitepaper, section 6.3; Pancake V3 pools trade by the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from arbbot.pools.curve import PIPS, Segment, Trade
from arbbot.pools.errors import NoInput, Overflows, PriceLimit, TooMuch
from arbbot.pools.prices import Step, amount0_between, amount1_between, step_in, step_out
from arbbot.pools.tickmap import TickMap
from arbbot.pools.ticks import MAX_SQRT_PRICE, MIN_SQRT_PRICE, sqrt_price_at, tick_at

Q192 = 1 << 192
_AMOUNT_MAX = (1 << 255) - 1
_LIQUIDITY_MAX = (1 << 128) - 1


class _Walk(NamedTuple):
    """Where a swap ended. tick is None where the price stopped between ticks and nobody asked yet."""

    price: int
    tick: int | None
    liquidity: int
    amount_in: int
    amount_out: int


class TickCurve(msgspec.Struct, frozen=True, gc=False):
    """A V3 pool: square-root price (Q96), tick, liquidity in range, the tick map and the fee (pips)."""

    sqrt_price: int
    tick: int
    liquidity: int
    map: TickMap
    pips: int

    def exact_in(self, zero_for_one: bool, amount: int, limit: int = 0) -> Trade:
        """Swap an amount in; takes less where the limit or the end of the liquidity stops it."""
        return self._trade(self._walk(zero_for_one, amount, limit, step_in, True))

    def exact_out(self, zero_for_one: bool, amount: int, limit: int = 0) -> Trade:
        """Swap for an amount out; gives less where the limit or the end of the liquidity stops it."""
        return self._trade(self._walk(zero_for_one, amount, limit, step_out, False))

    def quote(self, zero_for_one: bool, amount: int) -> int:
        """Give what comes out for an amount in. Raises PoolError."""
        return self._walk(zero_for_one, amount, 0, step_in, True).amount_out

    def needed(self, zero_for_one: bool, amount: int) -> int:
        """Give what must go in for an amount out. Raises PoolError."""
        walk = self._walk(zero_for_one, amount, 0, step_out, False)
        if walk.amount_out < amount:
            raise TooMuch(f"{walk.amount_out} out of {amount}")
        return walk.amount_in

    def spot(self, zero_for_one: bool) -> tuple[int, int]:
        """Give the marginal price before the fee: out over in."""
        square = self.sqrt_price * self.sqrt_price
        return (square, Q192) if zero_for_one else (Q192, square)

    def fee(self, zero_for_one: bool) -> int:
        """Give the fee on what goes in (pips)."""
        return self.pips

    def _walk(
        self,
        zero_for_one: bool,
        amount: int,
        limit: int,
        step: Callable[[int, int, int, int, int], Step],
        by_input: bool,
    ) -> _Walk:
        """Go from tick to tick, pausing at every word's edge, until the amount or the price is reached."""
        limit = self._limit(zero_for_one, amount, limit)
        price, liquidity, fee, remaining = self.sqrt_price, self.liquidity, self.pips, amount
        tick: int | None = self.tick
        taken = given = 0
        seek = self.map.below if zero_for_one else self.map.above
        while remaining and price != limit:
            assert tick is not None
            edge, initialized = seek(tick)
            edge_price = sqrt_price_at(edge)
            target = max(edge_price, limit) if zero_for_one else min(edge_price, limit)
            start = price
            price, went_in, came_out, charged = step(price, target, liquidity, remaining, fee)
            remaining -= went_in + charged if by_input else came_out
            taken += went_in + charged
            given += came_out
            if price == edge_price:
                if initialized:
                    liquidity = self._crossed(liquidity, edge, zero_for_one)
                tick = edge - 1 if zero_for_one else edge
            elif price != start:
                tick = None  # only known to lie before the edge; the loop ends here
        return _Walk(price, tick, liquidity, taken, given)

    def _limit(self, zero_for_one: bool, amount: int, limit: int) -> int:
        """Give the price at which a swap stops; zero stands for the end of all prices."""
        if not 0 < amount <= _AMOUNT_MAX:
            raise NoInput(f"cannot swap {amount}") if amount <= 0 else Overflows("more than 255 bits")
        if zero_for_one:
            limit = limit or MIN_SQRT_PRICE + 1
            if not MIN_SQRT_PRICE < limit < self.sqrt_price:
                raise PriceLimit(f"limit {limit} is not below the price {self.sqrt_price}")
        else:
            limit = limit or MAX_SQRT_PRICE - 1
            if not self.sqrt_price < limit < MAX_SQRT_PRICE:
                raise PriceLimit(f"limit {limit} is not above the price {self.sqrt_price}")
        return limit

    def _crossed(self, liquidity: int, tick: int, zero_for_one: bool) -> int:
        net = self.map.net(tick)
        after = liquidity - net if zero_for_one else liquidity + net
        if not 0 <= after <= _LIQUIDITY_MAX:
            raise Overflows(f"liquidity {after} after tick {tick}")
        return after

    def _trade(self, walk: _Walk) -> Trade:
        tick = tick_at(walk.price) if walk.tick is None else walk.tick
        after = TickCurve(walk.price, tick, walk.liquidity, self.map, self.pips)
        return Trade(walk.amount_in, walk.amount_out, after)

    def segment(self, zero_for_one: bool, before: Segment | None = None) -> Segment | None:
        """Give the range of constant liquidity from here on, or the one that follows another."""
        if before is None:
            cursor: tuple[int, int, int] | None = (self.sqrt_price, self.tick, self.liquidity)
            start_in = start_out = 0
        else:
            cursor, start_in, start_out = before.cursor, before.end_in or 0, before.end_out
        while cursor is not None:
            price, tick, liquidity = cursor
            edge, initialized = self.map.range_end(tick, zero_for_one)
            end = sqrt_price_at(edge)
            cursor = None
            if initialized:
                after = self._crossed(liquidity, edge, zero_for_one)
                cursor = (end, edge - 1 if zero_for_one else edge, after)
            if liquidity and end != price:
                return _range(zero_for_one, price, end, liquidity, self.pips, (start_in, start_out), cursor)
        return None


def _range(
    zero_for_one: bool,
    price: int,
    end: int,
    liquidity: int,
    fee: int,
    start: tuple[int, int],
    cursor: tuple[int, int, int] | None,
) -> Segment:
    """Write a range of constant liquidity as a quotient of lines.

    With virtual reserves x = L/sqrtP and y = L*sqrtP the range is a constant product; both sides of
    the quotient are multiplied until they are integers.
    """
    kept = PIPS - fee
    square, cross = price * price, (kept * price) << 96
    if zero_for_one:
        a, b = kept * liquidity * square, (liquidity * PIPS) << 192
        needed = ((liquidity * PIPS) << 96) * (price - end) // (price * end * kept)
        given = amount1_between(price, end, liquidity, True)
    else:
        a, b = (kept * liquidity) << 192, liquidity * PIPS * square
        needed = liquidity * (end - price) * PIPS // (kept << 96)
        given = amount0_between(price, end, liquidity, True)
    return Segment(a, b, cross, start[0], start[1], start[0] + needed, start[1] + given, cursor)
