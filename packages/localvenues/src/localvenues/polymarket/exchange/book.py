"""One market's book, in price-time order.

Both tokens share one book, seen from the first token: BUY second at p rests as an ask at 1-p, so that it
meets BUY first (both pay, a pair is minted); SELL second at p rests as a bid at 1-p (a pair is merged).
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from localvenues.polymarket.exchange.model import Order, Side
from localvenues.polymarket.exchange.money import ONE


@dataclass(slots=True)
class Level:
    """The orders at one price, oldest first, and their open shares."""

    orders: dict[str, Order] = field(default_factory=dict)
    shares: int = 0


class Ladder:
    """One side of a book, best price first; prices are the first token's."""

    def __init__(self, bids: bool) -> None:
        self._sign = -1 if bids else 1
        self._keys: list[int] = []
        self._levels: dict[int, Level] = {}

    def __bool__(self) -> bool:
        return bool(self._keys)

    @property
    def best(self) -> int | None:
        """Return the best price."""
        return self._keys[0] * self._sign if self._keys else None

    def add(self, price: int, order: Order) -> None:
        """Put an order behind the others at its price."""
        if price not in self._levels:
            self._levels[price] = Level()
            insort(self._keys, price * self._sign)
        level = self._levels[price]
        level.orders[order.id] = order
        level.shares += order.remaining

    def reduce(self, price: int, order: Order, shares: int) -> None:
        """Take matched shares off a level; drop the order when none remain. Call after order.matched grew."""
        level = self._levels[price]
        level.shares -= shares
        if order.remaining <= 0:
            self._drop(price, order)

    def remove(self, price: int, order: Order) -> None:
        """Take an order out."""
        self._levels[price].shares -= order.remaining
        self._drop(price, order)

    def _drop(self, price: int, order: Order) -> None:
        level = self._levels[price]
        del level.orders[order.id]
        if not level.orders:
            del self._levels[price]
            self._keys.remove(price * self._sign)

    def shares(self, price: int) -> int:
        """Return the open shares at a price."""
        level = self._levels.get(price)
        return level.shares if level else 0

    def levels(self) -> Iterator[tuple[int, int]]:
        """Yield (price, shares), best first."""
        for key in self._keys:
            yield key * self._sign, self._levels[key * self._sign].shares

    def queue(self) -> Iterator[tuple[int, Order]]:
        """Yield (price, order) in price-time order; the book may not change meanwhile."""
        for key in self._keys:
            for order in self._levels[key * self._sign].orders.values():
                yield key * self._sign, order


class Book:
    """A market's two ladders."""

    def __init__(self, tokens: tuple[str, str]) -> None:
        self._first = tokens[0]
        self.bids, self.asks = Ladder(bids=True), Ladder(bids=False)

    def mirrored(self, token: str) -> bool:
        """Say whether a token's prices are one less the book's."""
        return token != self._first

    def place(self, order: Order) -> tuple[Ladder, int]:
        """Return the ladder where an order rests and its price there."""
        if order.token == self._first:
            return (self.bids if order.side is Side.BUY else self.asks), order.price
        return (self.asks if order.side is Side.BUY else self.bids), ONE - order.price

    def opposite(self, order: Order) -> tuple[Ladder, int]:
        """Return the ladder that an order meets and its own price seen from there."""
        ladder, price = self.place(order)
        return (self.asks if ladder is self.bids else self.bids), price

    def crosses(self, order: Order) -> bool:
        """Say whether an order would meet the book's other side at once."""
        ladder, price = self.opposite(order)
        best = ladder.best
        if best is None:
            return False
        return best <= price if ladder is self.asks else best >= price

    def sides(self, token: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return (bids, asks) of a token as (price, shares), best first."""
        bids, asks = list(self.bids.levels()), list(self.asks.levels())
        if token == self._first:
            return bids, asks
        return [(ONE - price, size) for price, size in asks], [(ONE - price, size) for price, size in bids]

    def best(self, token: str) -> tuple[int | None, int | None]:
        """Return a token's (best bid, best ask)."""
        bid, ask = self.bids.best, self.asks.best
        if token == self._first:
            return bid, ask
        return (None if ask is None else ONE - ask), (None if bid is None else ONE - bid)
