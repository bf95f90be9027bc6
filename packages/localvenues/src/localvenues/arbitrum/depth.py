"""What the crowd sees of a pool: its price and its depth near that price, from calls and logs.

Sizes are estimates (floats), good enough to decide a trade; the chain does the exact arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localvenues.arbitrum.abi import selector, topic, words
from localvenues.arbitrum.market import Pool, Token
from localvenues.arbitrum.rpc import Rpc

SYNC = topic("Sync(uint112,uint112)")
SWAP_V3 = topic("Swap(address,address,int256,int256,uint160,uint128,int24)")
Q96 = 2.0**96
MILLION = 1_000_000


@dataclass(slots=True)
class Depth:
    """A pool's reserves: V2's own, or what a V2 pool of the same price and depth would hold."""

    pool: Pool
    reserve0: float = 0.0
    reserve1: float = 0.0

    @property
    def price(self) -> float:
        """Return token1 per token0 in smallest units."""
        return self.reserve1 / self.reserve0

    def reserves(self, token_in: Token) -> tuple[float, float]:
        """Return the reserves (in, out) for a trade that brings token_in."""
        pair = (self.reserve0, self.reserve1)
        return pair if token_in is self.pool.token0 else (pair[1], pair[0])

    def output(self, token_in: Token, amount: float) -> float:
        """Estimate what comes out for an amount that goes in."""
        into, out = self.reserves(token_in)
        net = amount * (1 - self.pool.fee / MILLION)
        return out * net / (into + net)

    def input(self, token_in: Token, amount: float) -> float:
        """Estimate what must go in for an amount to come out (less than half of the reserve)."""
        into, out = self.reserves(token_in)
        amount = min(amount, out / 2)
        return into * amount / (out - amount) / (1 - self.pool.fee / MILLION)

    def correction(self, price: float) -> tuple[Token, float]:
        """Return the token and the amount that would bring the pool to a price."""
        if self.price > price:
            return self.pool.token0, self.reserve0 * (math.sqrt(self.price / price) - 1)
        return self.pool.token1, self.reserve1 * (math.sqrt(price / self.price) - 1)

    def set_v3(self, sqrt_price_x96: int, liquidity: int) -> None:
        """Take a V3 pool's price and active liquidity."""
        root = sqrt_price_x96 / Q96
        self.reserve0, self.reserve1 = liquidity / root, liquidity * root


async def read(rpc: Rpc, pools: Sequence[Pool]) -> dict[str, Depth]:
    """Read all pools by calls; the keys are lower-case 0x addresses."""
    depths = {"0x" + pool.address.hex(): Depth(pool) for pool in pools}
    for place, depth in depths.items():
        names = ["getReserves()"] if depth.pool.version == "v2" else ["slot0()", "liquidity()"]
        calls = [
            ("eth_call", ({"to": place, "data": "0x" + selector(name).hex()}, "latest")) for name in names
        ]
        answers = [words(answer) for answer in await rpc.batch(calls)]
        if depth.pool.version == "v2":
            depth.reserve0, depth.reserve1 = answers[0][:2]
        else:
            depth.set_v3(answers[0][0], answers[1][0])
    return depths


def follow(depths: Mapping[str, Depth], receipts: Iterable[Mapping[str, Any]]) -> int:
    """Take the pools' newest state from a block's receipts; return how many transactions reverted."""
    reverted = 0
    for receipt in receipts:
        reverted += receipt["status"] != "0x1"
        for log in receipt["logs"]:
            depth = depths.get(log["address"])
            if depth is not None:
                _follow_log(depth, log)
    return reverted


def _follow_log(depth: Depth, log: Mapping[str, Any]) -> None:
    if log["topics"][0] == SYNC:
        depth.reserve0, depth.reserve1 = words(log["data"])
    elif log["topics"][0] == SWAP_V3:
        _, _, root, liquidity, _ = words(log["data"])
        # Liquidity is nought where a price rests outside of all ranges; the last depth still serves.
        if liquidity:
            depth.set_v3(root, liquidity)
