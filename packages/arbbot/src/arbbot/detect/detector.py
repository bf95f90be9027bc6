"""Re-price the cycles through touched pools and give those that earn.

Three sieves, each lossless: the sum of the best logarithmic rates of a loop's edges (floats, with a
margin far above their error), the same sum of the very lanes, and the closed-form bound in integers.
Only what passes all is traded exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from math import prod
from typing import NamedTuple

from arbbot.detect.lanes import Edge, Lane, Loop, edges_of, loops_of, register
from arbbot.detect.peak import Direction, Peak, peak
from arbbot.detect.search import Amounts, best_anywhere, best_near
from arbbot.model import Hop, Opportunity
from arbbot.pools import Market, StableCurve

MARGIN = -1e-10
"""A rate sum up to here may be a profit: the floats err by less than 1e-12 per lane."""

AMOUNT_MAX = (1 << 112) - 1

Route = tuple[Lane, ...]


class _Candidate(NamedTuple):
    route: Route
    peak: Peak | None
    bound: int


class Detector:
    """Watches the cycles of a market's pools. Build it anew when the market's set of pools changes.

    bases maps the tokens that cycles begin with to the most that may go in (None: no limit), the most
    wanted first. A cycle never uses a pool twice.
    """

    def __init__(self, market: Market, bases: Mapping[bytes, int | None], max_hops: int = 3) -> None:
        self._market = market
        self._ceilings = {token: limit or AMOUNT_MAX for token, limit in bases.items()}
        edges = edges_of(market.pools.values())
        loops = loops_of(edges, tuple(bases), max_hops)
        register(loops)
        self.cycles = sum(_distinct(loop) for loop in loops)
        self._lanes: dict[bytes, list[Lane]] = {}
        for edge in edges.values():
            for lane in edge.lanes:
                self._lanes.setdefault(lane.pool.address, []).append(lane)
        self.refresh(market.pools)

    def refresh(self, touched: Iterable[bytes]) -> list[Lane]:
        """Read the touched pools' curves again without searching (after a reconciliation or rewind)."""
        lanes = []
        for address in touched:
            curve = self._market.curve(address)
            for lane in self._lanes[address]:
                lane.see(curve)
                lanes.append(lane)
        for edge in {lane.edge for lane in lanes}:
            edge.rank()
        return lanes

    def detect(
        self, touched: Iterable[bytes], sequence: int, floor: int = 0, most: int = 4
    ) -> list[Opportunity]:
        """Give the opportunities through the touched pools, the most profitable first, at most so many.

        An opportunity earns more than floor (units of its base token, before gas). With the closed form
        no cycle left out earns more than the least one given, except by what rounding decides.
        """
        routes = {route for lane in self.refresh(touched) for route in _routes(lane)}
        looked = (self._look(route) for route in routes)
        candidates = [candidate for candidate in looked if candidate and candidate.bound > floor]
        candidates.sort(key=lambda candidate: candidate.bound, reverse=True)
        found: list[Opportunity] = []
        for candidate in candidates:
            if len(found) >= most and found[-1].profit >= candidate.bound:
                break
            opportunity = self._trade(candidate, sequence)
            if opportunity is not None and opportunity.profit > floor:
                found.append(opportunity)
                found.sort(key=lambda opportunity: opportunity.profit, reverse=True)
                del found[most:]
        return found

    def _look(self, route: Route) -> _Candidate | None:
        """Bound what a route can earn."""
        directions = _directions(route)
        ceiling = self._ceilings[route[0].edge.token_in]
        if any(isinstance(curve, StableCurve) for curve, _ in directions):
            return _Candidate(route, None, AMOUNT_MAX)
        segments = [segment for lane in route if (segment := lane.segment)]
        if len(segments) < len(route) or prod(s.a for s in segments) <= prod(s.b for s in segments):
            return None
        top = peak(directions, segments, ceiling)
        if top is None:
            return None
        return _Candidate(route, top, AMOUNT_MAX if top.bound is None else top.bound)

    def _trade(self, candidate: _Candidate, sequence: int) -> Opportunity | None:
        route, top, _ = candidate
        directions = _directions(route)
        ceiling = self._ceilings[route[0].edge.token_in]
        if top is None:
            amounts = best_anywhere(directions, ceiling)
        else:
            amounts = best_near(directions, top.amount, ceiling)
        bound = top.bound if top else None
        return _opportunity(route, amounts, bound, sequence) if amounts else None


def _opportunity(route: Route, amounts: Amounts, bound: int | None, sequence: int) -> Opportunity:
    profit = amounts[-1] - amounts[0]
    return Opportunity(
        token=route[0].edge.token_in,
        hops=tuple(
            Hop(
                lane.pool.address,
                lane.pool.version,
                lane.edge.token_in,
                lane.edge.token_out,
                lane.curve.fee(lane.zero_for_one),
            )
            for lane in route
        ),
        amounts=amounts,
        profit=profit,
        sequence=sequence,
        slack=None if bound is None else max(bound - profit, 0),
    )


def _routes(lane: Lane) -> Iterator[Route]:
    """Give the pool cycles through a lane whose rates may leave a profit."""
    edge, needed = lane.edge, MARGIN - lane.rate
    for other, loop in edge.pairs:
        if other.best > needed:
            yield from _through(lane, loop, needed)
    for other, another, loop in edge.triples:
        if other.best + another.best > needed:
            yield from _through(lane, loop, needed)


def _through(lane: Lane, loop: Loop, needed: float) -> Iterator[Route]:
    choices = [(lane,) if edge is lane.edge else edge.lanes for edge in loop]
    for route in product(*choices):
        if sum(other.rate for other in route if other is not lane) > needed:
            addresses = {other.pool.address for other in route}
            if len(addresses) == len(route):
                yield route


def _directions(route: Route) -> list[Direction]:
    return [(lane.curve, lane.zero_for_one) for lane in route]


def _distinct(loop: tuple[Edge, ...]) -> int:
    """Count the ways to run a loop without using a pool twice."""
    return sum(
        len({lane.pool.address for lane in route}) == len(route)
        for route in product(*(edge.lanes for edge in loop))
    )
