"""The connections of the keeper's server: answers leave in one piece, requests come whole or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_JOINED = 1 << 16  # bytes; longer bodies are not worth a copy
REQUEST_SECONDS = 30.0


class Connection(HttpToolsProtocol):
    """uvicorn's protocol over a transport that joins what it writes.

    uvicorn writes the head of an answer and then its body: two packets, and a client that wakes twice. It
    also waits for ever for the rest of a request: whoever sent 256 halves locked everybody else out.
    """

    _due: asyncio.TimerHandle | None = None
    _whole = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Joined(transport, self.loop))
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        self._whole = False
        super().data_received(data)
        self._look()

    def on_message_complete(self) -> None:
        """Note that a request is whole."""
        self._whole = True
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._whole = True
        self._look()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Begin or end the time within which a request must be whole."""
        if not self._whole and self._due is None:
            self._due = self.loop.call_later(REQUEST_SECONDS, self.transport.close)
        elif self._whole and self._due is not None:
            self._due.cancel()
            self._due = None


class Joined(asyncio.Transport):
    """A transport that keeps a short write for the next one of the same turn of the loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._kept = b""

    def write(self, data: Any) -> None:
        """Write with what was kept, or keep until the next write, at most until the loop's next turn."""
        if len(data) > MOST_JOINED:
            self._flush()
            self._transport.write(data)
        elif self._kept:
            kept, self._kept = self._kept, b""
            self._transport.write(kept + data)
        elif data:
            self._kept = bytes(data)
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        if self._kept:
            kept, self._kept = self._kept, b""
            self._transport.write(kept)

    def close(self) -> None:
        """Close once everything is written."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what was kept is lost."""
        self._kept = b""
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the socket's transport tells."""
        return self._transport.get_extra_info(name, default)
