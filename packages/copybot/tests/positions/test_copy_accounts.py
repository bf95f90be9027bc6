"""The books: what comes in and goes out adds up, and only what is confirmed counts."""

from __future__ import annotations

from fractions import Fraction

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from copybot.model import MICRO, Fee, Level, Market, OwnTrade, Side
from copybot.positions import Lot, PositionLedger, differences, resolved_prices
from copybot.positions.accounts import redeemed, traded
from copybot.state import State

STEPS = st.tuples(
    st.sampled_from(["BUY", "SELL"]), st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10**6)
)


def trade(name: str = "t1", status: str = "CONFIRMED", side: str = "BUY", size: int = 10 * MICRO) -> OwnTrade:
    return OwnTrade(name, "0xo", "1", "0xc", side, (Level(500_000, size),), status, 5.0)  # type: ignore[arg-type]


@given(st.lists(STEPS, max_size=40), st.sampled_from([0, MICRO]))
def test_profit_is_what_flowed(steps: list[tuple[str, int, int, int]], price: int) -> None:
    """After redemption nothing is held, and the realised profit is the sum of all flows of cash."""
    lot, realised, flow = Lot("0xa", "1", "0xc"), 0, 0
    for side, size, amount, fee in steps:
        effect = traded(lot, side, size, amount, fee)  # type: ignore[arg-type]
        lot, realised, flow = effect.lot, realised + effect.realised, flow + effect.flow
        assert lot.size >= 0 and lot.cost >= 0
        assert flow == realised - lot.cost
    end = redeemed(lot, price)
    assert (end.lot.size, flow + end.flow) == (0, realised + end.realised)


def test_a_matched_trade_is_no_position_yet(state: State) -> None:
    """A ghost fill: matched, then failed on chain. It never was a position."""
    books = PositionLedger(state)
    books.open_with(100 * MICRO)
    books.apply(trade(status="MATCHED"), "0xa", 0)
    assert (books.cash, books.lots()) == (100 * MICRO, [])
    books.apply(trade(status="FAILED"), "0xa", 0)
    assert books.apply(trade(status="CONFIRMED"), "0xa", 0) is None  # what is final stays
    assert (books.cash, books.lots()) == (100 * MICRO, [])


@given(st.lists(st.sampled_from(["MATCHED", "MINED", "CONFIRMED", "RETRYING", "bogus"]), max_size=12))
def test_a_trade_counts_once_in_any_order_of_its_news(statuses: list[str]) -> None:
    """Duplicate and late frames change nothing."""
    state = State(":memory:")
    books = PositionLedger(state)
    books.open_with(100 * MICRO)
    for status in [*statuses, "CONFIRMED", "CONFIRMED", "MINED"]:
        books.apply(trade(status=status), "0xa", 50_000)
    assert books.cash == 100 * MICRO - 5 * MICRO - 50_000
    assert [lot.size for lot in books.lots()] == [10 * MICRO]
    state.close()


def test_the_books_survive_a_restart(state: State) -> None:
    """What the books began with is asked once."""
    first = PositionLedger(state)
    first.open_with(100 * MICRO)
    first.apply(trade(), "0xa", 0)
    second = PositionLedger(state)
    second.open_with(7)
    assert second.cash == 95 * MICRO and second.lot("0xa", "1") is not None


def test_makers_pay_no_fee_and_matches_are_added_up() -> None:
    """The fee is that of each match; a maker's is none."""
    fee = Fee(
        rate=msgspec.convert("0.25", type=type(Fee().rate)),
        exponent=msgspec.convert("2", type=type(Fee().rate)),
    )
    taken = OwnTrade(
        "t", "o", "1", "c", "BUY", (Level(500_000, 8 * MICRO), Level(900_000, 2 * MICRO)), "", 0.0
    )
    assert taken.cost == 5_800_000
    assert taken.fee(fee) == 125_000 + 4_050
    assert msgspec.structs.replace(taken, taker=False).fee(fee) == 0


def test_a_lot_pays_by_the_market_and_only_once(state: State) -> None:
    """Winners pay a dollar, losers nothing; asked twice, it pays once."""
    books = PositionLedger(state)
    books.open_with(0)
    books.apply(trade(), "0xa", 0)
    assert books.redeem("0xc", {"1": MICRO, "2": 0}, 9.0) == 10 * MICRO
    assert books.redeem("0xc", {"1": MICRO, "2": 0}, 9.0) == 0
    assert books.totals().realised == 5 * MICRO == books.cash


def test_only_a_resolved_market_pays() -> None:
    """A closed market whose prices are no ones and zeros is not resolved yet."""
    base = Market("0xc", "", "", ("1", "2"), (), (MICRO, 0), 1, 1, False, True, True, False, None, 0, Fee())
    assert resolved_prices(base) == {"1": MICRO, "2": 0}
    assert resolved_prices(msgspec.structs.replace(base, closed=False)) is None
    assert resolved_prices(msgspec.structs.replace(base, prices=(995_000, 5_000))) is None


def test_differences_name_what_differs() -> None:
    """More than a cent of cash, more than a hundredth of a share."""
    lots = [Lot("a", "1", "c", 5 * MICRO, 1), Lot("b", "1", "c", MICRO, 1)]
    found = differences(100, [], 100 + 20_000, lots)
    assert [(one.what, one.venue, one.books) for one in found] == [("cash", 100, 20_100), ("1", 0, 6 * MICRO)]


SIDES = st.sampled_from(["BUY", "SELL"])


@given(SIDES, st.lists(st.tuples(st.integers(1, 10**10), st.integers(1, MICRO - 1)), min_size=1, max_size=5))
def test_roundings_are_the_takers_loss(side: Side, matches: list[tuple[int, int]]) -> None:
    """A taker pays and gets whole millionths, each rounded against it; what it loses the maker has."""
    levels = tuple(Level(price, size) for size, price in matches)
    exact = sum(Fraction(size * price, MICRO) for size, price in matches)
    costs = {
        taker: OwnTrade("t", "o", "1", "0xc", side, levels, "CONFIRMED", 1.0, taker).cost
        for taker in (True, False)
    }
    worse = 1 if side == "BUY" else -1
    assert 0 <= worse * (costs[True] - exact) < len(matches)
    assert 0 <= worse * (exact - costs[False]) < len(matches)
