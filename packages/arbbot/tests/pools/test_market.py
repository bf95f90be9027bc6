"""The market predicts from the feed and is corrected by logs."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbbot.model import Swap
from arbbot.pools import Curve, Loaded, Log, Market, Pool, ProductCurve, TickCurve, TickLiquidity, TickMap
from arbbot.pools.logs import SWAP_V3, SYNC

A, B, C = (bytes([letter]) * 20 for letter in (1, 2, 3))
AB, BC, AC3 = (bytes([letter]) * 20 for letter in (11, 12, 13))
TICKS = TickMap(60, {-6000: TickLiquidity(10**22, 10**22), 6000: TickLiquidity(10**22, -(10**22))})
START: dict[bytes, Curve] = {
    AB: ProductCurve(10**21, 2 * 10**21),
    BC: ProductCurve(10**21, 10**21),
    AC3: TickCurve(1 << 96, 0, 10**22, TICKS, 3000),
}


def market(block: int = 100, **settings: int) -> Market:
    """Three tokens, three pools: A-B and B-C on V2, A-C on V3."""
    return Market(
        [
            Loaded(Pool(AB, "uniswap", "v2", A, B, None), START[AB]),
            Loaded(Pool(BC, "uniswap", "v2", B, C, None), START[BC]),
            Loaded(Pool(AC3, "uniswap", "v3", A, C, 3000), START[AC3]),
        ],
        block,
        **settings,
    )


def swap(*path: bytes, amount: int | None = 10**18, **more: Any) -> Swap:
    """Write a V2 exact-in swap; the rest by name."""
    plain = Swap("uniswap", "v2", "exact_in", path, None, amount, None, None, None, None, b"")
    return msgspec.structs.replace(plain, **more)


def out_of(pool: bytes, zero_for_one: bool, amount: int) -> int:
    """Quote a pool at its start."""
    return START[pool].quote(zero_for_one, amount)


def sync(pool: bytes, curve: ProductCurve, block: int, index: int = 0) -> Log:
    """Write the Sync log that tells this curve."""
    data = curve.reserve0.to_bytes(32, "big") + curve.reserve1.to_bytes(32, "big")
    return Log(pool, (SYNC,), data, block, index)


def test_a_swap_moves_the_predicted_curve_and_not_the_confirmed_one() -> None:
    """The hot path guesses; only the chain confirms."""
    ours = market()
    assert ours.apply(101, [swap(A, B)]) == {AB}
    assert ours.curve(AB) == START[AB].exact_in(True, 10**18).after
    assert ours.confirmed(AB) == START[AB]
    assert (ours.sequence, ours.block, ours.waiting) == (101, 100, 1)


def test_a_path_runs_through_all_its_pools() -> None:
    """What comes out of the first pool goes into the second."""
    ours = market()
    assert ours.apply(101, [swap(A, B, C)]) == {AB, BC}
    middle = out_of(AB, True, 10**18)
    assert ours.curve(BC) == START[BC].exact_in(True, middle).after


def test_an_exact_out_path_is_worked_backwards() -> None:
    """The last pool gives the wanted amount; what it needs is wanted of the one before."""
    ours = market()
    wanted = swap(A, B, C, kind="exact_out", amount=None, amount_out=10**17, amount_in_max=10**20)
    assert ours.apply(101, [wanted]) == {AB, BC}
    needed = START[BC].needed(True, 10**17)
    assert ours.curve(AB) == START[AB].exact_out(True, needed).after


@pytest.mark.parametrize(
    "refused",
    [
        swap(A, B, amount_out_min=out_of(AB, True, 10**18) + 1),
        swap(A, B, kind="exact_out", amount=None, amount_out=10**18, amount_in_max=10**10),
        swap(A, B, kind="exact_out", amount=None, amount_out=10**30),
        swap(A, C, version="v3", fees=(3000,), price_limit=1 << 97),
        swap(A, B, amount=0),
    ],
)
def test_a_transaction_that_would_revert_changes_nothing(refused: Swap) -> None:
    """Not even by its legs that would succeed alone."""
    ours = market()
    assert ours.apply(101, [swap(B, C), refused]) == set()
    assert ours.curve(BC) == START[BC]


@pytest.mark.parametrize("amount_out", [None, 10**18])
def test_a_swap_that_finds_no_liquidity_on_its_way_reverts(amount_out: int | None) -> None:
    """Its price would run to the end for nothing in; the routers' callback refuses that."""
    ours, end = market(), 1 << 104
    beyond = TickCurve(1 << 100, 55452, 0, TICKS, 3000)
    ours.replace(100, [Loaded(Pool(AC3, "uniswap", "v3", A, C, 3000), beyond)])
    upwards = swap(C, A, version="v3", fees=(3000,), price_limit=end)
    if amount_out is not None:
        upwards = msgspec.structs.replace(upwards, kind="exact_out", amount_in=None, amount_out=amount_out)
    assert ours.apply(101, [upwards]) == set()
    assert ours.curve(AC3) == beyond


def test_a_leg_that_may_fail_spares_the_others() -> None:
    """The router's allow-revert flag keeps the rest of the transaction."""
    ours = market()
    refused = swap(A, B, amount_out_min=10**30, may_fail=True)
    assert ours.apply(101, [refused, swap(B, C)]) == {BC}


def test_a_swap_at_its_least_output_is_not_refused() -> None:
    """The bound itself is accepted."""
    ours = market()
    assert ours.apply(101, [swap(A, B, amount_out_min=out_of(AB, True, 10**18))]) == {AB}


def test_a_leg_without_an_amount_takes_what_the_leg_before_left() -> None:
    """Universal Router and SwapRouter02 chain legs through their own balance."""
    ours = market()
    ours.apply(101, [swap(A, B), swap(B, C, amount=None)])
    assert ours.curve(BC) == START[BC].exact_in(True, out_of(AB, True, 10**18)).after
    other = market()
    assert other.apply(101, [swap(A, C, amount=None, version="v3", fees=(3000,))]) == set()


def test_a_v3_swap_is_found_by_its_fee() -> None:
    """Another fee is another pool, and that one is unknown."""
    ours = market()
    assert ours.apply(101, [swap(A, C, version="v3", fees=(500,))]) == set()
    assert ours.waiting == 0
    assert ours.apply(101, [swap(C, A, version="v3", fees=(3000,))]) == {AC3}


def test_what_lies_beyond_an_unknown_pool_is_left_alone() -> None:
    """The hops before it are known; the rest is for the logs."""
    ours = market()
    stranger = b"\x77" * 20
    assert ours.apply(101, [swap(A, B, stranger, B, C)]) == {AB}


def test_confirmed_blocks_take_no_announcements() -> None:
    """A backlog that the node's state already holds is not applied twice."""
    ours = market(offset=7)
    assert ours.apply(93, [swap(A, B)]) == set()
    assert ours.apply(94, [swap(A, B)]) == {AB}


def test_a_right_prediction_is_exact_and_stays() -> None:
    """The logs of the block tell what was foreseen; later announcements need no replay."""
    ours = market()
    ours.apply(101, [swap(A, B)])
    told = ours.curve(AB)
    assert isinstance(told, ProductCurve)
    ours.apply(102, [swap(B, C)])
    result = ours.reconcile(101, [sync(AB, told, 101)])
    assert (result.exact, result.corrected, result.touched) == (1, 0, frozenset())
    assert (ours.block, ours.waiting, ours.confirmed(AB)) == (101, 1, told)


def test_a_wrong_prediction_is_corrected_and_later_blocks_are_replayed() -> None:
    """Somebody else traded; the announcement of the next block meets the new reserves."""
    ours = market()
    ours.apply(101, [swap(A, B)])
    ours.apply(102, [swap(A, B)])
    told = ProductCurve(5 * 10**20, 3 * 10**21)
    result = ours.reconcile(101, [sync(AB, told, 101)])
    assert (result.exact, result.corrected, result.touched) == (0, 1, frozenset({AB}))
    assert ours.curve(AB) == told.exact_in(True, 10**18).after


def test_a_predicted_swap_that_the_chain_does_not_show_is_taken_back() -> None:
    """The transaction reverted: no log, and the prediction returns to what it was."""
    ours = market()
    ours.apply(101, [swap(A, B)])
    result = ours.reconcile(101, [])
    assert (result.exact, result.corrected, result.touched) == (0, 1, frozenset({AB}))
    assert ours.curve(AB) == START[AB]


def test_a_change_that_nobody_announced_counts_as_corrected() -> None:
    """Swaps through unknown routers are seen in the logs alone."""
    ours = market()
    told = TickCurve((1 << 96) + 10**20, 0, 10**22, TICKS, 3000)
    words = (1, -1 % (1 << 256), told.sqrt_price, told.liquidity, told.tick)
    log = Log(AC3, (SWAP_V3,), b"".join(word.to_bytes(32, "big") for word in words), 101, 3)
    result = ours.reconcile(101, [log])
    assert (result.exact, result.corrected) == (0, 1)
    assert ours.curve(AC3) == ours.confirmed(AC3) == told


def test_logs_are_taken_in_the_chains_order_and_only_up_to_the_block() -> None:
    """The last one of the block wins, wherever it stands in the list; a later block's waits."""
    ours = market()
    first, last, later = ProductCurve(1, 2), ProductCurve(3, 4), ProductCurve(5, 6)
    ours.reconcile(
        102, [sync(AB, last, 102, 9), sync(AB, first, 102, 1), sync(AB, later, 103), sync(b"?", later, 102)]
    )
    assert ours.confirmed(AB) == last
    assert ours.reconcile(102, [sync(AB, first, 102)]).exact == 0
    assert ours.confirmed(AB) == last


def test_a_rewind_forgets_what_the_feed_took_back() -> None:
    """From that number on; earlier announcements stay."""
    ours = market()
    ours.apply(101, [swap(A, B)])
    kept = ours.curve(AB)
    ours.apply(102, [swap(A, B)])
    assert ours.rewind(102) == {AB}
    assert (ours.curve(AB), ours.sequence) == (kept, 101)


def test_the_memory_of_announcements_is_bounded() -> None:
    """The oldest goes, and is counted; the logs will tell what it did."""
    ours = market(retained=3)
    for sequence in range(101, 111):
        ours.apply(sequence, [swap(A, B)])
    assert (ours.waiting, ours.dropped) == (3, 7)
    result = ours.reconcile(105, [])
    assert result.corrected == 0 and ours.block == 105


def test_fresh_curves_replace_everything() -> None:
    """After a reload nothing of the past is replayed."""
    ours = market()
    ours.apply(101, [swap(A, B)])
    fresh = ProductCurve(7 * 10**20, 7 * 10**20)
    assert ours.replace(120, [Loaded(ours.pools[AB], fresh)]) == {AB}
    assert (ours.curve(AB), ours.waiting, ours.block, ours.sequence) == (fresh, 0, 120, 120)


STEP = st.tuples(
    st.integers(0, 2), st.booleans(), st.integers(10**15, 10**19), st.integers(0, 3)
)  # pool, direction, amount, what the chain does


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=25), st.integers(0, 4))
def test_once_all_blocks_are_told_predicted_and_confirmed_are_one(
    steps: list[tuple[int, bool, int, int]], lag: int
) -> None:
    """Whatever was announced, dropped by the chain or done unannounced, the chain has the last word.

    One transaction per block; 0 means the chain drops it, 3 that an unannounced trade comes on top.
    Logs arrive up to four blocks late. The truth is kept beside the market by trading for real.
    """
    names, ours, truth, told = (AB, BC, AC3), market(), dict(START), {}
    for at, (which, zero_for_one, amount, fate) in enumerate(steps):
        block, pool = 101 + at, names[which]
        known = ours.pools[pool]
        path = (known.token0, known.token1) if zero_for_one else (known.token1, known.token0)
        fees = (3000,) if pool == AC3 else None
        ours.apply(block, [swap(*path, amount=amount, version=known.version, fees=fees)])
        for _ in range(1 if fate == 3 else 0):
            truth[pool] = truth[pool].exact_in(not zero_for_one, amount).after
        if fate:
            truth[pool] = truth[pool].exact_in(zero_for_one, amount).after
        told[block] = logs_of(truth, names, block) if fate else []
        if at >= lag:
            ours.reconcile(block - lag, told[block - lag])
    final = 100 + len(steps)
    ours.reconcile(final, [log for block in range(final - lag, final + 1) for log in told.get(block, [])])
    for pool in names:
        assert ours.confirmed(pool) == ours.curve(pool) == truth[pool]


def logs_of(truth: dict[bytes, Any], names: tuple[bytes, ...], block: int) -> list[Log]:
    """Tell the state of all pools, as their own events would."""
    rows = [sync(pool, truth[pool], block) for pool in names[:2]]
    curve = truth[AC3]
    words = (1, 1, curve.sqrt_price, curve.liquidity, curve.tick % (1 << 256))
    return [*rows, Log(AC3, (SWAP_V3,), b"".join(word.to_bytes(32, "big") for word in words), block, 9)]
