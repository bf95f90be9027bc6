"""An opportunity becomes a plan, or a refusal that says why."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbbot.detect import Detector
from arbbot.model import Opportunity, Plan, Refusal
from arbbot.pools import Loaded, Market, Pool, ProductCurve, TickCurve, TickLiquidity, TickMap
from arbbot.validate import REASONS, Gas, Limits, impact_bps, tiers, validate
from arbbot.validate.costs import costs

RECORDED = Path(__file__).resolve().parents[5] / "shared" / "data" / "arbitrum" / "pools"
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded data (../shared/data) is absent")

WETH, USDC, OTHER = (bytes([letter]) * 20 for letter in (1, 2, 3))
CHEAP, DEAR, ODD = b"c" * 20, b"d" * 20, b"o" * 20
ETHER, GWEI = 10**18, 10**9
LIMITS = Limits.of("default", WETH, max_impact_bps=500)
GAS = Gas(GWEI // 10)


def market(price: int = 3100, block: int = 1000) -> Market:
    """WETH and USDC on two pairs, 3000 on the one and another price on the other; one pair of strangers."""
    depth = 1000 * ETHER
    return Market(
        [
            Loaded(Pool(CHEAP, "one", "v2", WETH, USDC, None), ProductCurve(depth, 3000 * 10**9)),
            Loaded(Pool(DEAR, "two", "v2", WETH, USDC, None), ProductCurve(depth, price * 10**9)),
            Loaded(Pool(ODD, "one", "v2", USDC, OTHER, None), ProductCurve(10**12, 10**12)),
        ],
        block,
    )


def opportunity(ours: Market, base: bytes = WETH) -> Opportunity:
    """Find the one opportunity of that market."""
    (found,) = Detector(ours, {base: None}).detect([DEAR], ours.sequence)
    return found


def reason(verdict: Plan | Refusal) -> str:
    """Give the refusal's reason."""
    assert isinstance(verdict, Refusal), verdict
    assert verdict.reason in REASONS and verdict.detail
    return verdict.reason


def test_a_good_opportunity_becomes_a_plan() -> None:
    """The guard pays at least for gas, the gas limit and fee have their head room, all tiers are positive."""
    ours = market()
    found = opportunity(ours)
    plan = validate(found, ours, LIMITS, Gas(GWEI // 10, l1_fee=5 * 10**12))
    assert isinstance(plan, Plan)
    gas = LIMITS.gas_base + 2 * LIMITS.gas_v2
    assert plan.expected_gas_cost == gas * GWEI // 10 + 5 * 10**12
    assert plan.min_profit == plan.expected_gas_cost
    assert plan.gas_limit == gas * 3 // 2 and plan.max_fee == GWEI // 5
    assert plan.tier == 5 and plan.tiers[0] == found.profit and plan.opportunity is found


def test_gas_in_another_token_is_priced_by_the_best_pool() -> None:
    """USDC profits pay WETH gas at the price of the pool that gives most USDC, rounded up."""
    ours = market()
    found = opportunity(ours, USDC)
    plan = validate(found, ours, LIMITS, GAS)
    assert isinstance(plan, Plan)
    ether = ours.curve(DEAR).quote(True, ETHER)
    assert plan.min_profit == -(-plan.expected_gas_cost * ether // ETHER) > 0


@pytest.mark.parametrize(
    ("changes", "gas", "expected"),
    [
        ({"max_gas_price": GWEI // 100}, GAS, "gas_price"),
        ({}, Gas(0), "gas_price"),
        ({}, Gas(GWEI, l1_fee=-1), "gas_price"),
        ({"max_gas_age": 10}, Gas(GWEI // 10, sequence=900), "gas_price"),
        ({"max_position": ETHER // 10}, GAS, "position"),
        ({"max_impact_bps": 10}, GAS, "impact"),
        ({"max_gas_price": GWEI * 10**6}, Gas(GWEI * 10**5), "unprofitable"),
        ({"min_profit": 1000 * ETHER}, GAS, "below_minimum"),
        ({"min_margin_bps": 9999}, GAS, "below_minimum"),
    ],
)
def test_a_limit_refuses_with_its_own_word(changes: dict[str, int], gas: Gas, expected: str) -> None:
    """Each limit, set tight alone, is the reason given."""
    ours = market()
    assert (
        reason(validate(opportunity(ours), ours, msgspec.structs.replace(LIMITS, **changes), gas)) == expected
    )


def test_age_refuses_what_the_market_has_left_behind() -> None:
    """An opportunity found too many messages ago is stale; a market without confirmation is not trusted."""
    ours = market()
    found = opportunity(ours)
    ours.apply(ours.sequence + 3, [])
    assert reason(validate(found, ours, LIMITS, GAS)) == "stale"
    ours.apply(ours.sequence + 500, [])
    fresh = msgspec.structs.replace(found, sequence=ours.sequence)
    assert reason(validate(fresh, ours, LIMITS, GAS)) == "unconfirmed"


def test_a_market_that_moved_refuses_the_old_amounts() -> None:
    """What the pools pay now is what counts, not what they paid when it was found."""
    found = opportunity(market())
    assert reason(validate(found, market(3099), LIMITS, GAS)) == "changed"


def test_a_token_without_a_pool_to_the_native_one_is_unpriced() -> None:
    """Gas cannot be set against its profit."""
    ours = market()
    found = opportunity(ours, USDC)
    assert reason(validate(found, ours, Limits.of("default", b"\x99" * 20), GAS)) == "unpriced"


def broken(found: Opportunity, **changes: Any) -> Opportunity:
    """Break a good opportunity in one place."""
    return msgspec.structs.replace(found, **changes)


def test_a_malformed_opportunity_is_refused() -> None:
    """Hops that do not join, amounts that do not fit, a pool twice or unknown, a false profit."""
    ours = market()
    found = opportunity(ours)
    first, second = found.hops
    elsewhere = msgspec.structs.replace(first, pool=b"?" * 20)
    strange = msgspec.structs.replace(first, pool=ODD)
    for bad in (
        broken(found, hops=(first,), amounts=found.amounts[:2]),
        broken(found, hops=(second, first)),
        broken(found, amounts=found.amounts[:-1]),
        broken(found, amounts=(0, *found.amounts[1:])),
        broken(found, token=USDC),
        broken(found, hops=(first, msgspec.structs.replace(second, pool=first.pool))),
        broken(found, hops=(elsewhere, second)),
        broken(found, hops=(strange, second)),
        broken(found, profit=found.profit + 1),
    ):
        assert reason(validate(bad, ours, LIMITS, GAS)) == "malformed"


@settings(max_examples=100, deadline=None)
@given(
    st.integers(-(10**20), 10**20),
    st.integers(1, 10**22),
    st.integers(0, 100),
    st.integers(0, 10**12),
    st.integers(100, 300),
    st.integers(0, 10_000),
)
def test_each_profit_is_no_more_than_the_one_before(
    profit: int, amount: int, flash: int, price: int, percent: int, revert: int
) -> None:
    """Every tier takes a cost away; rounding never gives one back."""
    found = Opportunity(WETH, (), (amount, amount + profit), profit, 1)
    limits = Limits(native=WETH, flash_bps=flash, cost_percent=percent, revert_bps=revert)
    nets = tiers(found, costs(found, limits, Gas(price), ETHER), limits)
    assert len(nets) == 5 and nets[0] == profit
    assert all(later <= earlier for earlier, later in pairwise(nets))


def test_five_profits_by_hand() -> None:
    """A loan of 5 bps, 200,000 gas at 1 gwei, a quarter on top, one in five reverts."""
    found = Opportunity(WETH, (), (10 * ETHER, 10 * ETHER + ETHER // 10), ETHER // 10, 1)
    limits = Limits(native=WETH, flash_bps=5, gas_base=200_000, cost_percent=125, revert_bps=2000)
    nets = tiers(found, costs(found, limits, Gas(GWEI), ETHER), limits)
    assert nets == (10**17, 95 * 10**15, 948 * 10**14, 9475 * 10**13, 9471 * 10**13)


def test_the_profiles_grow_bolder() -> None:
    """Each later profile accepts what the earlier accepts, limit by limit."""
    careful, usual, bold = (Limits.of(name, WETH) for name in ("conservative", "default", "aggressive"))
    for low, high in ((careful, usual), (usual, bold)):
        for upper in ("max_impact_bps", "max_position", "max_age", "max_lag", "max_gas_price"):
            assert getattr(low, upper) < getattr(high, upper)
        for lower in ("min_profit", "min_margin_bps", "cost_percent", "revert_bps"):
            assert getattr(low, lower) > getattr(high, lower)
        assert low.tier >= high.tier
    with pytest.raises(KeyError):
        Limits.of("reckless", WETH)  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(st.integers(10**15, 10**22), st.booleans())
def test_the_impact_on_a_pair_is_its_share_of_the_reserve(amount: int, zero_for_one: bool) -> None:
    """in/(reserve + in) of what goes in after the fee, in basis points rounded up."""
    curve = ProductCurve(10**21, 10**21)
    kept = amount * 997 // 1000
    share = kept * 10_000 / (10**21 + kept)
    shown = impact_bps(curve, zero_for_one, amount, curve.quote(zero_for_one, amount))
    assert share - 0.001 <= shown <= share + 1.001


@recorded
def test_the_recorded_impacts_are_met() -> None:
    """The tick-crossing vectors name the impact of each trade."""
    for vector in json.loads((RECORDED / "phoenix_cross_tick_vectors.json").read_text())["vectors"]:
        state = vector["state"]
        entries = {
            row["tick"]: TickLiquidity(int(row["liquidity_gross"]), int(row["liquidity_net"]))
            for row in state["initialized_ticks"]
        }
        curve = TickCurve(
            int(state["sqrt_price_x96"]), state["tick"], int(state["liquidity"]), TickMap(10, entries), 500
        )
        zero_for_one, amount = vector["direction"] == "zero_for_one", int(vector["amount_in"])
        shown = impact_bps(curve, zero_for_one, amount, curve.quote(zero_for_one, amount))
        assert shown == vector["expected_price_impact_bps"]
