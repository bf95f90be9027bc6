"""The websocket client of a sequencer feed.

Wire facts: OffchainLabs/nitro `wsbroadcastserver` and `broadcastclient`. No compression extension is
offered, so the server sends plain text frames.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from time import monotonic, time
from typing import Any

import picows

from arbbot.feed.cursor import Cursor
from arbbot.feed.patience import Patience
from arbbot.ports import FeedObserver
from arbbot.settings import FeedSettings

FEED_VERSION = "2"
LONGEST_WAIT = 86_400.0
MAX_FRAME = 64 * 1024 * 1024  # 240 messages of 256 KiB each would be a full backlog segment


class FeedRejected(Exception):
    """The server is not the feed that was asked for; connecting again cannot help."""


class Listener(picows.WSListener):
    """Hand each text frame to the bot as soon as its last fragment is in."""

    def __init__(self, client: FeedClient) -> None:
        self._client = client
        self._parts: list[bytes] = []

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        kind = frame.msg_type
        if kind in (picows.WSMsgType.TEXT, picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION):
            self._data(frame)
        elif kind == picows.WSMsgType.CLOSE:
            transport.send_close(picows.WSCloseCode.OK)
            transport.disconnect()

    def _data(self, frame: Any) -> None:
        data = frame.get_payload_as_bytes()
        if not frame.fin:
            self._parts.append(data)
            return
        if self._parts:
            data = b"".join([*self._parts, data])
            self._parts.clear()
        self._client.received(data)


class FeedClient:
    """Stay on a feed for ever: connect, resume at the cursor, watch for silence, reconnect with backoff.

    on_frame is called on the loop with each text frame and must not raise. Times are seconds.
    """

    def __init__(
        self,
        settings: FeedSettings,
        chain_id: int,
        cursor: Cursor,
        observer: FeedObserver,
        on_frame: Callable[[bytes], None],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings, self._chain_id, self._cursor = settings, chain_id, cursor
        self._observer, self._on_frame, self._sleep = observer, on_frame, sleep
        self._patience = Patience(settings.backoff_seconds, settings.backoff_limit_seconds)
        self._heard = monotonic()
        self.connected = False
        self.last_frame: float | None = None
        self.resumed_at: int | None = None  # asked for on connecting: the server repeats it once

    def received(self, data: bytes) -> None:
        """Take one frame from the socket."""
        self._heard = monotonic()
        self.last_frame = time()
        self._patience.succeeded()
        self._observer.frame(self.last_frame)
        self._on_frame(data)

    async def run(self) -> None:
        """Run until cancelled; raise FeedRejected where the server serves another chain."""
        while True:
            asked: float | None = None
            try:
                reason = await self._connected_life()
            except picows.WSInvalidStatusError as error:
                asked, reason = refusal(error)
            except (OSError, picows.WSError, TimeoutError, EOFError) as error:
                reason = "refused" if isinstance(error, ConnectionRefusedError) else "connect"
            self._observer.disconnected(reason)
            await self._sleep(self._patience.wait(asked))

    async def _connected_life(self) -> str:
        transport, _ = await picows.ws_connect(
            lambda: Listener(self),
            self._settings.url,
            extra_headers=self._headers(),
            websocket_handshake_timeout=self._settings.silence_seconds,
            max_frame_size=MAX_FRAME,
        )
        try:
            self._check(transport.response.headers)
            return await self._watch(transport)
        finally:
            self.connected = False
            await leave(transport)

    def _headers(self) -> dict[str, str]:
        headers = {"Arbitrum-Feed-Client-Version": FEED_VERSION}
        self.resumed_at = self._cursor.next_request
        if self.resumed_at is not None:
            headers["Arbitrum-Requested-Sequence-Number"] = str(self.resumed_at)
        return headers

    def _check(self, headers: Any) -> None:
        """Refuse a feed of another version or chain, as a Nitro node does."""
        version, chain = headers.get("Arbitrum-Feed-Server-Version"), headers.get("Arbitrum-Chain-Id")
        if version is not None and version != FEED_VERSION:
            raise FeedRejected(f"the feed speaks version {version}, expected {FEED_VERSION}")
        if chain is not None and chain != str(self._chain_id):
            raise FeedRejected(f"the feed is of chain {chain}, expected {self._chain_id} (chain_id)")

    async def _watch(self, transport: Any) -> str:
        """Stay until the socket closes or says nothing for too long; return which."""
        self.connected = True
        self._heard = monotonic()
        self._observer.connected()
        closed = asyncio.ensure_future(transport.wait_disconnected())
        try:
            while not closed.done():
                left = self._heard + self._settings.silence_seconds - monotonic()
                if left <= 0:
                    return "silence"
                await asyncio.wait([closed], timeout=left)
            return "closed"
        finally:
            closed.cancel()


async def leave(transport: Any) -> None:
    """Close politely: a server may ban a client that vanishes without a Close frame."""
    with contextlib.suppress(Exception):
        transport.send_close(picows.WSCloseCode.OK)
        transport.disconnect()
        await asyncio.wait_for(transport.wait_disconnected(), 1.0)


def refusal(error: Any) -> tuple[float | None, str]:
    """Return the wait that a refused handshake asks for, and a word for it."""
    response = getattr(error, "response", None)
    status = int(getattr(response, "status", 0) or 0)
    after = str(response.headers.get("Retry-After", "")) if response is not None else ""
    # Seconds alone are read (RFC 9110 allows a date, too); more than a day is no answer to a feed's reader.
    plain = after.isascii() and after.isdecimal()
    wait = min(float(after[:9]), LONGEST_WAIT) if plain else None
    return wait, "rate_limited" if status in (403, 429) else "handshake"
