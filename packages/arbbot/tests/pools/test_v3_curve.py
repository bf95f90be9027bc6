"""Concentrated liquidity, judged by recorded quoter answers and by a slow reference of its own."""

import json
from collections import defaultdict
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from arbbot.pools import PoolError, Segment, TickCurve, TickLiquidity, TickMap, Trade, UnknownTicks
from arbbot.pools.errors import NoInput, Overflows, PriceLimit, TooMuch
from arbbot.pools.ticks import MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK, sqrt_price_at, tick_at

RECORDED = Path(__file__).resolve().parents[5] / "shared" / "data" / "arbitrum" / "pools"
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded data (../shared/data) is absent")

Q96 = 1 << 96
FEES = {1: 100, 10: 500, 50: 2500, 60: 3000, 200: 10_000}


def pool_of(spacing: int, position: int, beside: float, positions: list[tuple[int, int, int]]) -> TickCurve:
    """Build a pool whose price lies beside a tick, from positions (lower, width, liquidity)."""
    net: dict[int, int] = defaultdict(int)
    gross: dict[int, int] = defaultdict(int)
    for lower, width, liquidity in positions:
        for tick, change in ((lower * spacing, liquidity), ((lower + width) * spacing, -liquidity)):
            net[tick] += change
            gross[tick] += liquidity
    tick = position * spacing
    low, high = sqrt_price_at(tick), sqrt_price_at(tick + spacing)
    price = low + int((high - low) * beside)
    tick = tick_at(price)
    liquidity = sum(change for at, change in net.items() if at <= tick)
    entries = {at: TickLiquidity(gross[at], net[at]) for at in net}
    return TickCurve(price, tick, liquidity, TickMap(spacing, entries), FEES[spacing])


def ended(trade: Trade) -> TickCurve:
    """Give the V3 curve after a trade."""
    assert isinstance(trade.after, TickCurve)
    return trade.after


@st.composite
def pools(draw: st.DrawFn) -> TickCurve:
    """Pools of every spacing with a few overlapping positions around the price, gaps included."""
    spacing = draw(st.sampled_from(list(FEES)))
    reach = min(600, MAX_TICK // spacing - 60)
    position = draw(st.integers(-reach, reach))
    positions = draw(
        st.lists(
            st.tuples(
                st.integers(-300, 50).map(lambda at: at + position),
                st.integers(1, 320),
                st.integers(10**6, 10**24),
            ),
            min_size=1,
            max_size=6,
        )
    )
    return pool_of(spacing, position, draw(st.floats(0, 0.999)), positions)


def slow_swap(curve: TickCurve, zero_for_one: bool, amount: int, exact_in: bool) -> tuple[int, ...]:
    """Swap by the whitepaper in fractions, rounding where it says so, over a literal bitmap.

    Gives amount in, amount out, price and liquidity at the end.
    """
    spacing, fee = curve.map.spacing, Fraction(curve.pips, 10**6)
    price, tick, liquidity = curve.sqrt_price, curve.tick, curve.liquidity
    limit = MIN_SQRT_PRICE + 1 if zero_for_one else MAX_SQRT_PRICE - 1
    left, taken, given_out = amount, 0, 0

    def amounts(target: int) -> tuple[int, int]:
        lower, upper = sorted((price, target))
        token0 = Fraction(liquidity * Q96 * (upper - lower), upper * lower)
        token1 = Fraction(liquidity * (upper - lower), Q96)
        # the pool rounds token0 twice when it asks for it: once per division
        asked0 = ceil(Fraction(ceil(Fraction(liquidity * Q96 * (upper - lower), upper)), lower))
        return (asked0, floor(token1)) if zero_for_one else (ceil(token1), floor(token0))

    while left and price != limit:
        at = tick // spacing if zero_for_one else tick // spacing + 1
        word = at >> 8
        while at * spacing not in curve.map.entries and (at - 1 if zero_for_one else at + 1) >> 8 == word:
            at += -1 if zero_for_one else 1
        edge = min(max(at * spacing, MIN_TICK), MAX_TICK)
        edge_price = sqrt_price_at(edge)
        target = max(edge_price, limit) if zero_for_one else min(edge_price, limit)
        asked, paid = amounts(target)
        budget = floor(left * (1 - fee)) if exact_in else left
        if budget < (asked if exact_in else paid):
            stop = stopping_price(price, liquidity, budget, zero_for_one, exact_in)
        else:
            stop = target
        asked, paid = amounts(stop)
        if not exact_in:
            paid = min(paid, left)
        charge = left - asked if exact_in and stop != target else ceil(asked * fee / (1 - fee))
        taken, given_out = taken + asked + charge, given_out + paid
        left -= asked + charge if exact_in else paid
        if stop == edge_price:
            if edge in curve.map.entries:
                change = curve.map.entries[edge].net
                liquidity += -change if zero_for_one else change
            tick = edge - 1 if zero_for_one else edge
        price = stop
        if stop != edge_price:
            break
    return taken, given_out, price, liquidity


def stopping_price(price: int, liquidity: int, amount: int, zero_for_one: bool, exact_in: bool) -> int:
    """Solve the range for the price that an amount moves it to, rounded for the pool."""
    if zero_for_one == exact_in:  # token0 moves: 1/sqrtP changes by amount / L
        change = Fraction(amount, liquidity * Q96)
        inverse = Fraction(1, price) + (change if exact_in else -change)
        return ceil(1 / inverse)
    change = Fraction(amount * Q96, liquidity)  # token1 moves: sqrtP changes by amount / L
    return floor(price + change) if exact_in else floor(price - change)


@settings(max_examples=250, deadline=None)
@given(pools(), st.booleans(), st.integers(1, 10**27), st.booleans())
def test_a_swap_is_the_whitepapers_to_the_last_unit(
    curve: TickCurve, zero_for_one: bool, amount: int, exact_in: bool
) -> None:
    """Amounts, price and liquidity agree with a slow reference over a literal bitmap."""
    expected = slow_swap(curve, zero_for_one, amount, exact_in)
    try:
        trade = (curve.exact_in if exact_in else curve.exact_out)(zero_for_one, amount)
    except TooMuch:
        assume(False)
    assert (trade.amount_in, trade.amount_out, ended(trade).sqrt_price, ended(trade).liquidity) == expected


@settings(max_examples=150, deadline=None)
@given(pools(), st.booleans(), st.integers(1, 10**24))
def test_a_curve_after_a_trade_is_consistent(curve: TickCurve, zero_for_one: bool, amount: int) -> None:
    """Its liquidity is that of the positions around its tick, its price lies at its tick or the next edge."""
    after = ended(curve.exact_in(zero_for_one, amount))
    assert after.liquidity == sum(entry.net for at, entry in curve.map.entries.items() if at <= after.tick)
    assert sqrt_price_at(after.tick) <= after.sqrt_price <= sqrt_price_at(after.tick + 1)


@settings(max_examples=150, deadline=None)
@given(pools(), st.booleans(), st.integers(1, 10**24), st.floats(0.01, 0.99))
def test_a_limit_stops_a_swap_at_its_price(
    curve: TickCurve, zero_for_one: bool, amount: int, share: float
) -> None:
    """A swap with a limit is the unlimited one, or ends at the limit having taken no more."""
    free = curve.exact_in(zero_for_one, amount)
    limit = curve.sqrt_price + int((ended(free).sqrt_price - curve.sqrt_price) * share)
    assume(limit not in (curve.sqrt_price, ended(free).sqrt_price))
    assume(MIN_SQRT_PRICE < limit < MAX_SQRT_PRICE)
    limited = curve.exact_in(zero_for_one, amount, limit)
    assert ended(limited).sqrt_price == limit
    assert limited.amount_in <= free.amount_in and limited.amount_out <= free.amount_out


@settings(max_examples=150, deadline=None)
@given(pools(), st.booleans(), st.lists(st.integers(1, 10**26), min_size=2, max_size=2))
def test_a_quote_rises_with_the_amount_and_pays_ever_less_per_unit(
    curve: TickCurve, zero_for_one: bool, amounts: list[int]
) -> None:
    """The detector's screens rest on this: increasing, and never above the marginal price."""
    small, large = sorted(amounts)
    assert curve.quote(zero_for_one, small) <= curve.quote(zero_for_one, large)
    out, into = curve.spot(zero_for_one)
    kept = Fraction(10**6 - curve.pips, 10**6)
    assert curve.quote(zero_for_one, large) <= large * kept * Fraction(out, into)


@settings(max_examples=150, deadline=None)
@given(pools(), st.booleans(), st.integers(1, 10**26))
def test_the_pieces_of_the_curve_bound_every_quote_closely(
    curve: TickCurve, zero_for_one: bool, amount: int
) -> None:
    """A piece's formula never gives less than the contract, and more only by what rounding takes."""
    pieces = [curve.segment(zero_for_one)]
    while pieces[-1] is not None and (pieces[-1].end_in or 0) < amount:
        pieces.append(curve.segment(zero_for_one, pieces[-1]))
    quote = curve.quote(zero_for_one, amount)
    last = pieces[-1] or next((piece for piece in reversed(pieces) if piece), None)
    if last is None:
        assert quote == 0
        return
    bound = Fraction(last.end_out) if pieces[-1] is None else value(last, amount)
    assert quote <= ceil(bound)
    out, into = curve.spot(zero_for_one)
    # each word's edge costs a unit of either token, and the price is cut to 96 bits
    steps = 2000
    fine = 1 + Fraction(last.a, last.b) + Fraction(out, into)
    granular = Fraction(max(curve.liquidity, 1) * 4, Q96) + Fraction(4 * 10**24 * Q96, curve.sqrt_price**2)
    assert bound - quote <= steps * fine + granular


def value(piece: Segment, amount: int) -> Fraction:
    """Evaluate a piece's formula."""
    along = amount - piece.start_in
    return piece.start_out + Fraction(piece.a * along, piece.b + piece.c * along)


@settings(max_examples=150, deadline=None)
@given(pools(), st.booleans(), st.integers(1, 10**22))
def test_what_is_needed_pays_the_amount(curve: TickCurve, zero_for_one: bool, wanted: int) -> None:
    """An exact-out swap gives all of it or is refused; it takes no less than it is worth."""
    try:
        needed = curve.needed(zero_for_one, wanted)
    except PoolError:
        return
    trade = curve.exact_out(zero_for_one, wanted)
    assert (trade.amount_in, trade.amount_out) == (needed, wanted)
    out, into = curve.spot(zero_for_one)
    assert needed * out >= wanted * into


def test_a_swap_that_empties_the_pool_takes_only_what_fits() -> None:
    """Beyond the last position nothing more goes in and the price runs to the end."""
    curve = pool_of(60, 0, 0.5, [(-10, 20, 10**12)])
    for zero_for_one in (True, False):
        trade = curve.exact_in(zero_for_one, 10**30)
        assert trade.amount_in < 10**30 and ended(trade).liquidity == 0
        assert ended(trade).sqrt_price == (MIN_SQRT_PRICE + 1 if zero_for_one else MAX_SQRT_PRICE - 1)
        with pytest.raises(TooMuch):
            curve.needed(zero_for_one, 10**30)


def test_a_pool_refuses_what_its_contract_refuses() -> None:
    """Zero, amounts beyond 255 bits, and limits on the wrong side revert."""
    curve = pool_of(60, 0, 0.5, [(-10, 20, 10**12)])
    with pytest.raises(NoInput):
        curve.exact_in(True, 0)
    with pytest.raises(Overflows):
        curve.exact_in(True, 1 << 255)
    for zero_for_one, limit in ((True, curve.sqrt_price), (True, MIN_SQRT_PRICE), (False, curve.sqrt_price)):
        with pytest.raises(PriceLimit):
            curve.exact_in(zero_for_one, 10, limit)


def test_ticks_that_were_not_loaded_are_unknown() -> None:
    """A swap that would leave the loaded words is refused, not guessed."""
    full = pool_of(1, 0, 0.5, [(-2000, 4000, 10**12)])
    part = TickCurve(full.sqrt_price, full.tick, full.liquidity, TickMap(1, {}, (-1, 0)), full.pips)
    assert part.quote(True, 1000) == full.quote(True, 1000)
    with pytest.raises(UnknownTicks):
        part.quote(True, 10**12)
    piece = part.segment(True)
    assert piece is not None and part.segment(True, piece) is None


@recorded
def test_the_quoters_recorded_answers_are_met() -> None:
    """All directions and kinds of a real pool, from one unit to 2**255, to the last unit."""
    state = json.loads((RECORDED / "univ3_wbtc_weth.state.json").read_text())
    scalars = state["scalars"]
    entries = {int(tick): TickLiquidity(gross, net) for tick, (gross, net, _) in state["tick_data"].items()}
    curve = TickCurve(
        scalars["sqrt_price_x96"],
        scalars["tick"],
        scalars["liquidity"],
        TickMap(scalars["tick_spacing"], entries),
        scalars["fee"],
    )
    quotes = json.loads((RECORDED / "univ3_wbtc_weth.quotes.json").read_text())["entries"]
    assert quotes
    for name, entry in quotes.items():
        _, kind, direction, amount = name.split("|")
        zero_for_one = direction.split("->")[0] == state["token0"]["symbol"]
        if kind == "quoteExactInputSingle":
            answer = curve.quote(zero_for_one, int(amount))
        else:
            answer = curve.exact_out(zero_for_one, int(amount)).amount_in
        assert answer == entry["value"], name


@recorded
def test_the_recorded_tick_crossings_are_met() -> None:
    """The synthetic vectors that cross one tick in either direction."""
    vectors = json.loads((RECORDED / "phoenix_cross_tick_vectors.json").read_text())["vectors"]
    assert vectors
    for vector in vectors:
        state = vector["state"]
        entries = {
            row["tick"]: TickLiquidity(int(row["liquidity_gross"]), int(row["liquidity_net"]))
            for row in state["initialized_ticks"]
        }
        tickmap = TickMap(state["tick_spacing"], entries, (-1, 0))
        curve = TickCurve(
            int(state["sqrt_price_x96"]), state["tick"], int(state["liquidity"]), tickmap, state["fee"]
        )
        out = curve.quote(vector["direction"] == "zero_for_one", int(vector["amount_in"]))
        assert out == int(vector["expected_amount_out"])
