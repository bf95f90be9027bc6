"""A websocket that stays: connect, subscribe, ping, watch for silence, reconnect with backoff."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import picows

from copybot.clob.patience import Patience
from copybot.ports import StreamObserver

MAX_FRAME = 16 * 1024 * 1024
HANDSHAKE_SECONDS = 10.0


class Manner(msgspec.Struct, frozen=True):
    """How a stream is kept: seconds between pings, and after how long it counts as lost.

    silence is for a stream that always has something to say (None: it may be quiet); deaf is for one that
    no longer answers pings, which proves the connection and not the market.
    """

    ping: float
    deaf: float
    silence: float | None = None


class Listener(picows.WSListener):
    """Hand each text frame on as soon as its last fragment is in."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._parts: list[bytes] = []

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        kind = frame.msg_type
        if kind in (picows.WSMsgType.TEXT, picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION):
            self._data(frame)
        elif kind == picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
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
        self._stream.received(data)


class Stream:
    """One websocket kept for ever.

    hello is asked on each connection for the frames to send; on_frame is called on the loop with each frame
    that is no PONG and must not raise; on_open after each connection, so that what was missed can be fetched;
    lively tells whether the stream should have something to say now.
    """

    def __init__(
        self,
        name: str,
        url: str,
        manner: Manner,
        observer: StreamObserver,
        hello: Callable[[], Sequence[bytes]],
        on_frame: Callable[[bytes], None],
        on_open: Callable[[], None] = lambda: None,
        lively: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name, self._url, self._manner, self._observer = name, url, manner, observer
        self._hello, self._on_frame, self._on_open = hello, on_frame, on_open
        self._lively = lively
        self._patience = Patience(1.0, 16.0)
        self._transport: Any = None
        self._heard = self._answered = float("-inf")

    @property
    def connected(self) -> bool:
        """Tell whether the socket is open."""
        return self._transport is not None

    def received(self, data: bytes) -> None:
        """Take one frame from the socket."""
        now = asyncio.get_running_loop().time()
        self._answered = now
        if data == b"PONG":
            return
        if data:
            self._heard = now
            self._patience.succeeded()
        self._observer.frame(self.name)
        self._on_frame(data)

    def say(self, data: bytes) -> None:
        """Send one text frame where the socket is open; else the next hello says it."""
        if self._transport is not None:
            self._transport.send(picows.WSMsgType.TEXT, data)

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                reason = await self._life()
            except (OSError, picows.WSError, TimeoutError, EOFError) as error:
                reason = "refused" if isinstance(error, ConnectionRefusedError) else "connect"
            self._observer.disconnected(self.name, reason)
            await asyncio.sleep(max(0.05, self._patience.wait()))

    async def _life(self) -> str:
        transport, _ = await picows.ws_connect(
            lambda: Listener(self),
            self._url,
            websocket_handshake_timeout=HANDSHAKE_SECONDS,
            max_frame_size=MAX_FRAME,
        )
        self._transport = transport
        try:
            for frame in self._hello():
                self.say(frame)
            self._observer.connected(self.name)
            self._on_open()
            return await self._watch(transport)
        finally:
            self._transport = None
            await leave(transport)

    async def _watch(self, transport: Any) -> str:
        """Ping until the socket closes, is deaf, or says nothing for too long; return which."""
        loop, manner = asyncio.get_running_loop(), self._manner
        self._heard = self._answered = loop.time()
        closed = asyncio.ensure_future(transport.wait_disconnected())
        try:
            while True:
                await asyncio.wait([closed], timeout=manner.ping)
                now = loop.time()
                if closed.done():
                    return "closed"
                if now - self._answered > manner.deaf:
                    return "no_pong"
                if self._silent(now):
                    return "silence"
                self.say(b"PING")
        finally:
            closed.cancel()

    def _silent(self, now: float) -> bool:
        limit = self._manner.silence
        return limit is not None and now - self._heard > limit and self._lively()


async def leave(transport: Any) -> None:
    """Close politely, and do not wait long for the other side."""
    with contextlib.suppress(Exception):
        transport.send_close(picows.WSCloseCode.OK)
        transport.disconnect()
        await asyncio.wait_for(transport.wait_disconnected(), 1.0)
