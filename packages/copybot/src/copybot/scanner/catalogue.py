"""What is known of markets: asked of Gamma once, kept for a while, the least used forgotten."""

from __future__ import annotations

from collections import OrderedDict

from copybot.clob import Gamma, RowError
from copybot.model import Market
from copybot.ports import Clock


class Catalogue:
    """Markets by outcome token. At most `most` are kept; one is asked again after `seconds`."""

    def __init__(self, gamma: Gamma, clock: Clock, *, most: int = 2000, seconds: float = 30.0) -> None:
        self._gamma, self._clock, self._most, self._seconds = gamma, clock, most, seconds
        self._kept: OrderedDict[str, tuple[float, Market]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def peek(self, token: str) -> Market | None:
        """Return a token's market if it is known and fresh; no waiting."""
        row = self._kept.get(token)
        if row is None or self._clock() - row[0] > self._seconds:
            return None
        self._kept.move_to_end(token)
        return row[1]

    def last(self, token: str) -> Market | None:
        """Return a token's market as it was last known."""
        row = self._kept.get(token)
        return row[1] if row else None

    async def market(self, token: str, condition: str, *, fresh: bool = False) -> Market | None:
        """Return a token's market; None while Gamma does not know it or its books are not made yet."""
        if not fresh and (known := self.peek(token)) is not None:
            return known
        try:
            market = await self._gamma.by_condition(condition)
        except RowError as error:
            if error.reason == "hydrating":
                return None
            raise
        if market is None or token not in market.tokens:
            return None
        self.put(market)
        return market

    def put(self, market: Market) -> None:
        """Keep a market under each of its tokens."""
        for token in market.tokens:
            self._kept[token] = (self._clock(), market)
            self._kept.move_to_end(token)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
