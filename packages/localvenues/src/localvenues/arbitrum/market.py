"""What is traded on the local chain: tokens, start prices, pools and their depth.

Prices are US dollars and floats: they steer a simulation and are never money.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Version = Literal["v2", "v3"]

V2_FEE = 3000
TICK_SPACING = {100: 1, 500: 10, 3000: 60, 10000: 200}
MAX_TICK = 887272
# Liquidity of a V3 pool by range around the start price: (lower, upper, share of the pool's depth).
# Ranges overlap and leave the middle, so that a move of a few per cent crosses several ticks.
FULL_RANGE = (0.0, math.inf, 0.30)
VOLATILE_RANGES = (
    FULL_RANGE,
    (0.92, 1.09, 0.025),
    (0.965, 1.035, 0.009),
    (0.985, 1.045, 0.005),
    (0.95, 0.99, 0.004),
    (1.012, 1.06, 0.004),
)
STABLE_RANGES = (
    FULL_RANGE,
    (0.99, 1.01, 0.02),
    (0.997, 1.003, 0.006),
    (0.999, 1.002, 0.002),
)


@dataclass(frozen=True, slots=True)
class TokenSpec:
    """A token to deploy. swing is the standard deviation of its price's drift, as a share."""

    symbol: str
    name: str
    decimals: int
    usd: float
    swing: float


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """A pool to make. depth is what one side holds, in US dollars (for V3: as if it were a V2 pool)."""

    version: Version
    pair: tuple[str, str]
    fee: int
    depth: float


@dataclass(frozen=True, slots=True)
class Token:
    """A deployed token."""

    symbol: str
    address: bytes
    decimals: int
    usd: float
    swing: float


@dataclass(frozen=True, slots=True)
class Pool:
    """A deployed pool; token0 has the lower address. fee is in hundredths of a bip."""

    version: Version
    address: bytes
    token0: Token
    token1: Token
    fee: int

    def other(self, token: Token) -> Token:
        """Return the pool's other token."""
        return self.token1 if token is self.token0 else self.token0


TOKENS = (
    TokenSpec("WETH", "Wrapped Ether", 18, 3000.0, 0.02),
    TokenSpec("USDC", "USD Coin", 6, 1.0, 0.0005),
    TokenSpec("USDT", "Tether USD", 6, 1.0, 0.0005),
    TokenSpec("WBTC", "Wrapped BTC", 8, 66000.0, 0.02),
    TokenSpec("ARB", "Arbitrum", 18, 0.6, 0.03),
)

POOLS = (
    PoolSpec("v2", ("WETH", "USDC"), V2_FEE, 4.2e6),
    PoolSpec("v2", ("WETH", "USDT"), V2_FEE, 3.3e6),
    PoolSpec("v2", ("WETH", "WBTC"), V2_FEE, 3.6e6),
    PoolSpec("v2", ("WETH", "ARB"), V2_FEE, 3.0e6),
    PoolSpec("v2", ("USDC", "USDT"), V2_FEE, 3.0e6),
    PoolSpec("v2", ("WBTC", "USDC"), V2_FEE, 3.0e6),
    PoolSpec("v3", ("WETH", "USDC"), 500, 9.0e6),
    PoolSpec("v3", ("WETH", "USDC"), 3000, 4.5e6),
    PoolSpec("v3", ("WETH", "USDT"), 500, 6.0e6),
    PoolSpec("v3", ("WETH", "WBTC"), 500, 6.0e6),
    PoolSpec("v3", ("WETH", "ARB"), 3000, 3.6e6),
    PoolSpec("v3", ("WETH", "ARB"), 500, 3.0e6),
    PoolSpec("v3", ("WBTC", "USDC"), 3000, 3.6e6),
    PoolSpec("v3", ("USDC", "USDT"), 100, 9.0e6),
)


def amount(token: TokenSpec | Token, usd: float) -> int:
    """Return how many of the token's smallest units a sum in dollars buys at the start price."""
    return int(usd / token.usd * 10**token.decimals)


def raw_price(token0: Token, token1: Token, usd0: float, usd1: float) -> float:
    """Return token1 per token0 in smallest units."""
    return usd0 / usd1 * 10.0 ** (token1.decimals - token0.decimals)


def ranges(fee: int) -> tuple[tuple[float, float, float], ...]:
    """Return the liquidity ranges of a V3 pool by its fee tier."""
    return STABLE_RANGES if fee == 100 else VOLATILE_RANGES


def tick_at(price: float, spacing: int) -> int:
    """Return the usable tick nearest to a raw price, within the protocol's bounds."""
    bound = MAX_TICK // spacing * spacing
    if price <= 0 or math.isinf(price):
        return -bound if price <= 0 else bound
    tick = round(math.log(price) / math.log(1.0001) / spacing) * spacing
    return max(-bound, min(bound, tick))


def sqrt_price_x96(amount0: int, amount1: int) -> int:
    """Return the V3 price (a Q64.96 square root) at which amount1 is worth amount0."""
    return math.isqrt((amount1 << 192) // amount0)
