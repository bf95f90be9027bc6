"""The amount at which a cycle earns most, in closed form, piece by piece.

Without rounding, what a pool pays is an increasing concave function of what goes in, so the profit of
a cycle is concave: a peak in one stretch is the peak of all. A stretch is where no pool of the cycle
changes its formula; there the peak is a square root. Beyond a stretch the pool whose piece ends first
(a tick is crossed) takes its next piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from arbbot.detect.mobius import Mobius, chain
from arbbot.pools import Curve, Segment

MOST_PIECES = 256
"""A cycle that would cross more ticks than this is given at the last stretch looked at, unproven."""

Direction = tuple[Curve, bool]
"""A pool's curve and whether token0 goes in."""


class Peak(NamedTuple):
    """Where a cycle earns most (rounded down), and what no amount in can exceed (None: unproven).

    The bound holds for every integer amount: the contracts round each amount down, never up.
    """

    amount: int
    bound: int | None


def peak(directions: Sequence[Direction], first: Sequence[Segment], ceiling: int) -> Peak | None:
    """Give the peak of a cycle for an amount of at most ceiling; None where nothing can be earned.

    first holds the first piece of each pool in its direction.
    """
    segments = list(first)
    start = 0
    for _ in range(MOST_PIECES):
        maps = chain(segments)
        whole = maps[-1]
        top, profit = whole.peak()
        if top <= start:
            # The slope is already below one where this stretch begins: the peak is the kink itself.
            return _at(whole, start, start) if start else None
        end, ending = _first_end(segments, maps, start)
        if ceiling <= top and (end is None or ceiling <= end):
            return _at(whole, ceiling, ceiling)
        if end is None or top <= end:
            return Peak(top, profit)
        curve, zero_for_one = directions[ending]
        following = curve.segment(zero_for_one, segments[ending])
        if following is None:
            return _at(whole, end, end)
        segments[ending], start = following, end
    return Peak(start, None)


def _first_end(segments: Sequence[Segment], maps: Sequence[Mobius], start: int) -> tuple[int | None, int]:
    """Give the cycle's amount in at which the first of the pools' pieces ends, and which pool's it is."""
    nearest: int | None = None
    ending = 0
    for at, segment in enumerate(segments):
        if segment.end_in is None:
            continue
        reached = maps[at].where(segment.end_in)
        if reached is not None and (nearest is None or reached < nearest):
            nearest, ending = reached, at
    return (None if nearest is None else max(nearest, start)), ending


def _at(whole: Mobius, amount: int, floor: int) -> Peak:
    """Give a peak at a known amount. It was rounded down, so the truth lies below the next integer."""
    return Peak(amount, max(whole.value_up(amount + 1) - floor, 0))
