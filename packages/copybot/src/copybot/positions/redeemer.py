"""Turning resolved positions into cash: a closed market is redeemed, never sold into.

What is asked of the relayer twice pays once, since the shares are burnt by the first; the books are changed
only when the venue says that it is done, or shows that the shares are gone.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from copybot.clob import ClobError
from copybot.model import MICRO, Market
from copybot.ports import Clock
from copybot.positions.ledger import PositionLedger

PATIENCE = 60  # asks for a relayed transaction
DONE, LOST = ("STATE_CONFIRMED",), ("STATE_FAILED", "STATE_INVALID")


class Relayer(Protocol):
    """Who sends transactions for the wallet."""

    async def redeem(self, condition: str) -> str: ...
    async def relayed(self, transaction: str) -> str: ...


class Redeemer:
    """Redeem the lots of resolved markets."""

    def __init__(self, relayer: Relayer, books: PositionLedger, clock: Clock, pause: float = 2.0) -> None:
        self._relayer, self._books, self._clock, self._pause = relayer, books, clock, pause

    async def redeem(self, market: Market) -> int | None:
        """Redeem one market's lots; return the payout, or None where it is not done yet."""
        prices = resolved_prices(market)
        if prices is None:
            return None
        try:
            transaction = await self._relayer.redeem(market.condition)
            done = await self._wait(transaction)
        except ClobError:
            return None  # asked again at the next reconciliation, or found to be gone
        return self._books.redeem(market.condition, prices, self._clock()) if done else None

    def gone(self, market: Market) -> int | None:
        """Close the lots of a market whose shares the venue no longer shows: they were paid out."""
        prices = resolved_prices(market)
        return None if prices is None else self._books.redeem(market.condition, prices, self._clock())

    async def _wait(self, transaction: str) -> bool:
        for _ in range(PATIENCE):
            state = await self._relayer.relayed(transaction)
            if state in DONE:
                return True
            if state in LOST:
                return False
            await asyncio.sleep(self._pause)
        return False


def resolved_prices(market: Market) -> dict[str, int] | None:
    """Return what each token pays, or None where the market is not resolved."""
    if not market.closed or len(market.prices) != len(market.tokens) or sum(market.prices) != MICRO:
        return None
    if any(price not in (0, MICRO // 2, MICRO) for price in market.prices):
        return None
    return dict(zip(market.tokens, market.prices, strict=True))
