"""Reading order books and their changes, from REST answers and from the market stream; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from copybot.clob.rows import RowError, decode, text
from copybot.model import MICRO, AmountError, Book, Level, micro

TICK_TEXT = "0.01"  # where a message does not say


def book_of(row: Any, at: float) -> Book:
    """Read a book. The venue lists the worst level first; the order is made here, not trusted."""
    if not isinstance(row, dict):
        raise RowError("shape", "a book is no object")
    try:
        return Book(
            token=text(row, "asset_id"),
            bids=levels(row.get("bids"), best_high=True),
            asks=levels(row.get("asks"), best_high=False),
            at=at,
            tick=tick_of(row.get("tick_size")),
            min_size=micro(row.get("min_order_size") or "5"),
            neg_risk=bool(row.get("neg_risk")),
        )
    except AmountError as error:
        raise RowError("amount", str(error)) from None


def tick_of(value: Any) -> int:
    """Return a tick in millionths, a cent where none is told; raise RowError or AmountError."""
    tick = micro(value or TICK_TEXT)
    if not 0 < tick <= MICRO // 2:
        raise RowError("tick", f"tick is {value!r}")
    return tick


def levels(rows: Any, *, best_high: bool) -> tuple[Level, ...]:
    """Read the levels of one side, best first; a level without shares is none."""
    if rows is None:
        return ()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RowError("levels", "levels are no array of objects")
    found = (Level(micro(row.get("price", "")), micro(row.get("size", ""))) for row in rows)
    kept = (level for level in found if level.size > 0 and 0 < level.price < 1_000_000)
    return tuple(sorted(kept, key=lambda level: -level.price if best_high else level.price))


class LiveBook:
    """One book kept by the market stream."""

    __slots__ = ("asks", "at", "bids", "min_size", "neg_risk", "tick", "token")

    def __init__(self, book: Book) -> None:
        self.token = book.token
        self.replace(book)

    def replace(self, book: Book) -> None:
        """Take a whole book."""
        self.bids = {level.price: level.size for level in book.bids}
        self.asks = {level.price: level.size for level in book.asks}
        self.at, self.tick, self.min_size, self.neg_risk = book.at, book.tick, book.min_size, book.neg_risk

    def change(self, row: Mapping[str, Any], at: float) -> None:
        """Set one level to a new total; 0 removes it."""
        levels = self.bids if str(row.get("side", "")).upper() == "BUY" else self.asks
        try:
            price, size = micro(row.get("price", "")), micro(row.get("size", ""))
        except AmountError as error:
            raise RowError("amount", str(error)) from None
        if not 0 < price < MICRO or size < 0:
            raise RowError("amount", f"price {price}, size {size}")
        if size:
            levels[price] = size
        else:
            levels.pop(price, None)
        self.at = at

    def reset(self, tick: int, at: float) -> None:
        """Take a new tick; the levels of the old one are gone until the next whole book."""
        self.bids, self.asks, self.tick, self.at = {}, {}, tick, at

    def book(self) -> Book:
        """Return the book as a value."""
        bids = tuple(Level(price, self.bids[price]) for price in sorted(self.bids, reverse=True))
        asks = tuple(Level(price, self.asks[price]) for price in sorted(self.asks))
        return Book(self.token, bids, asks, self.at, self.tick, self.min_size, self.neg_risk)


def market_events(data: bytes) -> list[dict[str, Any]]:
    """Return the events of one frame of the market stream: one object or an array of them."""
    if data.strip() in (b"", b"PONG"):
        return []
    tree = decode(data)
    return [row for row in (tree if isinstance(tree, list) else [tree]) if isinstance(row, dict)]


def changes_of(event: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (token, change) of a price_change event, in its present and its older flat shape."""
    rows = event.get("price_changes")
    if isinstance(rows, list):
        return [(str(row.get("asset_id")), row) for row in rows if isinstance(row, dict)]
    flat = event.get("changes")
    token = str(event.get("asset_id"))
    return [(token, row) for row in flat if isinstance(row, dict)] if isinstance(flat, list) else []
