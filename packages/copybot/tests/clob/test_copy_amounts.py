"""Ticks and decimals: what is sent is what the venue takes, and never worse than was decided."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copybot.clob.amounts import DECIMALS, limit_amounts, market_amounts, on_tick, whole_shares
from copybot.model import MICRO

TICKS = st.sampled_from(sorted(DECIMALS))
SIDES = st.sampled_from(["BUY", "SELL"])


def places(amount: int) -> int:
    """Return the decimals that an amount needs."""
    return len(f"{amount % MICRO:06d}".rstrip("0"))


@given(st.integers(1, MICRO - 1), TICKS, SIDES)
def test_a_rounded_price_is_on_the_tick_and_no_worse(price: int, tick: int, side: str) -> None:
    """A buyer's limit is rounded down, a seller's up; at the ends of the range the range wins."""
    rounded = on_tick(price, tick, side)  # type: ignore[arg-type]
    assert rounded % tick == 0 and tick <= rounded <= MICRO - tick
    if tick <= price <= MICRO - tick:
        assert (rounded <= price) if side == "BUY" else (rounded >= price)


@given(st.integers(1, 9_999), st.integers(10_000, 10**12), TICKS, SIDES)
def test_limit_amounts_have_the_decimals_of_their_tick(step: int, size: int, tick: int, side: str) -> None:
    """Their quotient is the price, exactly."""
    price = min(step * tick, MICRO - tick)
    size = whole_shares(size)
    maker, taker = limit_amounts(side, price, size, tick)  # type: ignore[arg-type]
    money, shares = (maker, taker) if side == "BUY" else (taker, maker)
    assert places(money) <= DECIMALS[tick][2] and places(shares) <= 2
    assert money * MICRO == shares * price


@given(st.integers(1, 9_999), st.integers(2 * MICRO, 10**10), TICKS)
def test_a_market_purchase_gives_cents_and_takes_enough(step: int, size: int, tick: int) -> None:
    """The shares asked for never imply a price above the limit."""
    price = min(step * tick, MICRO - tick)
    spent, shares = market_amounts("BUY", price, size, tick)
    assert places(spent) <= 2 and places(shares) <= DECIMALS[tick][2]
    assert spent <= size * price // MICRO
    assert spent * MICRO <= shares * price
