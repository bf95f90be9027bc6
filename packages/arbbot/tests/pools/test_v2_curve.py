"""The constant product, judged by its invariant and by recorded answers of real pairs."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbbot.pools import PIPS, ProductCurve
from arbbot.pools.errors import NoInput, Overflows, TooMuch

RECORDED = Path(__file__).resolve().parents[5] / "shared" / "data" / "arbitrum" / "pools"
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded data (../shared/data) is absent")

RESERVE = st.integers(1, (1 << 112) - 1)
AMOUNT = st.integers(1, 1 << 112)
FEE = st.sampled_from([0, 100, 2500, 3000, 10_000])


def keeps_product(curve: ProductCurve, zero_for_one: bool, amount: int, out: int) -> bool:
    """The pair's own check at the end of a swap: the product, fee taken off, must not fall."""
    into, held = curve.reserve0, curve.reserve1
    if not zero_for_one:
        into, held = held, into
    return (into * PIPS + amount * (PIPS - curve.fee(zero_for_one))) * (held - out) >= into * held * PIPS


@settings(max_examples=300, deadline=None)
@given(RESERVE, RESERVE, AMOUNT, FEE, FEE, st.booleans())
def test_a_quote_is_the_most_that_the_pair_lets_go(
    reserve0: int, reserve1: int, amount: int, fee0: int, fee1: int, zero_for_one: bool
) -> None:
    """One unit more would break the invariant; so the quote is exact, by the definition of the pair."""
    curve = ProductCurve(reserve0, reserve1, fee0, fee1)
    out = curve.quote(zero_for_one, amount)
    assert keeps_product(curve, zero_for_one, amount, out)
    assert not keeps_product(curve, zero_for_one, amount, out + 1)


@settings(max_examples=300, deadline=None)
@given(RESERVE, RESERVE, AMOUNT, FEE, st.booleans())
def test_what_is_needed_buys_the_amount_and_hardly_more_than_needed(
    reserve0: int, reserve1: int, wanted: int, fee: int, zero_for_one: bool
) -> None:
    """The contract rounds down and adds one, so at most one unit could have been saved."""
    curve = ProductCurve(reserve0, reserve1, fee, fee)
    if wanted >= (reserve1 if zero_for_one else reserve0):
        with pytest.raises(TooMuch):
            curve.needed(zero_for_one, wanted)
        return
    needed = curve.needed(zero_for_one, wanted)
    assert curve.quote(zero_for_one, needed) >= wanted
    assert needed < 3 or curve.quote(zero_for_one, needed - 2) < wanted


@given(st.integers(10**6, 1 << 100), st.integers(10**6, 1 << 100), st.integers(10**4, 1 << 90), st.booleans())
def test_a_trade_moves_the_reserves_by_what_is_traded(
    reserve0: int, reserve1: int, amount: int, zero_for_one: bool
) -> None:
    """What goes in is added, what comes out is taken, the fees stay."""
    curve = ProductCurve(reserve0, reserve1, 3000, 500)
    try:
        trade = curve.exact_in(zero_for_one, amount)
    except NoInput:
        assert curve.quote(zero_for_one, amount) == 0
        return
    moved = (amount, -trade.amount_out) if zero_for_one else (-trade.amount_out, amount)
    assert trade.after == ProductCurve(reserve0 + moved[0], reserve1 + moved[1], 3000, 500)


def test_a_pair_refuses_what_its_contract_refuses() -> None:
    """Nothing in, nothing out, an empty pair and a reserve beyond 112 bits revert."""
    curve = ProductCurve(1000, 10**30)
    for amount in (0, -1):
        with pytest.raises(NoInput):
            curve.quote(True, amount)
    with pytest.raises(NoInput):
        curve.exact_in(False, 1)
    with pytest.raises(NoInput):
        ProductCurve(0, 0).quote(True, 5)
    with pytest.raises(Overflows):
        curve.exact_in(True, 1 << 112)


def test_the_segment_is_the_curve_itself() -> None:
    """Rounded down, the quotient of lines is the quote."""
    curve = ProductCurve(10**24, 3 * 10**12, 3000, 500)
    for zero_for_one in (True, False):
        piece = curve.segment(zero_for_one)
        assert piece is not None and curve.segment(zero_for_one, piece) is None
        for amount in (1, 10**6, 10**15, 10**20):
            assert piece.a * amount // (piece.b + piece.c * amount) == curve.quote(zero_for_one, amount)


@recorded
def test_pancake_pair_answers_as_recorded() -> None:
    """All recorded getAmountsOut answers of a Pancake V2 pair."""
    state = json.loads((RECORDED / "base_pancakeswap_v2_weth_usdbc.state.json").read_text())
    fee = state["fee_numer"] * PIPS // state["fee_denom"]
    curve = ProductCurve(state["reserves_token0"], state["reserves_token1"], fee, fee)
    entries = json.loads((RECORDED / "base_pancakeswap_v2.quotes.json").read_text())["entries"]
    assert entries
    for name, entry in entries.items():
        _, _, direction, amount = name.split("|")
        zero_for_one = direction.split("->")[0] == state["token0"]["symbol"]
        assert curve.quote(zero_for_one, int(amount)) == entry["value"], name


@recorded
def test_camelot_pair_answers_as_recorded() -> None:
    """The recorded getAmountOut answer of a volatile Camelot pair, whose fee the pair's 0.3 % explains."""
    rows = json.loads((RECORDED / "arbitrum_camelot_v2.json").read_text())
    assert rows
    for row in rows:
        curve = ProductCurve(int(row["reserve0"]), int(row["reserve1"]), 3000, 3000)
        out = curve.quote(row["token_in"] == "token0", int(row["amount_in"]))
        assert out == int(row["expected_amount_out"]), row["name"]
