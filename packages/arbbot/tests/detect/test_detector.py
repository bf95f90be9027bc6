"""The detector loses no profitable cycle, bounds what it finds, and reports what the contracts pay."""

import random
from collections import defaultdict
from itertools import combinations, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbbot.detect import Detector
from arbbot.detect.detector import _routes
from arbbot.model import Opportunity
from arbbot.pools import (
    Curve,
    Loaded,
    Market,
    Pool,
    PoolError,
    ProductCurve,
    StableCurve,
    TickCurve,
    TickLiquidity,
    TickMap,
)
from arbbot.pools.ticks import sqrt_price_at, tick_at

TOKENS = [bytes([letter]) * 20 for letter in range(1, 6)]
WEI_PER_UNIT = [1.0, 3.3e8, 2.1e11, 0.4, 3.3e8]
"""What a unit of each token is worth in units of token 0: 18, 6, 8, 18 and 6 decimals."""


def unit_price(token0: int, token1: int) -> float:
    """Give units of token1 for a unit of token0."""
    return WEI_PER_UNIT[token0] / WEI_PER_UNIT[token1]


def product_pool(address: bytes, protocol: str, token0: int, token1: int, *reserves: int) -> Loaded:
    """Write a V2 pool of the market."""
    pool = Pool(address, protocol, "v2", TOKENS[token0], TOKENS[token1], None)
    return Loaded(pool, ProductCurve(*reserves))


def pair(token0: int, token1: int, skew: float, ether: float) -> ProductCurve:
    """Build a V2 pair that holds so much ether's worth of either token, its price skewed."""
    reserve0 = ether * 1e18 / WEI_PER_UNIT[token0]
    return ProductCurve(int(reserve0), int(reserve0 * unit_price(token0, token1) * skew))


def pool(token0: int, token1: int, skew: float, ether: float, ranges: list[tuple[int, int]]) -> TickCurve:
    """Build a V3 pool with nested positions (width in spacings, weight) around the price."""
    spacing, price = 10, unit_price(token0, token1) * skew
    sqrt_price = int(price**0.5 * 2**96)
    tick = tick_at(sqrt_price)
    depth = int(ether * 1e18 / WEI_PER_UNIT[token0] * price**0.5) + 1
    net: dict[int, int] = defaultdict(int)
    gross: dict[int, int] = defaultdict(int)
    for width, weight in ranges:
        base = tick // spacing * spacing
        for at, sign in ((base - width * spacing, 1), (base + (width + 1) * spacing, -1)):
            net[at] += sign * depth * weight
            gross[at] += depth * weight
    liquidity = sum(change for at, change in net.items() if at <= tick)
    entries = {at: TickLiquidity(gross[at], net[at]) for at in net}
    return TickCurve(sqrt_price, tick, liquidity, TickMap(spacing, entries), 500)


WIDTH_AND_WEIGHT = st.tuples(st.integers(0, 40), st.integers(1, 30))


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Small markets of four tokens with V2 and V3 pools whose prices disagree by up to three percent."""
    loaded = []
    for at, (token0, token1) in enumerate(combinations(range(4), 2)):
        for copy in range(draw(st.integers(1, 2))):
            skew, ether = draw(st.floats(0.97, 1.03)), draw(st.floats(1, 5000))
            curve: Curve
            if draw(st.booleans()):
                curve = pair(token0, token1, skew, ether)
                version, fee = "v2", None
            else:
                ranges = draw(
                    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), min_size=1, max_size=4)
                )
                curve = pool(token0, token1, skew, ether, [(400, 1), *ranges])
                version, fee = "v3", 500
            address = bytes([at, copy]) + bytes(18)
            loaded.append(
                Loaded(Pool(address, f"p{copy}", version, TOKENS[token0], TOKENS[token1], fee), curve)  # type: ignore[arg-type]
            )
    return Market(loaded, 1)


def all_cycles(market: Market, base: bytes) -> list[tuple[tuple[bytes, bool], ...]]:
    """Enumerate by brute force: ordered pools, no pool twice, from the base token back to it."""
    cycles = []
    for length in (2, 3):
        for pools in permutations(market.pools.values(), length):
            token, hops, middle = base, [], set()
            for one in pools:
                if token not in (one.token0, one.token1):
                    break
                hops.append((one.address, token == one.token0))
                token = one.token1 if token == one.token0 else one.token0
                middle.add(token)
            if len(hops) == length and token == base and len(middle) == length:
                cycles.append(tuple(hops))
    return cycles


def profit(market: Market, cycle: tuple[tuple[bytes, bool], ...], amount: int) -> int:
    """Trade a cycle for real; a cycle that reverts loses all."""
    given = amount
    try:
        for address, zero_for_one in cycle:
            given = market.curve(address).quote(zero_for_one, given)
    except PoolError:
        return -amount
    return given - amount


def best_by_search(market: Market, cycle: tuple[tuple[bytes, bool], ...]) -> int:
    """Find a cycle's profit by trying amounts of all sizes and narrowing down; no formula."""
    best = max((1 << bits for bits in range(20, 90)), key=lambda amount: profit(market, cycle, amount))
    low, high = best // 2, best * 2
    while high - low > 4:
        third = (high - low) // 3
        if profit(market, cycle, low + third) < profit(market, cycle, high - third):
            low += third
        else:
            high -= third
    return max(profit(market, cycle, amount) for amount in range(max(low, 1), high + 1))


def cycle_of(market: Market, found: Opportunity) -> tuple[tuple[bytes, bool], ...]:
    """Write an opportunity's hops as a cycle."""
    return tuple((hop.pool, market.pools[hop.pool].token0 == hop.token_in) for hop in found.hops)


@settings(max_examples=25, deadline=None)
@given(markets())
def test_no_profitable_cycle_is_lost(market: Market) -> None:
    """What brute force earns above the floor, on any cycle, the detector earns at least as well.

    Up to the rounding that the slack bounds: both search near a flat peak.
    """
    floor = 10**12
    detector = Detector(market, {TOKENS[0]: None})
    found = {cycle_of(market, one): one for one in detector.detect(market.pools, 1, floor, most=1000)}
    cycles = all_cycles(market, TOKENS[0])
    assert detector.cycles == len(cycles)
    for cycle in cycles:
        earned = best_by_search(market, cycle)
        if earned > floor + 10**11:
            assert cycle in found
            assert earned <= found[cycle].profit + (found[cycle].slack or 0)


@settings(max_examples=60, deadline=None)
@given(markets(), st.integers(0, 10**6))
def test_an_opportunity_is_what_the_contracts_pay_and_no_amount_beats_its_bound(
    market: Market, seed: int
) -> None:
    """Every amount is the pool's quote; no other amount in, near or far, earns more than profit + slack."""
    draw = random.Random(seed)
    for found in Detector(market, {TOKENS[0]: None}).detect(market.pools, 9):
        cycle = cycle_of(market, found)
        for at, (address, zero_for_one) in enumerate(cycle):
            assert market.curve(address).quote(zero_for_one, found.amounts[at]) == found.amounts[at + 1]
        assert found.profit == found.amounts[-1] - found.amounts[0] > 0
        assert (found.sequence, found.token) == (9, TOKENS[0])
        assert found.slack is not None
        start = found.amounts[0]
        others = [start + draw.randint(-(10**9), 10**9) for _ in range(5)]
        others += [int(start * draw.uniform(0.5, 2)) for _ in range(10)]
        for amount in others:
            if amount > 0:
                assert profit(market, cycle, amount) <= found.profit + found.slack


@settings(max_examples=60, deadline=None)
@given(markets())
def test_the_slack_is_the_rounding_of_the_coarsest_token(market: Market) -> None:
    """The exact search leaves no more than a few units of the coarsest token on the table."""
    for found in Detector(market, {TOKENS[0]: None}).detect(market.pools, 1):
        coarsest = min(found.amounts[:-1])
        unit = found.amounts[0] // coarsest + 1
        words = 2 + len(found.hops) * 6
        assert found.slack is not None and found.slack <= unit * words


@settings(max_examples=40, deadline=None)
@given(markets(), st.integers(0, 11))
def test_only_cycles_through_touched_pools_are_priced_again(market: Market, which: int) -> None:
    """And all of those: the touched pool's cycles are the full search's, restricted to them."""
    detector = Detector(market, {TOKENS[0]: None})
    touched = sorted(market.pools)[which % len(market.pools)]
    everything = {cycle_of(market, one) for one in detector.detect(market.pools, 1, most=1000)}
    through = {cycle_of(market, one) for one in detector.detect([touched], 1, most=1000)}
    assert through == {cycle for cycle in everything if touched in dict(cycle)}


@settings(max_examples=40, deadline=None)
@given(markets(), st.integers(1, 4))
def test_the_few_that_are_asked_for_are_the_best(market: Market, most: int) -> None:
    """Cutting the list short never hides a better one, up to the slack."""
    detector = Detector(market, {TOKENS[0]: None})
    everything = detector.detect(market.pools, 1, most=1000)
    few = detector.detect(market.pools, 1, most=most)
    assert [one.profit for one in few] == [one.profit for one in everything[:most]]


@settings(max_examples=40, deadline=None)
@given(markets(), st.integers(10**15, 10**18))
def test_a_ceiling_is_kept_and_used(market: Market, ceiling: int) -> None:
    """No more than the limit goes in; and where more would earn more, the limit itself goes in."""
    free = {
        cycle_of(market, one): one
        for one in Detector(market, {TOKENS[0]: None}).detect(market.pools, 1, most=999)
    }
    bound = Detector(market, {TOKENS[0]: ceiling}).detect(market.pools, 1, most=999)
    for found in bound:
        assert found.amounts[0] <= ceiling
        freely = free.get(cycle_of(market, found))
        if freely and freely.amounts[0] > 2 * ceiling:
            unit = found.amounts[0] // min(found.amounts) + 1
            assert ceiling - found.amounts[0] <= 3 * unit


def two_pairs(price: int = 3000) -> Market:
    """One pair of tokens on two V2 protocols, at 3000 and another price."""
    ether = 10**21
    return Market(
        [
            Loaded(
                Pool(b"a" * 20, "one", "v2", TOKENS[0], TOKENS[3], None), ProductCurve(ether, 3000 * ether)
            ),
            Loaded(
                Pool(b"b" * 20, "two", "v2", TOKENS[0], TOKENS[3], None), ProductCurve(ether, price * ether)
            ),
        ],
        1,
    )


def test_equal_prices_offer_nothing() -> None:
    """The fees alone make every cycle a loss."""
    assert Detector(two_pairs(), {TOKENS[0]: None}).detect([b"a" * 20], 1) == []


@pytest.mark.parametrize(("price", "earns"), [(3018, False), (3019, True), (3200, True)])
def test_a_gap_just_beyond_the_two_fees_is_an_opportunity(price: int, earns: bool) -> None:
    """0.997 * 0.997 * price / 3000 exceeds one from 3019 on."""
    found = Detector(two_pairs(price), {TOKENS[0]: None}).detect([b"a" * 20], 1)
    assert bool(found) is earns
    assert all({hop.pool for hop in one.hops} == {b"a" * 20, b"b" * 20} for one in found)


def test_a_cycle_over_two_base_tokens_is_found_once() -> None:
    """It begins with the base token named first."""
    market = two_pairs(3200)
    detector = Detector(market, {TOKENS[3]: None, TOKENS[0]: None})
    assert [one.token for one in detector.detect(market.pools, 1)] == [TOKENS[3]]
    assert detector.cycles == 2


def test_two_hops_can_be_the_limit() -> None:
    """Without triangles only pairs of pools are watched."""
    market = Market(
        [
            Loaded(
                Pool(bytes([at]) * 20, "one", "v2", TOKENS[x], TOKENS[y], None), ProductCurve(10**20, 10**20)
            )
            for at, (x, y) in enumerate([(0, 1), (0, 2), (1, 2)])
        ],
        1,
    )
    assert Detector(market, {TOKENS[0]: None}).cycles == 2
    assert Detector(market, {TOKENS[0]: None}, max_hops=2).cycles == 0


def test_a_stable_pair_is_searched_where_no_formula_holds() -> None:
    """Its cycles have no bound, but the amounts are exact and near the best that trying finds."""
    market = Market(
        [
            Loaded(
                Pool(b"s" * 20, "camelot", "v2", TOKENS[1], TOKENS[4], None),
                StableCurve(10**13, 10**13, 10**6, 10**6, 400, 400),
            ),
            Loaded(
                Pool(b"p" * 20, "one", "v2", TOKENS[1], TOKENS[4], None), ProductCurve(10**12, 103 * 10**10)
            ),
        ],
        1,
    )
    (found,) = Detector(market, {TOKENS[1]: None}).detect([b"s" * 20], 1)
    assert found.slack is None
    assert found.profit >= best_by_search(market, cycle_of(market, found)) - 2


def test_a_pool_that_dries_up_is_no_way() -> None:
    """An empty pair has no price, and a later refill brings it back."""
    market = two_pairs(3200)
    detector = Detector(market, {TOKENS[0]: None})
    full = market.curve(b"b" * 20)
    market._predicted[b"b" * 20] = ProductCurve(0, 0)
    assert detector.detect([b"b" * 20], 1) == []
    market._predicted[b"b" * 20] = full
    assert len(detector.detect([b"b" * 20], 1)) == 1


def gapped(at: int) -> TickCurve:
    """A V3 pool at price one with a gap without liquidity between ticks -100 and -1000, say."""
    held = 10**21
    ends = {at - 2000: held, at - 1000: -held, at - 100: held, at + 100: -held}
    entries = {tick: TickLiquidity(held, net) for tick, net in ends.items()}
    return TickCurve(sqrt_price_at(at), at, held, TickMap(10, entries), 500)


@pytest.mark.parametrize("price", [1.02, 1.05, 1.1, 1.15])
def test_a_gap_in_the_liquidity_can_be_the_peak(price: float) -> None:
    """Prices jump over a gap: the best is to trade up to its edge, or across, as the other pool pays."""
    market = Market(
        [
            Loaded(Pool(b"g" * 20, "one", "v3", TOKENS[0], TOKENS[3], 500), gapped(0)),
            product_pool(b"b" * 20, "two", 0, 3, int(10**22 * price), 10**22),
        ],
        1,
    )
    (found,) = Detector(market, {TOKENS[0]: None}).detect(market.pools, 1)
    assert found.slack is not None and found.slack <= 20
    assert best_by_search(market, cycle_of(market, found)) <= found.profit + found.slack


def test_a_pool_without_a_fee_is_not_crossed_there_and_back() -> None:
    """There and back is no loss then, but still the same pool twice."""
    free = ProductCurve(10**21, 10**21, 0, 0)
    market = Market([Loaded(Pool(b"f" * 20, "one", "v2", TOKENS[0], TOKENS[3], None), free)], 1)
    detector = Detector(market, {TOKENS[0]: None})
    assert detector.cycles == 0
    assert [route for lane in detector.refresh(market.pools) for route in _routes(lane)] == []


def test_the_loops_are_counted_as_pools_not_tokens() -> None:
    """Three parallel pools make six ordered pairs; none uses a pool twice."""
    market = Market(
        [
            Loaded(
                Pool(bytes([at]) * 20, f"p{at}", "v2", TOKENS[0], TOKENS[1], None),
                ProductCurve(10**20, 10**20),
            )
            for at in range(3)
        ],
        1,
    )
    detector = Detector(market, {TOKENS[0]: None})
    assert detector.cycles == len(list(product(range(3), range(3)))) - 3


def test_prices_built_for_these_tests_are_consistent() -> None:
    """The builder's prices multiply to one around any triangle, so profits come from the skews alone."""
    for a, b, c in permutations(range(4), 3):
        assert abs(unit_price(a, b) * unit_price(b, c) * unit_price(c, a) - 1) < 1e-9
    assert sqrt_price_at(0) == 1 << 96
