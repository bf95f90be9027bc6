"""Quotients of lines: how a chain of pools becomes one formula, and where that formula earns most.

A constant product pair, and a V3 pool within one range of liquidity, pay (p*x + q) / (r*x + s). The
composition of such maps is one again: the product of the matrices ((p, q), (r, s)). Its profit
(p*x + q) / (r*x + s) - x is concave and has its maximum where the slope (p*s - q*r) / (r*x + s)**2
is 1. All numbers are integers, so nothing is lost but what a floor takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import NamedTuple

from arbbot.pools import Segment


class Mobius(NamedTuple):
    """The map x -> (p*x + q) / (r*x + s)."""

    p: int
    q: int
    r: int
    s: int

    def then(self, after: Mobius) -> Mobius:
        """Give the map that applies this one first."""
        p, q, r, s = self
        return Mobius(
            after.p * p + after.q * r,
            after.p * q + after.q * s,
            after.r * p + after.s * r,
            after.r * q + after.s * s,
        )

    def value_up(self, x: int) -> int:
        """Give the map's value, rounded up."""
        return -(-(self.p * x + self.q) // (self.r * x + self.s))

    def where(self, y: int) -> int | None:
        """Give the x that is mapped to y, rounded down; None where y is never reached."""
        slope = self.p - self.r * y
        return (self.s * y - self.q) // slope if slope > 0 else None

    def peak(self) -> tuple[int, int]:
        """Give the x of the greatest profit, rounded down, and that profit, rounded up."""
        p, q, r, s = self
        steep = p * s - q * r
        return (isqrt(steep) - s) // r, -((isqrt(4 * steep) - p - s) // r)


IDENTITY = Mobius(1, 0, 0, 1)


def of_segment(segment: Segment) -> Mobius:
    """Write a piece of a curve as a map of the whole amount in to the whole amount out."""
    a, b, c, start_in, start_out = segment[:5]
    if not start_in and not start_out:
        return Mobius(a, 0, c, b)
    shifted = b - c * start_in
    return Mobius(a + c * start_out, start_out * shifted - a * start_in, c, shifted)


def chain(segments: Sequence[Segment]) -> list[Mobius]:
    """Give the maps up to before the first pool, the second, ... and after the last."""
    maps = [IDENTITY]
    for segment in segments:
        maps.append(maps[-1].then(of_segment(segment)))
    return maps
