"""What a swap costs between its decoding and the list of opportunities, on a market of 200 pools.

A random but fair market: 16 tokens, half V2 and half V3 pools with nested ranges, prices within a few
hundredths of a percent. 4,000 messages of one swap each are applied and searched; where an opportunity
is found it is mostly taken, so that the market stays fair as a real one does. Every swap is unique.

The figures are the thread's own processor time, except where `wall` is said: on a shared machine the
clock on the wall tells of the neighbours.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from typing import Any, NamedTuple

from arbbot.detect import Detector
from arbbot.model import Opportunity, Swap, Version
from arbbot.pools import Curve, Loaded, Market, Pool, ProductCurve, TickCurve, TickLiquidity, TickMap
from arbbot.pools.ticks import tick_at

POOLS, TOKENS, MESSAGES = 200, 16, 4000
FLOOR = 10**14
WORTH = (1.0, 3.3e8, 3.3e8, 2.1e11, 0.0003, 0.4, 1.1, 0.05)
"""Units of token 0 for a unit of a token, dealt round."""


def token(at: int) -> bytes:
    """Give a token's address."""
    return bytes([at + 1]) * 20


def worth(at: int) -> float:
    """Give what a unit of a token is worth in units of token 0."""
    return WORTH[at] if at == 0 else WORTH[1 + at % (len(WORTH) - 1)]


def nested(sqrt_price: int, liquidity: int, fee: int) -> TickCurve:
    """Build a V3 pool with four nested ranges around its price."""
    spacing = {500: 10, 3000: 60}[fee]
    tick = tick_at(sqrt_price)
    base = tick // spacing * spacing
    net: dict[int, int] = defaultdict(int)
    gross: dict[int, int] = defaultdict(int)
    for width, weight in ((600, 1), (60, 5), (20, 3), (6, 8)):
        for at, sign in ((base - width * spacing, 1), (base + (width + 1) * spacing, -1)):
            net[at] += sign * liquidity * weight
            gross[at] += liquidity * weight
    entries = {at: TickLiquidity(gross[at], net[at]) for at in net}
    return TickCurve(sqrt_price, tick, liquidity * 17, TickMap(spacing, entries), fee)


def market_of(draw: random.Random) -> Market:
    """Build the market: five pools for each token with token 0, the rest between the others."""
    pairs = [(0, at) for at in range(1, TOKENS)] * 5
    pairs += [tuple(draw.sample(range(1, TOKENS), 2)) for _ in range(POOLS - len(pairs))]  # type: ignore[misc]
    loaded = []
    for at, pair in enumerate(pairs):
        token0, token1 = sorted(pair)
        price = worth(token0) / worth(token1) * (1 + draw.uniform(-3e-4, 3e-4))
        depth = draw.uniform(200, 3000) * 1e18 / worth(token0)
        curve: Curve = ProductCurve(int(depth), int(depth * price))
        fee = None
        if at % 2:
            fee = draw.choice([500, 3000])
            curve = nested(int(price**0.5 * 2**96), int(depth * price**0.5) + 1, fee)
        version: Version = "v3" if fee else "v2"
        pool = Pool(at.to_bytes(20, "big"), f"dex{at}", version, token(token0), token(token1), fee)
        loaded.append(Loaded(pool, curve))
    return Market(loaded, 0)


def swap_of(pool: Pool, zero_for_one: bool, amount: int) -> Swap:
    """Write a swap through one pool."""
    path = (pool.token0, pool.token1) if zero_for_one else (pool.token1, pool.token0)
    fees = None if pool.fee is None else (pool.fee,)
    return Swap(pool.protocol, pool.version, "exact_in", path, fees, amount, None, None, 0, None, b"")


def swaps_of(draw: random.Random, market: Market) -> list[Swap]:
    """Draw the messages: sizes around 0.1 of token 0, some a hundred times that."""
    pools, swaps = list(market.pools.values()), []
    for _ in range(MESSAGES):
        pool, zero_for_one = draw.choice(pools), draw.random() < 0.5
        spent = (pool.token0 if zero_for_one else pool.token1)[0] - 1
        swaps.append(swap_of(pool, zero_for_one, int(draw.lognormvariate(0, 1.5) * 1e17 / worth(spent)) + 1))
    return swaps


def taken(market: Market, found: Opportunity) -> list[Swap]:
    """Write the swaps of an opportunity."""
    legs = zip(found.hops, found.amounts, strict=False)
    return [
        swap_of(market.pools[hop.pool], market.pools[hop.pool].token0 == hop.token_in, amount)
        for hop, amount in legs
    ]


class Run(NamedTuple):
    """What each message took (seconds), how many had an opportunity, and the cycles watched."""

    applied: list[float]
    detected: list[float]
    wall: list[float]
    finds: int
    cycles: int


def run(seed: int) -> Run:
    """Run all messages of one market."""
    draw = random.Random(seed)
    market = market_of(draw)
    detector = Detector(market, {token(0): None})
    done = Run([], [], [], 0, detector.cycles)
    finds = 0
    for sequence, swap in enumerate(swaps_of(draw, market), 1):
        wall, start = time.perf_counter(), time.thread_time()
        touched = market.apply(sequence, (swap,))
        middle = time.thread_time()
        found = detector.detect(touched, sequence, FLOOR)
        end = time.thread_time()
        done.wall.append(time.perf_counter() - wall)
        done.applied.append(middle - start)
        done.detected.append(end - middle)
        if found:
            finds += 1
            if draw.random() < 0.7:
                detector.refresh(market.apply(sequence, taken(market, found[0])))
    return done._replace(finds=finds)


def at_share(values: list[float], share: float) -> float:
    """Give a percentile."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def main() -> dict[str, dict[str, Any]]:
    """Measure three markets and give the figures in microseconds."""
    runs = [run(seed) for seed in range(3)]
    applied = [seconds for one in runs for seconds in one.applied]
    detected = [seconds for one in runs for seconds in one.detected]
    wall = [seconds for one in runs for seconds in one.wall]
    both = [one + other for one, other in zip(applied, detected, strict=True)]
    mean = sum(both) / len(both)
    finds = sum(one.finds for one in runs)
    told = f"{POOLS} pools, {runs[0].cycles:,} cycles; {finds} of {len(both):,} messages had an opportunity"

    def row(value: float, unit: str, goal: str | None = None, ok: bool | None = None) -> dict[str, Any]:
        plain = {"peer": None, "ratio": None, "note": told}
        return {"value": value, "unit": unit, "goal": goal, "ok": ok, **plain}

    p95 = at_share(wall, 0.95)
    return {
        "apply, mean": row(sum(applied) / len(applied) * 1e6, "us"),
        "detect, mean": row(sum(detected) / len(detected) * 1e6, "us"),
        "apply and detect, mean": row(mean * 1e6, "us", "<= 150 us", mean <= 150e-6),
        "apply and detect, p95": row(at_share(both, 0.95) * 1e6, "us"),
        "apply and detect, p95, wall": row(p95 * 1e6, "us", "<= 2000 us", p95 <= 2e-3),
        "apply and detect, p99": row(at_share(both, 0.99) * 1e6, "us"),
        "apply and detect, worst": row(max(both) * 1e6, "us"),
        "messages a second of one core": row(1 / mean, "1/s", ">= 5000", mean <= 1 / 5000),
    }


if __name__ == "__main__":
    figures = main()
    print(next(iter(figures.values()))["note"])
    for name, told in figures.items():
        print(f"{name:<32} {told['value']:11.1f} {told['unit']:<4} {told['goal'] or ''}")
