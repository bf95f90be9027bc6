"""The initialized ticks of a V3 pool, and the stepping of its bitmap by words of 256.

The contracts keep one bit per tick in words of 256 and never look beyond a word in one step, so a
swap pauses, and rounds, at every word's edge. A sorted list of ticks plus that rule is the same map.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from arbbot.pools.errors import BadLog, UnknownTicks
from arbbot.pools.ticks import MAX_TICK, MIN_TICK


class TickLiquidity(NamedTuple):
    """What a tick holds: all liquidity that refers to it, and what is added when it is crossed upwards."""

    gross: int
    net: int


def word_of(tick: int, spacing: int) -> int:
    """Give the bitmap word in which a tick lies."""
    return (tick // spacing) >> 8


class TickMap:
    """Initialized ticks of one pool; never changed, `with_liquidity` gives a new one.

    words is the inclusive range of bitmap words that are known; None means all of them.
    """

    __slots__ = ("entries", "high_word", "low_word", "spacing", "ticks")

    def __init__(
        self, spacing: int, entries: Mapping[int, TickLiquidity], words: tuple[int, int] | None = None
    ) -> None:
        self.spacing = spacing
        self.entries = dict(entries)
        self.ticks = sorted(self.entries)
        self.low_word, self.high_word = words or (word_of(MIN_TICK, spacing), word_of(MAX_TICK, spacing))

    def below(self, tick: int) -> tuple[int, bool]:
        """Give the next tick at or below, within its word, and whether it is initialized."""
        word = (tick // self.spacing) >> 8
        if not self.low_word <= word <= self.high_word:
            raise UnknownTicks(f"word {word} of the tick map is not loaded")
        edge = (word << 8) * self.spacing
        at = bisect_right(self.ticks, tick) - 1
        if at >= 0 and self.ticks[at] >= edge:
            return self.ticks[at], True
        return max(edge, MIN_TICK), False

    def above(self, tick: int) -> tuple[int, bool]:
        """Give the next tick above, within the word of the next one, and whether it is initialized."""
        word = (tick // self.spacing + 1) >> 8
        if not self.low_word <= word <= self.high_word:
            raise UnknownTicks(f"word {word} of the tick map is not loaded")
        edge = ((word << 8) + 255) * self.spacing
        at = bisect_right(self.ticks, tick)
        if at < len(self.ticks) and self.ticks[at] <= edge:
            return self.ticks[at], True
        return min(edge, MAX_TICK), False

    def net(self, tick: int) -> int:
        """Give what is added to the liquidity when this initialized tick is crossed upwards."""
        return self.entries[tick].net

    def range_end(self, tick: int, falling: bool) -> tuple[int, bool]:
        """Give the tick at which the liquidity next changes, and whether it is initialized.

        Where none is left, the end of the known map is given: the liquidity is constant up to there.
        """
        ticks, spacing = self.ticks, self.spacing
        if falling:
            at = bisect_right(ticks, tick) - 1
            edge = max((self.low_word << 8) * spacing, MIN_TICK)
            return (ticks[at], True) if at >= 0 and ticks[at] >= edge else (edge, False)
        at = bisect_right(ticks, tick)
        edge = min(((self.high_word << 8) + 255) * spacing, MAX_TICK)
        return (ticks[at], True) if at < len(ticks) and ticks[at] <= edge else (edge, False)

    def with_liquidity(self, lower: int, upper: int, amount: int) -> TickMap:
        """Give the map after a position changed by amount (negative: a burn). Raises BadLog."""
        changed = TickMap(self.spacing, {}, (self.low_word, self.high_word))
        changed.entries, changed.ticks = dict(self.entries), list(self.ticks)
        changed._shift(lower, amount, amount)
        changed._shift(upper, amount, -amount)
        return changed

    def _shift(self, tick: int, gross: int, net: int) -> None:
        before = self.entries.get(tick, TickLiquidity(0, 0))
        after = TickLiquidity(before.gross + gross, before.net + net)
        if after.gross < 0:
            raise BadLog(f"tick {tick} would hold {after.gross} liquidity")
        if not self.low_word <= word_of(tick, self.spacing) <= self.high_word:
            return  # outside what was loaded: swaps never get there
        if after.gross == 0:
            self._forget(tick)
        else:
            if tick not in self.entries:
                self.ticks.insert(bisect_left(self.ticks, tick), tick)
            self.entries[tick] = after

    def _forget(self, tick: int) -> None:
        if self.entries.pop(tick, None) is not None:
            del self.ticks[bisect_left(self.ticks, tick)]


def ticks_in_word(word: int, bitmap: int, spacing: int) -> Iterable[int]:
    """Give the initialized ticks that a bitmap word marks, lowest first."""
    base = word << 8
    return ((base + bit) * spacing for bit in range(256) if bitmap >> bit & 1)
