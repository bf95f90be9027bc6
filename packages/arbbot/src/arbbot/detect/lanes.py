"""The market as lanes and edges, and the loops of tokens that run along them.

A lane is one pool in one direction; an edge holds all lanes from one token to another; a loop is a
closed walk over edges that begins with a base token. Loops are found once; a pool's change touches
two lanes, and only loops over their edges are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, log

from arbbot.pools import PIPS, Curve, Pool, Segment


class Lane:
    """One pool in one direction. rate is the logarithm of its marginal price after the fee.

    The rate bounds the lane from above: what a pool pays per unit only falls with the amount.
    """

    __slots__ = ("_segment", "_segmented", "curve", "edge", "pool", "rate", "zero_for_one")

    def __init__(self, pool: Pool, zero_for_one: bool, edge: Edge) -> None:
        self.pool, self.zero_for_one, self.edge = pool, zero_for_one, edge
        self.rate = -inf
        self.curve: Curve
        self._segment: Segment | None = None
        self._segmented = False

    def see(self, curve: Curve) -> None:
        """Take the pool's new curve."""
        self.curve, self._segmented = curve, False
        out, into = curve.spot(self.zero_for_one)
        kept = PIPS - curve.fee(self.zero_for_one)
        self.rate = log(out * kept / (into * PIPS)) if out and into and kept > 0 else -inf

    @property
    def segment(self) -> Segment | None:
        """The first piece of the curve, worked out when first asked for."""
        if not self._segmented:
            self._segment, self._segmented = self.curve.segment(self.zero_for_one), True
        return self._segment


class Edge:
    """All lanes from one token to another, and the loops that run over it.

    pairs: for each 2-edge loop, the other edge and the loop; triples: for each 3-edge loop, the two
    other edges and the loop.
    """

    __slots__ = ("best", "lanes", "pairs", "token_in", "token_out", "triples")

    def __init__(self, token_in: bytes, token_out: bytes) -> None:
        self.token_in, self.token_out = token_in, token_out
        self.lanes: list[Lane] = []
        self.best = -inf
        self.pairs: list[tuple[Edge, Loop]] = []
        self.triples: list[tuple[Edge, Edge, Loop]] = []

    def rank(self) -> None:
        """Find the best rate of the lanes anew."""
        self.best = max(lane.rate for lane in self.lanes)


Loop = tuple[Edge, ...]
"""Edges in order, from the base token back to it."""


def edges_of(pools: Iterable[Pool]) -> dict[tuple[bytes, bytes], Edge]:
    """Lay out the lanes of all pools."""
    edges: dict[tuple[bytes, bytes], Edge] = {}
    for pool in pools:
        for zero_for_one in (True, False):
            ends = (pool.token0, pool.token1) if zero_for_one else (pool.token1, pool.token0)
            edge = edges.setdefault(ends, Edge(*ends))
            edge.lanes.append(Lane(pool, zero_for_one, edge))
    return edges


def loops_of(edges: dict[tuple[bytes, bytes], Edge], bases: Sequence[bytes], max_hops: int) -> list[Loop]:
    """Find all loops of two and, if asked, three edges that begin with a base token.

    A loop over several base tokens is found once, beginning with the first of them in the order given.
    """
    leaving: dict[bytes, list[Edge]] = {}
    for edge in edges.values():
        leaving.setdefault(edge.token_in, []).append(edge)
    loops: list[Loop] = []
    for at, base in enumerate(bases):
        earlier = set(bases[:at])
        for first in leaving.get(base, ()):
            if first.token_out in earlier:
                continue
            loops.append((first, edges[first.token_out, base]))
            if max_hops >= 3:
                loops.extend(_triangles(first, base, earlier, leaving, edges))
    return loops


def _triangles(
    first: Edge,
    base: bytes,
    earlier: set[bytes],
    leaving: dict[bytes, list[Edge]],
    edges: dict[tuple[bytes, bytes], Edge],
) -> Iterable[Loop]:
    for second in leaving[first.token_out]:
        third = edges.get((second.token_out, base))
        if third is not None and second.token_out != base and second.token_out not in earlier:
            yield (first, second, third)


def register(loops: Iterable[Loop]) -> None:
    """Tell every edge which loops run over it."""
    for loop in loops:
        for at, edge in enumerate(loop):
            others = loop[:at] + loop[at + 1 :]
            if len(others) == 1:
                edge.pairs.append((others[0], loop))
            else:
                edge.triples.append((others[0], others[1], loop))
