"""Money, ticks and fees."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localvenues.polymarket.exchange.fees import FREE, FeeSchedule
from localvenues.polymarket.exchange.money import ONE, down, micro, places, text, up
from localvenues.polymarket.exchange.ticks import TICKS, BadAmounts, read_amounts

AMOUNTS = st.integers(0, 10**15)


@given(AMOUNTS)
def test_a_written_amount_reads_back(value: int) -> None:
    assert micro(text(value)) == value


@given(AMOUNTS)
def test_amounts_are_written_as_shortest_plain_decimals(value: int) -> None:
    """Law: no exponent, no trailing zero, no lonely point; the same number."""
    words = text(value)
    assert Decimal(words) == Decimal(value) / ONE
    assert "E" not in words
    assert "." not in words or not words.endswith(("0", "."))


@pytest.mark.parametrize("words", ["", "-1", "1e3", "0.0000001", ".5", "1.", "1,5", "１"])
def test_what_is_no_plain_decimal_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="is not a decimal"):
        micro(words)


@given(st.integers(0, 10**12), st.integers(0, ONE))
def test_costs_round_apart_by_less_than_a_unit(shares: int, price: int) -> None:
    exact = Decimal(shares) * price / ONE
    assert down(shares, price) <= exact <= up(shares, price)
    assert up(shares, price) - down(shares, price) <= 1


@given(AMOUNTS)
def test_places_counts_decimals(value: int) -> None:
    assert places(value) == max(0, -Decimal(text(value)).as_tuple().exponent)  # type: ignore[operator]


@given(st.sampled_from(sorted(TICKS)), st.data())
def test_a_limit_order_made_by_the_table_is_read_back(name: str, data: st.DataObject) -> None:
    """Law: price and size on the grid go through the amounts unchanged, on both sides."""
    tick = TICKS[name]
    price = tick.size * data.draw(st.integers(1, ONE // tick.size - 1))
    shares = data.draw(st.integers(500, 10**7)) * 10_000
    dollars = shares * price // ONE
    buy, sell = (dollars, shares, True), (shares, dollars, False)
    for making, taking, is_buy in (buy, sell):
        amounts = read_amounts(making, taking, is_buy, False, tick)
        assert (amounts.price, amounts.shares, amounts.budget) == (price, shares, None)


@given(st.sampled_from(sorted(TICKS)), st.data())
def test_a_market_buy_as_clients_round_it_keeps_its_price(name: str, data: st.DataObject) -> None:
    """Law: dollars / price, rounded down to the table's decimals, still reads as that price."""
    tick = TICKS[name]
    price = tick.size * data.draw(st.integers(1, ONE // tick.size - 1))
    dollars = data.draw(st.integers(100, 10**6)) * 10_000
    step = 10 ** (6 - tick.amount_places)
    shares = dollars * ONE // price // step * step
    amounts = read_amounts(dollars, shares, True, True, tick)
    assert (amounts.price, amounts.budget) == (price, dollars)


@pytest.mark.parametrize(
    ("making", "taking", "why"),
    [
        (0, 5_000_000, "higher than 0"),
        (2_500_001, 5_000_000, "max accuracy"),
        (2_500_000, 5_001_000, "max accuracy"),
        (2_525_000, 5_000_000, "minimum tick size"),
        (5_000_000, 5_000_000, "invalid price"),
    ],
)
def test_amounts_off_the_table_are_refused(making: int, taking: int, why: str) -> None:
    with pytest.raises(BadAmounts, match=why):
        read_amounts(making, taking, True, False, TICKS["0.01"])


@given(
    st.integers(0, 10**13),
    st.integers(1, ONE - 1),
    st.sampled_from(["0.03", "0.072", "0.25"]),
    st.integers(1, 2),
)
def test_a_fee_is_the_formula_rounded_to_five_decimals(
    shares: int, price: int, rate: str, exponent: int
) -> None:
    fee = FeeSchedule(Decimal(rate), exponent).fee(shares, price)
    p = Decimal(price) / ONE
    exact = Decimal(shares) / ONE * Decimal(rate) * (p * (1 - p)) ** exponent
    assert fee % 10 == 0
    assert abs(Decimal(fee) / ONE - exact) <= Decimal("0.000005")


def test_markets_without_a_schedule_are_free() -> None:
    assert FREE.fee(10**9, 500_000) == 0


def test_the_recorded_schedule_gives_its_known_fee(recorded: Path) -> None:
    """100 shares at 0.5 under the recorded crypto schedule: 100 x 0.25 x 0.0625."""
    row = json.loads((recorded / "polymarket-cli" / "market_detail.json").read_text())["feeSchedule"]
    schedule = FeeSchedule(Decimal(str(row["rate"])), row["exponent"])
    assert schedule.fee(100 * ONE, 500_000) == 1_562_500
