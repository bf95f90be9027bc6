"""Read the events by which a pool tells its state, and give the curve after each.

Event shapes: Uniswap V2 and V3 core interfaces, Pancake V3 (two more words in Swap), CamelotPair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from arbbot.pools.curve import Curve
from arbbot.pools.errors import BadLog
from arbbot.pools.stable import StableCurve
from arbbot.pools.ticks import MAX_TICK
from arbbot.pools.v2 import RESERVE_MAX, ProductCurve
from arbbot.pools.v3 import TickCurve

SYNC = bytes.fromhex("1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1")
SYNC_256 = bytes.fromhex("cf2aa50876cdfbb541206f89af0ee78d44a2abf8d328e37fa4917f982149848a")
SWAP_V3 = bytes.fromhex("c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67")
SWAP_PANCAKE_V3 = bytes.fromhex("19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83")
MINT_V3 = bytes.fromhex("7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde")
BURN_V3 = bytes.fromhex("0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c")
FEE_CAMELOT = bytes.fromhex("a4877b8ecb5a00ba277e4bceeeb187a669e7113649774dfbea05c259ce27f17b")


class Log(msgspec.Struct, frozen=True, gc=False):
    """One event of one contract. index is its place in the block."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    index: int

    @staticmethod
    def from_json(row: Mapping[str, Any]) -> Log:
        """Read one row of eth_getLogs. Raises BadLog."""
        try:
            return Log(
                address=bytes.fromhex(row["address"][2:]),
                topics=tuple(bytes.fromhex(topic[2:]) for topic in row["topics"]),
                data=bytes.fromhex(row["data"][2:]),
                block=int(row["blockNumber"], 16),
                index=int(row["logIndex"], 16),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadLog(f"no log row: {error!r}") from None


def after_log(curve: Curve, log: Log) -> Curve:
    """Give a pool's curve after one of its logs; an event that changes no state gives the same curve.

    Raises BadLog where the event has not the shape of its topic.
    """
    read = _READERS.get(log.topics[0]) if log.topics else None
    return curve if read is None else read(curve, log)


def _words(log: Log, least: int) -> list[int]:
    if len(log.data) < 32 * least:
        raise BadLog(f"{len(log.data)} bytes of data, wanted {32 * least}")
    return [int.from_bytes(log.data[at : at + 32], "big") for at in range(0, 32 * least, 32)]


def _signed_tick(word: int) -> int:
    tick = word - (1 << 256) if word >> 255 else word
    if abs(tick) > MAX_TICK:
        raise BadLog(f"tick {tick}")
    return tick


def _sync(curve: Curve, log: Log) -> Curve:
    reserve0, reserve1 = _words(log, 2)
    if not isinstance(curve, ProductCurve | StableCurve) or max(reserve0, reserve1) > RESERVE_MAX:
        raise BadLog("a Sync that no V2 pair sends")
    return msgspec.structs.replace(curve, reserve0=reserve0, reserve1=reserve1)


def _fees(curve: Curve, log: Log) -> Curve:
    fee0, fee1 = _words(log, 2)
    if not isinstance(curve, ProductCurve | StableCurve) or max(fee0, fee1) >= 100_000:
        raise BadLog("a fee that no Camelot pair has")
    return msgspec.structs.replace(curve, fee0=fee0 * 10, fee1=fee1 * 10)


def _swap(curve: Curve, log: Log) -> Curve:
    _, _, sqrt_price, liquidity, tick = _words(log, 5)
    if not isinstance(curve, TickCurve) or sqrt_price >> 160 or liquidity >> 128:
        raise BadLog("a Swap that no V3 pool sends")
    return msgspec.structs.replace(curve, sqrt_price=sqrt_price, liquidity=liquidity, tick=_signed_tick(tick))


def _mint(curve: Curve, log: Log) -> Curve:
    return _with_position(curve, log, _words(log, 2)[1])


def _burn(curve: Curve, log: Log) -> Curve:
    return _with_position(curve, log, -_words(log, 1)[0])


def _with_position(curve: Curve, log: Log, amount: int) -> Curve:
    if not isinstance(curve, TickCurve) or len(log.topics) != 4:
        raise BadLog("a position that no V3 pool has")
    if not amount:
        return curve  # a burn of nothing only collects fees
    lower, upper = (_signed_tick(int.from_bytes(topic, "big")) for topic in log.topics[2:])
    inside = lower <= curve.tick < upper
    return msgspec.structs.replace(
        curve,
        map=curve.map.with_liquidity(lower, upper, amount),
        liquidity=curve.liquidity + amount if inside else curve.liquidity,
    )


_READERS: dict[bytes, Callable[[Curve, Log], Curve]] = {
    SYNC: _sync,
    SYNC_256: _sync,
    SWAP_V3: _swap,
    SWAP_PANCAKE_V3: _swap,
    MINT_V3: _mint,
    BURN_V3: _burn,
    FEE_CAMELOT: _fees,
}

TOPICS: tuple[bytes, ...] = tuple(_READERS)
"""The first topics to ask the node for: one eth_getLogs with these tells all that changes a pool."""
