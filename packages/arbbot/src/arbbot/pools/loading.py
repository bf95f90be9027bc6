"""Read pools from the node without reaching it: give the calls of each round, take their answers.

    loading = Loading(specs)
    while calls := loading.calls():
        loading.feed(await answers_of(calls))     # all rounds at one pinned block
    market = Market(loading.loaded, block)

Round 1 asks each address what it is (version detection, before any slot0 call); later rounds ask only
what that kind of pool can answer: 2 the state, 3 the tick bitmap, 4 the initialized ticks.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence

import msgspec

from arbbot.model import Version
from arbbot.pools.calls import (
    BITMAP,
    FEE,
    LIQUIDITY,
    RESERVES,
    SLOT0,
    SPACING,
    STABLE,
    TICKS,
    TOKEN0,
    TOKEN1,
    UNIT0,
    UNIT1,
    Answer,
    Call,
    address,
    call,
    signed,
    word,
    words,
)
from arbbot.pools.curve import Curve, Loaded, Pool
from arbbot.pools.errors import BadAnswer
from arbbot.pools.stable import StableCurve
from arbbot.pools.tickmap import TickLiquidity, TickMap, ticks_in_word, word_of
from arbbot.pools.ticks import MAX_TICK, MIN_TICK
from arbbot.pools.v2 import ProductCurve
from arbbot.pools.v3 import TickCurve

FEES_V2 = {"pancakeswap": 2500}
"""Fees of V2 protocols whose pairs do not tell them (pips); all others take 3000."""


class PoolSpec(msgspec.Struct, frozen=True, gc=False):
    """A pool to load. version and fee are expectations; None where nothing is known beforehand."""

    address: bytes
    protocol: str
    version: Version | None = None
    fee: int | None = None


_Round = list[Call]
_Reading = Generator[_Round, Sequence[Answer], Loaded]


class Loading:
    """The loading of some pools. words: load the whole tick map of a pool if it has at most so many
    bitmap words, else so many around the price.

    loaded are the pools read so far; refused tells why an address was not taken: `no_pool`, `version`
    (another one than expected), `empty` (no reserves, no price) or `malformed`.
    """

    def __init__(self, specs: Iterable[PoolSpec], words: int = 1024) -> None:
        self.loaded: list[Loaded] = []
        self.refused: dict[bytes, str] = {}
        self._waiting: list[tuple[PoolSpec, _Reading, _Round]] = []
        for spec in specs:
            reading = _read(spec, words)
            self._waiting.append((spec, reading, next(reading)))

    def calls(self) -> list[Call]:
        """Give all calls of this round; none when everything is read."""
        return [call for _, _, asked in self._waiting for call in asked]

    def feed(self, answers: Sequence[Answer]) -> None:
        """Take the answers to `calls()`, in that order. Raises BadAnswer where the number differs."""
        wanted = sum(len(asked) for _, _, asked in self._waiting)
        if len(answers) != wanted:
            raise BadAnswer(f"{len(answers)} answers to {wanted} calls")
        at, still = 0, []
        for spec, reading, asked in self._waiting:
            ours, at = answers[at : at + len(asked)], at + len(asked)
            further = self._go_on(spec, reading, ours)
            if further is not None:
                still.append((spec, reading, further))
        self._waiting = still

    def _go_on(self, spec: PoolSpec, reading: _Reading, answers: Sequence[Answer]) -> _Round | None:
        try:
            return reading.send(answers)
        except StopIteration as done:
            self.loaded.append(done.value)
        except _Refused as refused:
            self.refused[spec.address] = refused.reason
        except BadAnswer:
            self.refused[spec.address] = "malformed"
        return None


class _Refused(BadAnswer):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _read(spec: PoolSpec, most_words: int) -> _Reading:
    to = spec.address
    token0, token1, reserves, fee, spacing = yield [
        call(to, selector) for selector in (TOKEN0, TOKEN1, RESERVES, FEE, SPACING)
    ]
    if not token0 or not token1:
        raise _Refused("no_pool")
    version = _version(reserves, fee, spacing)
    if version is None or spec.version not in (None, version):
        raise _Refused("version")
    curve: Curve
    if version == "v2":
        curve, known_fee = (yield from _pair(spec, reserves)), None
    else:
        known_fee = word(fee)
        curve = yield from _concentrated(to, known_fee, word(spacing), most_words)
    return Loaded(Pool(to, spec.protocol, version, address(token0), address(token1), known_fee), curve)


def _version(reserves: Answer, fee: Answer, spacing: Answer) -> Version | None:
    if reserves is not None and len(reserves) >= 96:
        return "v2"
    return "v3" if fee and spacing else None


def _pair(spec: PoolSpec, reserves: Answer) -> Generator[_Round, Sequence[Answer], Curve]:
    reserve0, reserve1, third = words(reserves, 3)
    if not reserve0 or not reserve1:
        raise _Refused("empty")
    if spec.protocol != "camelot":
        fee = spec.fee or FEES_V2.get(spec.protocol, 3000)
        return ProductCurve(reserve0, reserve1, fee, fee)
    fee0, fee1 = third * 10, words(reserves, 4)[3] * 10  # 100,000ths to pips
    stable, unit0, unit1 = yield [call(spec.address, selector) for selector in (STABLE, UNIT0, UNIT1)]
    if word(stable):
        return StableCurve(reserve0, reserve1, word(unit0), word(unit1), fee0, fee1)
    return ProductCurve(reserve0, reserve1, fee0, fee1)


def _concentrated(
    to: bytes, fee: int, spacing: int, most_words: int
) -> Generator[_Round, Sequence[Answer], Curve]:
    slot0, liquidity = yield [call(to, SLOT0), call(to, LIQUIDITY)]
    sqrt_price, tick_word = words(slot0, 2)
    if not sqrt_price:
        raise _Refused("empty")
    tick = signed(tick_word)
    low, high = _window(word_of(tick, spacing), spacing, most_words)
    bitmaps = yield [call(to, BITMAP, at) for at in range(low, high + 1)]
    marked = [tick for at, bits in enumerate(bitmaps, low) for tick in ticks_in_word(at, word(bits), spacing)]
    answers = (yield [call(to, TICKS, at) for at in marked]) if marked else ()
    entries = {
        at: TickLiquidity(gross, signed(net))
        for at, (gross, net) in zip(marked, (words(answer, 2) for answer in answers), strict=True)
    }
    return TickCurve(sqrt_price, tick, word(liquidity), TickMap(spacing, entries, (low, high)), fee)


def _window(centre: int, spacing: int, most: int) -> tuple[int, int]:
    """Give the words to load: all of them if they are few enough, else as many around the price."""
    lowest, highest = word_of(MIN_TICK, spacing), word_of(MAX_TICK, spacing)
    if highest - lowest < most:
        return lowest, highest
    return max(lowest, centre - most // 2), min(highest, centre + most // 2)
