"""Websocket lines: a queue per client, texts in and out, and the faults that strike frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import WSMessage, WSMsgType, web

from localvenues.polymarket.clock import Clock
from localvenues.polymarket.doors.disturb import Disturber
from localvenues.polymarket.doors.outages import Outages

QUEUE_FRAMES = 8192
TRY_AGAIN_LATER = 1013
SLOW_SECONDS = 2.0


class Line:
    """One client of a socket. A muted line stays open and pongs, but carries no more data."""

    def __init__(self, socket: web.WebSocketResponse, outages: Outages, clock: Clock) -> None:
        self.socket, self.heard = socket, clock.now()
        self.muted = False
        self.deaf = False
        self.topics: set[str] = set()
        self.owner = ""
        self.custom = False
        self._outages, self._clock = outages, clock
        self._disturber = Disturber(outages)
        self._frames: asyncio.Queue[str] = asyncio.Queue(QUEUE_FRAMES)

    def tell(self, shape: Any) -> None:
        """Queue a frame, as faults disturb it."""
        if not self.muted:
            for text in self._disturber.frames(msgspec.json.encode(shape).decode()):
                self.put(text)

    def put(self, text: str) -> None:
        """Queue a text; a client that does not read is dropped."""
        try:
            self._frames.put_nowait(text)
        except asyncio.QueueFull:
            self.muted = True

    async def write(self) -> None:
        """Send queued frames for ever."""
        while True:
            text = await self._frames.get()
            if self._outages.on("ws_slow"):
                await self._clock.sleep(SLOW_SECONDS)
            await self.socket.send_str(text)


class Switchboard:
    """All lines of one socket path."""

    def __init__(self, outages: Outages, clock: Clock) -> None:
        self.lines: set[Line] = set()
        self.connections = 0
        self._outages, self._clock = outages, clock

    async def serve(
        self, request: web.Request, greet: Callable[[Line], None], take: Callable[[Line, str], bool]
    ) -> web.StreamResponse:
        """Serve a client until it leaves; take returns False to hang up."""
        socket = web.WebSocketResponse(timeout=1.0, compress=False, max_msg_size=1 << 20)
        await socket.prepare(request)
        if self._outages.on("ws_close"):
            await socket.close(code=TRY_AGAIN_LATER)
            return socket
        line = Line(socket, self._outages, self._clock)
        self.lines.add(line)
        self.connections += 1
        writer = asyncio.ensure_future(line.write())
        try:
            greet(line)
            await self._listen(line, take)
        finally:
            self.lines.discard(line)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            await socket.close()
        return socket

    async def _listen(self, line: Line, take: Callable[[Line, str], bool]) -> None:
        async for message in line.socket:
            line.heard = self._clock.now()
            if not self._understood(line, message, take):
                return

    def _understood(self, line: Line, message: WSMessage, take: Callable[[Line, str], bool]) -> bool:
        if message.type is not WSMsgType.TEXT:
            return True
        if message.data.strip().upper() == "PING":
            if not line.deaf and not self._outages.on("ws_no_pong"):
                line.put("PONG")
            return True
        return take(line, message.data)

    def mute(self, deaf: bool = False) -> None:
        """Let the lines that are open now carry no more data; deaf ones do not pong either."""
        for line in self.lines:
            line.muted, line.deaf = True, line.deaf or deaf

    async def hang_up(self) -> None:
        """Close all lines with 1013."""
        await asyncio.gather(*(line.socket.close(code=TRY_AGAIN_LATER) for line in list(self.lines)))
