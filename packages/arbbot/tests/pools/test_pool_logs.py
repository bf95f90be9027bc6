"""Logs tell a pool's state; a log of the wrong shape is refused."""

import pytest
import sha3

from arbbot.pools import TOPICS, BadLog, Log, ProductCurve, StableCurve, TickCurve, TickLiquidity, TickMap
from arbbot.pools import logs as topics
from arbbot.pools.logs import after_log
from arbbot.pools.ticks import sqrt_price_at

PAIR = ProductCurve(10**20, 10**20)
POOL = TickCurve(
    sqrt_price_at(7), 7, 900, TickMap(10, {-20: TickLiquidity(900, 900), 40: TickLiquidity(900, -900)}), 500
)


def log(topic: bytes, *data: int, indexed: tuple[int, ...] = ()) -> Log:
    """Write a log with words of two's complement."""
    return Log(b"\1" * 20, (topic, *map(word, indexed)), b"".join(map(word, data)), 1, 0)


def word(value: int) -> bytes:
    """Write a word of two's complement."""
    return (value % (1 << 256)).to_bytes(32, "big")


@pytest.mark.parametrize(
    ("topic", "signature"),
    [
        (topics.SYNC, "Sync(uint112,uint112)"),
        (topics.SYNC_256, "Sync(uint256,uint256)"),
        (topics.SWAP_V3, "Swap(address,address,int256,int256,uint160,uint128,int24)"),
        (topics.SWAP_PANCAKE_V3, "Swap(address,address,int256,int256,uint160,uint128,int24,uint128,uint128)"),
        (topics.MINT_V3, "Mint(address,address,int24,int24,uint128,uint256,uint256)"),
        (topics.BURN_V3, "Burn(address,int24,int24,uint128,uint256,uint256)"),
        (topics.FEE_CAMELOT, "FeePercentUpdated(uint16,uint16)"),
    ],
)
def test_a_topic_is_the_hash_of_its_event(topic: bytes, signature: str) -> None:
    """Each constant is keccak-256 of the event's signature, and all are asked for."""
    assert topic == sha3.keccak_256(signature.encode()).digest()
    assert topic in TOPICS


def test_sync_replaces_the_reserves() -> None:
    """Both spellings of Sync, on both kinds of pair; the fees stay."""
    stable = StableCurve(1, 1, 10**6, 10**18, 400, 500)
    for topic in (topics.SYNC, topics.SYNC_256):
        assert after_log(PAIR, log(topic, 5, 6)) == ProductCurve(5, 6)
        assert after_log(stable, log(topic, 5, 6)) == StableCurve(5, 6, 10**6, 10**18, 400, 500)


def test_a_camelot_fee_is_read_in_100_000ths() -> None:
    """300 of 100,000 is 0.3 %, which is 3000 pips; either direction has its own."""
    assert after_log(PAIR, log(topics.FEE_CAMELOT, 300, 500)) == ProductCurve(10**20, 10**20, 3000, 5000)


@pytest.mark.parametrize(("topic", "more"), [(topics.SWAP_V3, ()), (topics.SWAP_PANCAKE_V3, (11, 12))])
def test_a_swap_replaces_price_liquidity_and_tick(topic: bytes, more: tuple[int, ...]) -> None:
    """Negative ticks are two's complement; Pancake's two more words do not disturb."""
    after = after_log(POOL, log(topic, 5, -6, sqrt_price_at(-3), 77, -3, *more))
    assert after == TickCurve(sqrt_price_at(-3), -3, 77, POOL.map, 500)


def test_a_mint_in_range_adds_liquidity_now_and_a_mint_beside_only_to_the_map() -> None:
    """The range holds its lower tick and not its upper one, as in the contract."""
    for lower, upper, inside in ((-20, 20, True), (0, 10, True), (10, 20, False), (-20, 0, False)):
        after = after_log(POOL, log(topics.MINT_V3, 9, 50, 1, 1, indexed=(1, lower, upper)))
        assert isinstance(after, TickCurve)
        assert after.liquidity == 900 + (50 if inside else 0)
        assert after.map.entries[upper].net == (-50 if upper != 40 else -950)


def test_a_burn_undoes_its_mint() -> None:
    """After both, price, liquidity and every tick are as before."""
    minted = after_log(POOL, log(topics.MINT_V3, 9, 50, 1, 1, indexed=(1, -10, 20)))
    burned = after_log(minted, log(topics.BURN_V3, 50, 1, 1, indexed=(1, -10, 20)))
    assert isinstance(burned, TickCurve)
    assert burned.map.entries == POOL.map.entries and burned.liquidity == POOL.liquidity


def test_a_burn_of_nothing_and_an_unknown_event_change_nothing() -> None:
    """Collecting fees burns zero; Transfer and the like are not ours."""
    assert after_log(POOL, log(topics.BURN_V3, 0, 1, 1, indexed=(1, -10, 20))) is POOL
    assert after_log(POOL, log(b"\7" * 32, 1)) is POOL
    assert after_log(POOL, Log(b"\1" * 20, (), b"", 1, 0)) is POOL


@pytest.mark.parametrize(
    ("curve", "bad"),
    [
        (PAIR, log(topics.SYNC, 5)),
        (PAIR, log(topics.SYNC, 5, 1 << 112)),
        (POOL, log(topics.SYNC, 5, 6)),
        (PAIR, log(topics.SWAP_V3, 1, 1, 1, 1, 1)),
        (POOL, log(topics.SWAP_V3, 1, 1, 1 << 160, 1, 1)),
        (POOL, log(topics.SWAP_V3, 1, 1, 5, 1, 900_000)),
        (POOL, log(topics.MINT_V3, 9, 50, 1, 1, indexed=(1, 2))),
        (POOL, log(topics.BURN_V3, 901, 1, 1, indexed=(1, -20, 40))),
        (PAIR, log(topics.FEE_CAMELOT, 100_000, 0)),
    ],
)
def test_a_log_of_the_wrong_shape_is_refused(curve: ProductCurve | TickCurve, bad: Log) -> None:
    """Corrupt data fails fast, whichever way it is corrupt."""
    with pytest.raises(BadLog):
        after_log(curve, bad)


def test_a_row_of_the_node_is_read_and_a_broken_one_refused() -> None:
    """The JSON of eth_getLogs, and what is none."""
    row = {"address": "0x" + "01" * 20, "topics": ["0x" + "02" * 32], "data": "0x0304", "blockNumber": "0x10"}
    read = Log.from_json({**row, "logIndex": "0x2"})
    assert read == Log(b"\1" * 20, (b"\2" * 32,), b"\3\4", 16, 2)
    for broken in (row, {**row, "logIndex": "zz"}, {**row, "logIndex": None}):
        with pytest.raises(BadLog):
            Log.from_json(broken)
