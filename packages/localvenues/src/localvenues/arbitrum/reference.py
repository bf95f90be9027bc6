"""The prices that the crowd believes in: each token's drifts and returns to its start.

Floats: these steer a simulation and are never money.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

from localvenues.arbitrum.market import Pool, Token, raw_price

# Share of the way back to the start price per step; half of a drift is gone after about 1,400 steps.
RETURN = 0.0005


class Reference:
    """A mean-reverting walk of the logarithm of every token's price (Ornstein-Uhlenbeck)."""

    def __init__(self, tokens: Iterable[Token], seed: int) -> None:
        self._random = random.Random(seed)
        self._tokens = {token.symbol: token for token in tokens}
        self._drift = dict.fromkeys(self._tokens, 0.0)

    def step(self) -> None:
        """Move all prices by one block."""
        for symbol, token in self._tokens.items():
            kick = self._random.gauss(0.0, token.swing * math.sqrt(2 * RETURN))
            self._drift[symbol] += kick - RETURN * self._drift[symbol]

    def usd(self, token: Token) -> float:
        """Return the token's present price in dollars."""
        return token.usd * math.exp(self._drift[token.symbol])

    def price(self, pool: Pool) -> float:
        """Return token1 per token0, in smallest units, that the pool should show."""
        return raw_price(pool.token0, pool.token1, self.usd(pool.token0), self.usd(pool.token1))
