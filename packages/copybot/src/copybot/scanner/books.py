"""Books of the tokens that matter: kept by the market stream, checked against REST where they are quiet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from copybot.clob import RowError
from copybot.clob.books import LiveBook, book_of, changes_of, market_events, tick_of
from copybot.model import AmountError, Book
from copybot.ports import Clock, StreamObserver


class BookSource(Protocol):
    """Where a whole book can be asked for."""

    async def book(self, token: str) -> Book: ...


class Books:
    """At most `most` live books; the least used is unsubscribed. A quiet one is trusted for `seconds`."""

    def __init__(
        self,
        source: BookSource,
        clock: Clock,
        observer: StreamObserver,
        *,
        most: int = 200,
        seconds: float = 10.0,
    ) -> None:
        self._source, self._clock, self._observer = source, clock, observer
        self._most, self._seconds = most, seconds
        self._live: OrderedDict[str, LiveBook] = OrderedDict()
        self.say: Callable[[bytes], None] = lambda data: None

    def __len__(self) -> int:
        return len(self._live)

    def hello(self) -> Sequence[bytes]:
        """Return the subscription of a new connection; books of the old one are stale until they come."""
        for live in self._live.values():
            live.at = float("-inf")
        body = {"type": "market", "assets_ids": list(self._live), "custom_feature_enabled": True}
        return (msgspec.json.encode(body),)

    def peek(self, token: str) -> Book | None:
        """Return a token's book if the stream has shown it lately; no waiting."""
        live = self._live.get(token)
        if live is None or self._clock() - live.at > self._seconds:
            return None
        self._live.move_to_end(token)
        return live.book()

    async def book(self, token: str) -> Book:
        """Return a token's book, from the stream or else from REST; raise ClobError."""
        known = self.peek(token)
        return known if known is not None else await self.fetch(token)

    async def fetch(self, token: str) -> Book:
        """Ask REST for a book, and keep it from here on."""
        book = await self._source.book(token)
        live = self._live.get(token)
        if live is None:
            self._add(book)
        else:
            live.replace(book)
        return book

    def mid(self, token: str) -> int | None:
        """Return the price at which a token can be sold as last known: its best bid."""
        live = self._live.get(token)
        return max(live.bids) if live is not None and live.bids else None

    def _add(self, book: Book) -> None:
        self._live[book.token] = LiveBook(book)
        self._ask("subscribe", book.token)
        while len(self._live) > self._most:
            oldest, _ = self._live.popitem(last=False)
            self._ask("unsubscribe", oldest)

    def _ask(self, operation: str, token: str) -> None:
        self.say(msgspec.json.encode({"operation": operation, "assets_ids": [token]}))

    def on_frame(self, data: bytes) -> None:
        """Take one frame of the market stream."""
        try:
            for event in market_events(data):
                self._event(event)
        except (RowError, AmountError) as error:
            self._observer.malformed("market", getattr(error, "reason", "amount"))

    def _event(self, event: dict[str, Any]) -> None:
        kind, now = event.get("event_type"), self._clock()
        if kind == "book":
            if (live := self._live.get(str(event.get("asset_id")))) is not None:
                self._replace(live, event, now)
        elif kind == "price_change":
            for token, row in changes_of(event):
                if (live := self._live.get(token)) is not None:
                    live.change(row, now)
        elif kind == "tick_size_change" and (live := self._live.get(str(event.get("asset_id")))) is not None:
            live.reset(tick_of(event.get("new_tick_size")), float("-inf"))

    def _replace(self, live: LiveBook, event: dict[str, Any], now: float) -> None:
        """Take a whole book; the stream's does not always repeat the tick and the least size."""
        book = book_of(event, now)
        if "tick_size" not in event:
            kept = {"tick": live.tick, "min_size": live.min_size, "neg_risk": live.neg_risk}
            book = msgspec.structs.replace(book, **kept)
        live.replace(book)
