"""How an amount moves a V3 square-root price within one range of liquidity, as the contract rounds it.

Every rounding favours the pool. Source: Uniswap V3 core whitepaper, section 6.2.3, and the rounding
of its SqrtPriceMath and SwapMath libraries.
"""

from __future__ import annotations

from typing import NamedTuple

from arbbot.pools.curve import PIPS
from arbbot.pools.errors import NoInput, Overflows, TooMuch

_WIDTH_256 = 1 << 256
_WIDTH_160 = 1 << 160


def amount0_between(price_a: int, price_b: int, liquidity: int, round_up: bool) -> int:
    """Give the token0 between two square-root prices at this liquidity, each division rounded alike."""
    low, high = (price_a, price_b) if price_a < price_b else (price_b, price_a)
    product = (liquidity << 96) * (high - low)
    return -(-product // high // low) if round_up else product // high // low


def amount1_between(price_a: int, price_b: int, liquidity: int, round_up: bool) -> int:
    """Give the token1 between two square-root prices at this liquidity."""
    product = liquidity * abs(price_b - price_a)
    return -(-product >> 96) if round_up else product >> 96


def price_after_in(price: int, liquidity: int, amount: int, zero_for_one: bool) -> int:
    """Give the square-root price after an amount in (the fee taken off). Raises Overflows."""
    if not liquidity:
        raise NoInput("a range without liquidity takes nothing")
    if not zero_for_one:
        return _within_160(price + (amount << 96) // liquidity)
    if not amount:
        return price
    numerator, product = liquidity << 96, amount * price
    # Where the product leaves 256 bits the contract takes a coarser formula, and so must we.
    if product < _WIDTH_256 and numerator + product < _WIDTH_256:
        return -(-numerator * price // (numerator + product))
    return -(-numerator // (numerator // price + amount))


def price_after_out(price: int, liquidity: int, amount: int, zero_for_one: bool) -> int:
    """Give the square-root price after an amount out. Raises TooMuch or Overflows."""
    if not liquidity:
        raise NoInput("a range without liquidity gives nothing")
    if zero_for_one:
        fall = -((-amount << 96) // liquidity)
        if fall >= price:
            raise TooMuch("the range does not hold that much of token1")
        return price - fall
    if not amount:
        return price
    numerator, product = liquidity << 96, amount * price
    if product >= _WIDTH_256 or product >= numerator:
        raise TooMuch("the range does not hold that much of token0")
    return _within_160(-(-numerator * price // (numerator - product)))


def _within_160(price: int) -> int:
    if price >= _WIDTH_160:
        raise Overflows("the square-root price would leave 160 bits")
    return price


class Step(NamedTuple):
    """One stretch of a swap: where the price got to, what went in, what came out, and the fee."""

    price: int
    amount_in: int
    amount_out: int
    fee: int


def step_in(price: int, target: int, liquidity: int, remaining: int, fee: int) -> Step:
    """Swap what remains of an amount in towards a target price, at one liquidity."""
    down = price >= target
    between = amount0_between if down else amount1_between
    after_fee = remaining * (PIPS - fee) // PIPS
    taken = between(target, price, liquidity, True)
    reached = target
    if after_fee < taken:
        reached = price_after_in(price, liquidity, after_fee, down)
        if reached != target:
            taken = between(reached, price, liquidity, True)
    other = amount1_between if down else amount0_between
    given = other(reached, price, liquidity, False)
    charged = remaining - taken if reached != target else -(-taken * fee // (PIPS - fee))
    return Step(reached, taken, given, charged)


def step_out(price: int, target: int, liquidity: int, remaining: int, fee: int) -> Step:
    """Swap for what remains of an amount out towards a target price, at one liquidity."""
    down = price >= target
    other = amount1_between if down else amount0_between
    given = other(target, price, liquidity, False)
    reached = target
    if remaining < given:
        reached = price_after_out(price, liquidity, remaining, down)
        if reached != target:
            given = other(reached, price, liquidity, False)
    between = amount0_between if down else amount1_between
    taken = between(reached, price, liquidity, True)
    return Step(reached, taken, min(given, remaining), -(-taken * fee // (PIPS - fee)))
