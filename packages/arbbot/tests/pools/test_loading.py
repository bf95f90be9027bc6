"""Pools are read from a node in rounds, and only by calls that the kind of pool can answer."""

import pytest
import sha3

from arbbot.pools import (
    BadAnswer,
    Call,
    Curve,
    Discovery,
    Factory,
    Loading,
    PoolSpec,
    ProductCurve,
    StableCurve,
    TickCurve,
    TickLiquidity,
    TickMap,
)
from arbbot.pools import calls as selectors
from arbbot.pools.ticks import sqrt_price_at

T0, T1, T2 = (bytes([letter]) * 20 for letter in (1, 2, 3))
PAIR, STABLE, POOL, NOTHING, EMPTY = (bytes([letter]) * 20 for letter in (11, 12, 13, 14, 15))
FINE = bytes([16]) * 20


def words(*values: int) -> bytes:
    """Write an answer."""
    return b"".join((value % (1 << 256)).to_bytes(32, "big") for value in values)


def address_word(address: bytes) -> bytes:
    """Write an address as an answer."""
    return address.rjust(32, b"\0")


class Node:
    """Answers calls as the contracts would; remembers what was asked of whom."""

    def __init__(self, curves: dict[bytes, Curve]) -> None:
        self.curves = curves
        self.asked: list[Call] = []

    def answer(self, asked: Call) -> bytes | None:
        """Answer one call; None is a revert, and an address without code answers with nothing."""
        self.asked.append(asked)
        curve, selector, rest = self.curves.get(asked.to), asked.data[:4], asked.data[4:]
        if curve is None:
            return b""
        if selector in (selectors.TOKEN0, selectors.TOKEN1):
            return address_word(T0 if selector == selectors.TOKEN0 else T1)
        return (
            self.of_v3(curve, selector, rest) if isinstance(curve, TickCurve) else self.of_v2(curve, selector)
        )

    def of_v2(self, curve: Curve, selector: bytes) -> bytes | None:
        """Answer as a pair; a Camelot pair tells its fees with the reserves."""
        assert isinstance(curve, ProductCurve | StableCurve)
        if selector == selectors.RESERVES:
            third = (curve.fee0 // 10, curve.fee1 // 10) if curve.fee0 != curve.fee1 else (1_700_000_000,)
            return words(curve.reserve0, curve.reserve1, *third)
        if isinstance(curve, StableCurve):
            told = {selectors.STABLE: 1, selectors.UNIT0: curve.unit0, selectors.UNIT1: curve.unit1}
            return words(told[selector]) if selector in told else None
        return None

    def of_v3(self, curve: TickCurve, selector: bytes, rest: bytes) -> bytes | None:
        """Answer as a V3 pool, with the bitmap written bit by bit."""
        at = int.from_bytes(rest, "big")
        at -= (1 << 256) if at >> 255 else 0
        spacing, entries = curve.map.spacing, curve.map.entries
        if selector == selectors.BITMAP:
            return words(sum(1 << (tick // spacing & 255) for tick in entries if tick // spacing >> 8 == at))
        if selector == selectors.TICKS:
            return words(entries[at].gross, entries[at].net, 0, 0, 0, 0, 0, 1)
        plain = {
            selectors.FEE: (curve.pips,),
            selectors.SPACING: (spacing,),
            selectors.SLOT0: (curve.sqrt_price, curve.tick, 0, 1, 1, 0, 1),
            selectors.LIQUIDITY: (curve.liquidity,),
        }
        return words(*plain[selector]) if selector in plain else None


def ticks(spacing: int) -> TickMap:
    """A map with ticks in far words on either side."""
    held = 5 * 10**18
    return TickMap(
        spacing, {at * spacing: TickLiquidity(held, net) for at, net in ((-300, held), (300, -held))}
    )


CURVES: dict[bytes, Curve] = {
    PAIR: ProductCurve(10**18, 2 * 10**18),
    STABLE: StableCurve(10**12, 10**12, 10**6, 10**6, 400, 500),
    POOL: TickCurve(sqrt_price_at(-5), -5, 5 * 10**18, ticks(60), 3000),
    EMPTY: ProductCurve(0, 0),
    FINE: TickCurve(sqrt_price_at(-5), -5, 5 * 10**18, ticks(1), 100),
}


def load(*specs: PoolSpec, words: int = 1024) -> tuple[Loading, Node]:
    """Run a loading against the node to its end."""
    node, loading = Node(CURVES), Loading(specs, words)
    while calls := loading.calls():
        loading.feed([node.answer(asked) for asked in calls])
    return loading, node


def test_every_kind_of_pool_is_read_whole() -> None:
    """Reserves and fees, the stable curve's units, price, liquidity and every initialized tick."""
    loading, _ = load(PoolSpec(PAIR, "uniswap"), PoolSpec(STABLE, "camelot"), PoolSpec(POOL, "uniswap"))
    read = {pool.address: (pool, curve) for pool, curve in loading.loaded}
    assert loading.refused == {}
    assert read[PAIR][1] == CURVES[PAIR] and read[STABLE][1] == CURVES[STABLE]
    pool, curve = read[POOL]
    expected = CURVES[POOL]
    assert isinstance(curve, TickCurve) and isinstance(expected, TickCurve)
    assert (pool.version, pool.fee, pool.token0, pool.token1) == ("v3", 3000, T0, T1)
    assert curve.map.entries == expected.map.entries
    for amount in (10**9, 10**17, 10**22):
        assert curve.quote(True, amount) == expected.quote(True, amount)


def test_slot0_is_asked_only_of_what_is_known_to_be_v3() -> None:
    """The first round asks what a pool is; a pair never sees a V3 call but fee and tickSpacing."""
    _, node = load(PoolSpec(PAIR, "uniswap"), PoolSpec(POOL, "uniswap"), PoolSpec(NOTHING, "uniswap"))
    first = [asked.data[:4] for asked in node.asked[:15]]
    assert selectors.SLOT0 not in first
    deep = {selectors.SLOT0, selectors.LIQUIDITY, selectors.BITMAP, selectors.TICKS}
    assert {asked.to for asked in node.asked if asked.data[:4] in deep} == {POOL}


def test_what_cannot_be_loaded_is_refused_with_its_reason() -> None:
    """No code, another version than expected, and no reserves."""
    loading, _ = load(
        PoolSpec(NOTHING, "uniswap"), PoolSpec(PAIR, "uniswap", "v3", 3000), PoolSpec(EMPTY, "uniswap")
    )
    assert loading.loaded == []
    assert loading.refused == {NOTHING: "no_pool", PAIR: "version", EMPTY: "empty"}


def test_a_short_answer_refuses_its_pool_alone() -> None:
    """A malformed answer is no state, and the other pools are not disturbed."""
    loading = Loading([PoolSpec(PAIR, "uniswap"), PoolSpec(POOL, "uniswap")])
    node = Node(CURVES)
    while calls := loading.calls():
        loading.feed([b"\1" if asked.data[:4] == selectors.SLOT0 else node.answer(asked) for asked in calls])
    assert loading.refused == {POOL: "malformed"}
    assert [pool.address for pool, _ in loading.loaded] == [PAIR]


def test_answers_must_be_as_many_as_calls() -> None:
    """A lost answer would shift all that follow."""
    loading = Loading([PoolSpec(PAIR, "uniswap")])
    with pytest.raises(BadAnswer):
        loading.feed([None])


def test_a_fine_tick_map_is_loaded_around_the_price() -> None:
    """Spacing 1 has 6,932 words; with a limit only the nearest are asked for, and they are known as such."""
    loading, node = load(PoolSpec(FINE, "uniswap"), words=8)
    asked = [asked for asked in node.asked if asked.data[:4] == selectors.BITMAP]
    assert len(asked) == 9
    curve = loading.loaded[0].curve
    assert isinstance(curve, TickCurve)
    assert (curve.map.low_word, curve.map.high_word) == (-5, 3)
    assert curve.map.ticks == [-300, 300]


def test_a_protocol_without_its_own_fee_call_has_its_known_fee() -> None:
    """Pancake's pairs take 0.25 %, a specification overrides."""
    loading, _ = load(PoolSpec(PAIR, "pancakeswap"), PoolSpec(PAIR, "odd", fee=1000))
    assert [curve.fee(True) for _, curve in loading.loaded] == [2500, 1000]


def test_factories_are_asked_for_every_pair_and_fee() -> None:
    """Each unordered pair once per V2 factory and once per fee tier; zero addresses are no pools."""
    v2, v3 = Factory("uniswap", "v2", b"\x22" * 20), Factory("uniswap", "v3", b"\x33" * 20, (500, 3000))
    discovery = Discovery([v2, v3], [T2, T0, T1, T0])
    calls = discovery.calls()
    assert len(calls) == 3 + 6
    known = {
        Call(v2.address, selectors.GET_PAIR + address_word(T0) + address_word(T2)): PAIR,
        Call(v3.address, selectors.GET_POOL + address_word(T1) + address_word(T2) + words(500)): POOL,
    }
    answers = [address_word(known.get(asked, bytes(20))) for asked in calls]
    assert discovery.specs(answers) == [
        PoolSpec(PAIR, "uniswap", "v2", None),
        PoolSpec(POOL, "uniswap", "v3", 500),
    ]
    with pytest.raises(BadAnswer):
        discovery.specs(answers[1:])


@pytest.mark.parametrize(
    ("selector", "signature"),
    [
        (selectors.TOKEN0, "token0()"),
        (selectors.TOKEN1, "token1()"),
        (selectors.RESERVES, "getReserves()"),
        (selectors.FEE, "fee()"),
        (selectors.SPACING, "tickSpacing()"),
        (selectors.SLOT0, "slot0()"),
        (selectors.LIQUIDITY, "liquidity()"),
        (selectors.BITMAP, "tickBitmap(int16)"),
        (selectors.TICKS, "ticks(int24)"),
        (selectors.STABLE, "stableSwap()"),
        (selectors.UNIT0, "precisionMultiplier0()"),
        (selectors.UNIT1, "precisionMultiplier1()"),
        (selectors.GET_PAIR, "getPair(address,address)"),
        (selectors.GET_POOL, "getPool(address,address,uint24)"),
    ],
)
def test_a_selector_is_the_hash_of_its_signature(selector: bytes, signature: str) -> None:
    """Each constant is the first four bytes of keccak-256."""
    assert selector == sha3.keccak_256(signature.encode()).digest()[:4]
