"""The crowd, without a chain: what it sees, decides and writes."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest
import rlp
from eth_account import Account as Reference
from hypothesis import given
from hypothesis import strategies as st

from localvenues.arbitrum import deploy, market, orders
from localvenues.arbitrum.contracts import artifacts_folder
from localvenues.arbitrum.deploy import Deployment, Script
from localvenues.arbitrum.depth import SWAP_V3, SYNC, Depth, follow
from localvenues.arbitrum.orders import Desk, Trade
from localvenues.arbitrum.reference import Reference as Prices
from localvenues.arbitrum.traders import Crowd
from localvenues.arbitrum.transactions import Account

TRADER = b"\x77" * 20
DEADLINE = 1_790_000_120


@pytest.fixture(scope="module")
def on() -> Deployment:
    if not artifacts_folder().is_dir():
        pytest.skip("contract artifacts are absent: run `make setup`")
    return deploy.write(Script(Account.from_secret(b"\x05" * 32), 412346))


def crowd_of(on: Deployment, seed: int, rate: float = 8.0) -> Crowd:
    accounts = [Account.from_secret(bytes([index]) * 32) for index in range(1, 5)]
    crowd = Crowd(on, accounts, 412346, seed, rate)
    crowd._depths = {"0x" + pool.address.hex(): depth_of(pool) for pool in on.pools}
    return crowd


def depth_of(pool: market.Pool, usd: float = 3e6) -> Depth:
    return Depth(pool, market.amount(pool.token0, usd), market.amount(pool.token1, usd))


# --- sight ---


@given(st.integers(10**6, 10**27), st.integers(10**6, 10**27), st.floats(1e-6, 0.3))
def test_an_estimated_input_brings_back_the_estimated_output(
    on: Deployment, a: int, b: int, share: float
) -> None:
    depth = Depth(on.pools[0], a, b)
    token = depth.pool.token0
    wanted = depth.output(token, a * share)
    assert math.isclose(depth.input(token, wanted), a * share, rel_tol=1e-6)


@given(st.floats(0.7, 1.4))
def test_a_correction_without_fee_ends_at_the_price(on: Deployment, factor: float) -> None:
    """Law: bringing the amount in, with the product of reserves kept, makes the pool show the price."""
    depth = depth_of(on.pools[0])
    target = depth.price * factor
    token, amount = depth.correction(target)
    product = depth.reserve0 * depth.reserve1
    if token is depth.pool.token0:
        depth.reserve0 += amount
        depth.reserve1 = product / depth.reserve0
    else:
        depth.reserve1 += amount
        depth.reserve0 = product / depth.reserve1
    assert math.isclose(depth.price, target, rel_tol=1e-9)


def test_receipts_move_the_pools_they_name_and_count_reverts(on: Deployment) -> None:
    v2 = next(pool for pool in on.pools if pool.version == "v2")
    v3 = next(pool for pool in on.pools if pool.version == "v3")
    depths = {"0x" + pool.address.hex(): Depth(pool) for pool in (v2, v3)}
    words = [11, 22], [0, 0, 3 << 96, 9000, 21973]
    data = ["0x" + b"".join(word.to_bytes(32, "big") for word in row).hex() for row in words]
    logs = [
        {"address": "0x" + v2.address.hex(), "topics": [SYNC], "data": data[0]},
        {"address": "0x" + v3.address.hex(), "topics": [SWAP_V3], "data": data[1]},
        {"address": "0x" + "99" * 20, "topics": [SYNC], "data": data[0]},
    ]
    assert follow(depths, [{"status": "0x1", "logs": logs}, {"status": "0x0", "logs": []}]) == 1
    first, second = depths.values()
    assert (first.reserve0, first.reserve1) == (11, 22)
    assert (second.reserve0, second.reserve1) == (3000.0, 27000.0)


def test_prices_drift_but_return(on: Deployment) -> None:
    """Law: over a day's blocks a price stays within six deviations of its start, and moves."""
    prices = Prices(on.tokens.values(), 5)
    token, furthest = on.tokens["WETH"], 0.0
    for _ in range(20_000):
        prices.step()
        furthest = max(furthest, abs(math.log(prices.usd(token) / token.usd)))
    assert 0.01 < furthest < 6 * token.swing


# --- orders ---


def trades(on: Deployment) -> list[Trade]:
    """Return trades of both versions, both kinds, one hop and two."""
    weth, found = on.tokens["WETH"], []
    for version in ("v2", "v3"):
        pools = [pool for pool in on.pools if pool.version == version]
        pairs = itertools.permutations(pools, 2)
        chains: list[tuple[market.Pool, ...]] = [(pool,) for pool in pools]
        chains += [pair for pair in pairs if len({*map(id, tokens_of(pair))}) == 3]
        for chain, exact in itertools.product(chains, (True, False)):
            for start in (chain[0].token0, chain[0].token1):
                path = [start]
                for pool in chain:
                    if path[-1] not in (pool.token0, pool.token1):
                        break
                    path.append(pool.other(path[-1]))
                if len(path) == len(chain) + 1 and len({*map(id, path)}) == len(path):
                    found.append(Trade(chain, tuple(path), exact, 10**6, 777))
    assert any(one.tokens[0] is weth for one in found)
    return found


def tokens_of(pools: tuple[market.Pool, ...]) -> list[market.Token]:
    return [token for pool in pools for token in (pool.token0, pool.token1)]


def test_every_form_names_the_trade(on: Deployment) -> None:
    """Law: in whatever form, the calldata holds the amount, the limit and the tokens' path."""
    seen = set()
    desk = Desk(on, TRADER, DEADLINE)
    for trade in trades(on):
        for name, style in orders.styles(trade, on.weth).items():
            order = style(trade, desk)
            seen.add(name)
            carried = order.data.hex() + order.value.to_bytes(32, "big").hex()
            for number in (trade.amount, trade.limit):
                assert number.to_bytes(32, "big").hex() in carried, name
            wanted = (
                trade.addresses if trade.exact_in or trade.hops[0].version == "v2" else trade.addresses[::-1]
            )
            if len(trade.hops) > 1:
                places = [carried.index(token.hex()) for token in wanted]
                assert places == sorted(places), name
    assert seen == {
        *orders.V2_EXACT_IN_STYLES, *orders.V2_EXACT_OUT_STYLES, *orders.V2_ETH_IN_STYLES,
        *orders.V2_ETH_OUT_STYLES, *orders.V3_STYLES, *orders.V3_ETH_IN_STYLES, *orders.V3_ETH_OUT_STYLES,
    }  # fmt: skip


def test_an_exact_output_path_runs_backwards(on: Deployment) -> None:
    trade = next(one for one in trades(on) if one.hops[0].version == "v3" and len(one.hops) == 2)
    there = Trade(trade.hops, trade.tokens, True, 1, 1).path
    back = Trade(trade.hops, trade.tokens, False, 1, 1).path
    assert (there[:20], there[-20:]) == (back[-20:], back[:20])
    assert there[20:23] == back[43:46] == trade.hops[0].fee.to_bytes(3, "big")


# --- decisions ---


def nonces(raws: list[bytes]) -> dict[str, list[int]]:
    """Return each sender's nonces in order of sending, read by another library."""
    found: dict[str, list[int]] = {}
    for raw in raws:
        fields = rlp.decode(raw) if raw[0] >= 0xC0 else rlp.decode(raw[1:])[1:]
        found.setdefault(Reference.recover_transaction(raw), []).append(int.from_bytes(fields[0], "big"))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_seed_decides_everything_and_no_nonce_is_missing(on: Deployment, seed: int) -> None:
    first, second = crowd_of(on, seed), crowd_of(on, seed)
    raws = [raw for _ in range(40) for raw in first.decide(0.25)]
    assert raws == [raw for _ in range(40) for raw in second.decide(0.25)]
    assert len(raws) > 40
    for row in nonces(raws).values():
        assert row == list(range(len(row)))


def test_another_seed_decides_otherwise(on: Deployment) -> None:
    assert [crowd_of(on, 1).decide(0.25) for _ in range(5)] != [
        crowd_of(on, 2).decide(0.25) for _ in range(5)
    ]


def test_rate_nought_is_silence(on: Deployment) -> None:
    assert [crowd_of(on, 1, rate=0.0).decide(0.25) for _ in range(20)] == [[]] * 20


def test_a_pool_left_off_its_price_is_corrected_in_time(on: Deployment) -> None:
    """Law: a gap above fee and tolerance is traded against after some seconds, not at once."""
    crowd = crowd_of(on, 4)
    crowd._rate = 0.0
    depth = next(iter(crowd._depths.values()))
    depth.reserve1 *= 1.05
    assert crowd._corrections(0.25) == []
    sent: list[Any] = [crowd._corrections(0.25) for _ in range(10)]
    assert [len(row) for row in sent].count(1) >= 1


def test_arrivals_have_the_asked_mean(on: Deployment) -> None:
    crowd = crowd_of(on, 6)
    crowd._random = random.Random(6)
    total = sum(crowd._arrivals(2.0) for _ in range(5000))
    assert 9_600 < total < 10_400
