"""Ticks and square-root prices."""

from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbbot.pools.errors import PriceLimit
from arbbot.pools.ticks import MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK, sqrt_price_at, tick_at

TICKS = st.integers(MIN_TICK, MAX_TICK)


def true_square_root_price(tick: int) -> Fraction:
    """The definition: sqrt(1.0001**tick) * 2**96, with 300 bits behind the point."""
    power = Fraction(10001, 10000) ** abs(tick) if abs(tick) < 400 else None
    if power is None:
        scale, value, base = 400, 1 << 400, (10001 << 400) // 10000
        exponent = abs(tick)
        while exponent:
            if exponent & 1:
                value = value * base >> scale
            base = base * base >> scale
            exponent >>= 1
        power = Fraction(value, 1 << scale)
    if tick < 0:
        power = 1 / power
    return Fraction(isqrt(power.numerator * (1 << 792) // power.denominator), 1 << 300)


def test_the_contracts_own_bounds_are_met() -> None:
    """The ends of the tick range have the prices that the contracts state."""
    assert sqrt_price_at(MIN_TICK) == MIN_SQRT_PRICE
    assert sqrt_price_at(MAX_TICK) == MAX_SQRT_PRICE
    assert sqrt_price_at(0) == 1 << 96


@settings(max_examples=150, deadline=None)
@given(TICKS)
def test_a_tick_price_is_the_definition_within_its_fixed_point(tick: int) -> None:
    """Twenty roundings in 128 bits, turned over for rising ticks, are all that parts it from the truth."""
    truth = true_square_root_price(tick)
    turned_over = truth**2 * 24 / 2**224 if tick > 0 else 0
    assert abs(sqrt_price_at(tick) - truth) <= 2 + turned_over


@settings(max_examples=300, deadline=None)
@given(st.integers(MIN_SQRT_PRICE, MAX_SQRT_PRICE - 1))
def test_a_price_lies_between_its_tick_and_the_next(price: int) -> None:
    """tick_at gives the greatest tick whose price is not above."""
    tick = tick_at(price)
    assert sqrt_price_at(tick) <= price < sqrt_price_at(tick + 1)


@settings(max_examples=300, deadline=None)
@given(st.integers(MIN_TICK, MAX_TICK - 1), st.sampled_from([0, 1, -1]))
def test_a_price_beside_a_tick_falls_on_the_right_side(tick: int, beside: int) -> None:
    """At the very price of a tick, one above and one below, the tick is exact."""
    price = sqrt_price_at(tick) + beside
    if not MIN_SQRT_PRICE <= price < MAX_SQRT_PRICE:
        return
    assert tick_at(price) == (tick - 1 if beside < 0 else tick)


def test_prices_rise_with_every_tick() -> None:
    """Neighbouring ticks never share a price, not even at the cheap end."""
    for start in (MIN_TICK, -100_000, -3, 0, 100_000, MAX_TICK - 50):
        prices = [sqrt_price_at(tick) for tick in range(start, start + 50)]
        assert prices == sorted(set(prices))


@pytest.mark.parametrize("price", [0, MIN_SQRT_PRICE - 1, MAX_SQRT_PRICE])
def test_a_price_out_of_range_has_no_tick(price: int) -> None:
    """Outside the contracts' range there is no answer, not a wrong one."""
    with pytest.raises(PriceLimit):
        tick_at(price)


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1])
def test_a_tick_out_of_range_has_no_price(tick: int) -> None:
    """Outside the contracts' range there is no answer, not a wrong one."""
    with pytest.raises(PriceLimit):
        sqrt_price_at(tick)
