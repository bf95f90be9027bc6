"""The live stream: the overview at first, then only the sections that changed (server-sent events)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import msgspec

Document = dict[str, Any]

KEPT = 120
WAITING = 32
MOST_CLIENTS = 64
# Pages take a keeper for lost after six seconds; rounds may be further apart, above all under stress.
HEARTBEAT = 4.0


class TooManyClients(Exception):
    """As many streams are open as the keeper allows."""


class Stream:
    """Sends each published document to every open client, as numbered differences.

    An event's id is `<run>-<number>`. A client that comes back with an id of this run that is still
    kept gets what it missed; any other gets the whole document. A client that does not read its
    events loses its stream, and comes back by itself.
    """

    def __init__(self, run: str) -> None:
        self._run = run
        self._number = 0
        self._latest: Document = {}
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT)
        self._clients: set[asyncio.Queue[bytes | None]] = set()
        self._closed = False

    @property
    def clients(self) -> int:
        return len(self._clients)

    def publish(self, document: Document) -> None:
        """Send the sections that changed since the last call; nothing changed sends nothing."""
        changed = {key: value for key, value in document.items() if self._latest.get(key) != value}
        if not changed:
            return
        self._number += 1
        self._latest = document
        event = self._event("changes", changed)
        self._kept.append((self._number, event))
        for client in list(self._clients):
            self._offer(client, event)

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for client in list(self._clients):
            self._end(client)

    async def follow(self, last_id: str | None) -> AsyncGenerator[bytes]:
        """Yield what a client is to be sent; ends when the client is too slow or the keeper stops."""
        if self.clients >= MOST_CLIENTS:
            raise TooManyClients
        client: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING)
        self._clients.add(client)
        try:
            yield b"retry: 1000\n\n" + b"".join(self._first(last_id))
            async for event in self._following(client):
                yield event
        finally:
            self._clients.discard(client)

    async def _following(self, client: asyncio.Queue[bytes | None]) -> AsyncIterator[bytes]:
        while not self._closed:
            try:
                event = await asyncio.wait_for(client.get(), HEARTBEAT)
            except TimeoutError:
                event = b"event: still\ndata: {}\n\n"
            if event is None:
                return
            yield event

    def _first(self, last_id: str | None) -> list[bytes]:
        """Return what a client missed, or everything."""
        run, _, number = (last_id or "").rpartition("-")
        seen = int(number) if run == self._run and number.isdecimal() and len(number) < 19 else None
        oldest = self._kept[0][0] if self._kept else self._number + 1
        if seen is not None and oldest - 1 <= seen <= self._number:
            return [event for place, event in self._kept if place > seen]
        return [self._event("overview", self._latest)] if self._latest else []

    def _event(self, name: str, data: Document) -> bytes:
        head = f"id: {self._run}-{self._number}\nevent: {name}\ndata: ".encode()
        return head + msgspec.json.encode(data) + b"\n\n"

    def _offer(self, client: asyncio.Queue[bytes | None], event: bytes) -> None:
        try:
            client.put_nowait(event)
        except asyncio.QueueFull:
            self._end(client)

    def _end(self, client: asyncio.Queue[bytes | None]) -> None:
        """Drop a client: what it has not read goes, the end mark stays."""
        self._clients.discard(client)
        while not client.empty():
            client.get_nowait()
        client.put_nowait(None)
