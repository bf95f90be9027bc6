"""Ticks and square-root prices, exactly as the V3 contracts round them.

A tick t stands for the price 1.0001**t; a square-root price is sqrt(token1/token0) * 2**96.
Source: Uniswap V3 core whitepaper, section 6.1, and the rounding of its TickMath library.
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt, log

from arbbot.pools.errors import PriceLimit

MIN_TICK = -887272
MAX_TICK = 887272
MIN_SQRT_PRICE = 4295128739
MAX_SQRT_PRICE = 1461446703485210103287273052203988822378723970342

_Q96_LOG = 96 * log(2)
_HALF_LOG_BASE = log(1.0001) / 2


def _falling_powers() -> tuple[int, ...]:
    """Give 1.0001**(-2**i / 2) for i = 0..19 with 128 fractional bits, rounded to nearest."""
    precision = 512
    power = isqrt((1 << (2 * precision)) * 10000 // 10001)
    powers = []
    for _ in range(20):
        powers.append((power + (1 << (precision - 129))) >> (precision - 128))
        power = (power * power) >> precision
    return tuple(powers)


_POWERS = _falling_powers()


# Word boundaries and initialized ticks come back all the time; 65,536 entries are about 10 MB at most.
@lru_cache(maxsize=1 << 16)
def sqrt_price_at(tick: int) -> int:
    """Give the square-root price at a tick (160 bits, rounded up). Raises PriceLimit beyond the ticks."""
    magnitude = abs(tick)
    if magnitude > MAX_TICK:
        raise PriceLimit(f"tick {tick} is beyond {MAX_TICK}")
    ratio = 1 << 128
    bit = 0
    while magnitude:
        if magnitude & 1:
            ratio = (ratio * _POWERS[bit]) >> 128
        magnitude >>= 1
        bit += 1
    if tick > 0:
        ratio = ((1 << 256) - 1) // ratio
    return (ratio + 0xFFFFFFFF) >> 32


def tick_at(sqrt_price: int) -> int:
    """Give the greatest tick whose square-root price is at most this one. Raises PriceLimit."""
    if not MIN_SQRT_PRICE <= sqrt_price < MAX_SQRT_PRICE:
        raise PriceLimit(f"square-root price {sqrt_price} is out of range")
    # The logarithm errs by less than 1e-8 of a tick; the exact comparisons below decide.
    tick = int((log(sqrt_price) - _Q96_LOG) / _HALF_LOG_BASE // 1)
    tick = min(max(tick, MIN_TICK), MAX_TICK - 1)
    if sqrt_price_at(tick) > sqrt_price:
        return tick - 1
    return tick + 1 if sqrt_price_at(tick + 1) <= sqrt_price else tick
