"""Camelot's stable curve, judged by the curve's definition in exact fractions."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbbot.pools import StableCurve
from arbbot.pools.errors import NoInput, TooMuch

UNIT = st.sampled_from([10**6, 10**8, 10**18])


def power(x: Fraction, y: Fraction) -> Fraction:
    """The quantity that a trade keeps."""
    return x**3 * y + y**3 * x


def true_out(curve: StableCurve, zero_for_one: bool, amount: int) -> Fraction:
    """Bisect the definition for what may come out, in units of the token out."""
    x, y = Fraction(curve.reserve0, curve.unit0), Fraction(curve.reserve1, curve.unit1)
    units = (curve.unit0, curve.unit1)
    if not zero_for_one:
        x, y, units = y, x, units[::-1]
    kept = amount - amount * curve.fee(zero_for_one) // 1_000_000
    kept_power, richer = power(x, y), x + Fraction(kept, units[0])
    low, high = 0, int(y * 10**24) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if power(richer, Fraction(middle, 10**24)) >= kept_power:
            high = middle
        else:
            low = middle
    return (y - Fraction(high, 10**24)) * units[1]


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1_000, 10**7),
    st.integers(50, 200),
    UNIT,
    UNIT,
    st.sampled_from([100, 400, 3000]),
    st.floats(1e-6, 0.3),
    st.booleans(),
)
def test_a_quote_lies_on_the_curve(
    whole: int, tilt: int, unit0: int, unit1: int, fee: int, share: float, zero_for_one: bool
) -> None:
    """Newton's method in 18 decimals meets the exact curve to a unit of the token and 1e-14 of the pool."""
    curve = StableCurve(whole * unit0, whole * tilt // 100 * unit1, unit0, unit1, fee, fee)
    amount = max(int((curve.reserve0 if zero_for_one else curve.reserve1) * share), 1)
    truth = true_out(curve, zero_for_one, amount)
    reserve_out = curve.reserve1 if zero_for_one else curve.reserve0
    assert abs(curve.quote(zero_for_one, amount) - truth) <= 2 + Fraction(reserve_out, 10**14)


def test_equal_reserves_trade_near_one_to_one() -> None:
    """That is what the curve is for: a thousandth of the pool moves the price by almost nothing."""
    curve = StableCurve(10**12, 10**12, 10**6, 10**6, 0, 0)
    assert 10**9 - 10 <= curve.quote(True, 10**9) <= 10**9


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9 * 10**11), st.booleans())
def test_what_is_needed_is_the_least_that_buys_the_amount(wanted: int, zero_for_one: bool) -> None:
    """Halving ends at the first amount that pays enough."""
    curve = StableCurve(10**12, 11 * 10**11, 10**6, 10**6, 400, 400)
    needed = curve.needed(zero_for_one, wanted)
    assert curve.quote(zero_for_one, needed) >= wanted
    assert needed == 1 or curve.quote(zero_for_one, needed - 1) < wanted


@settings(max_examples=60, deadline=None)
@given(st.integers(10**6, 10**14), st.integers(10**6, 10**14), st.booleans())
def test_the_spot_price_bounds_small_trades(reserve0: int, reserve1: int, zero_for_one: bool) -> None:
    """The marginal price is what a thousandth of the pool gets, less the price's own movement."""
    curve = StableCurve(reserve0, reserve1, 10**6, 10**6, 0, 0)
    amount = max((reserve0 if zero_for_one else reserve1) // 1000, 1)
    out, into = curve.spot(zero_for_one)
    assert curve.quote(zero_for_one, amount) <= Fraction(amount * out, into) + 2


def test_the_stable_pair_refuses_what_cannot_be_paid() -> None:
    """Nothing in and more than the reserve are refused, as words of the same tree."""
    curve = StableCurve(10**12, 10**12, 10**6, 10**6, 400, 400)
    with pytest.raises(NoInput):
        curve.quote(True, 0)
    with pytest.raises(NoInput):
        curve.needed(True, 0)
    with pytest.raises(TooMuch):
        curve.exact_out(True, 10**12)
    trade = curve.exact_out(True, 10**9)
    assert (trade.after.quote(True, 1000), trade.amount_out) == (
        curve.exact_in(True, trade.amount_in).after.quote(True, 1000),
        10**9,
    )
