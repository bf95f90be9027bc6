"""The sequencer feed's websocket server, with nitro's manners and the feed's faults.

Source: nitro wsbroadcastserver/{wsbroadcastserver,clientmanager,clientconnection}.go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from localvenues.arbitrum import wire
from localvenues.arbitrum.backlog import Backlog
from localvenues.arbitrum.disturb import DISTURBANCES, Disturber
from localvenues.faults import Fault
from localvenues.listener import Listener

CLIENT_VERSION = "Arbitrum-Feed-Client-Version"
SERVER_VERSION = "Arbitrum-Feed-Server-Version"
CHAIN_ID = "Arbitrum-Chain-Id"
REQUESTED = "Arbitrum-Requested-Sequence-Number"
FEED_VERSION = 2
PING_SECONDS = 5.0
SILENT_SECONDS = 15.0
QUEUE_FRAMES = 4096
FAULTS = ("feed_drop", "feed_freeze", *DISTURBANCES)


def refusal(headers: Mapping[str, str], require_version: bool) -> str | None:
    """Say why a client's headers are refused (400), or return None."""
    version = headers.get(CLIENT_VERSION)
    if version is None:
        return f"{CLIENT_VERSION} is required" if require_version else None
    if not version.isascii() or not version.isdigit() or int(version) < FEED_VERSION:
        return f"{CLIENT_VERSION} is {version!r}, at least {FEED_VERSION} is needed"
    return None


def requested_number(headers: Mapping[str, str]) -> int | None:
    """Return the sequence number that a client asks for; raise ValueError if it is no number."""
    number = headers.get(REQUESTED)
    if number is None:
        return None
    if not number.isascii() or not number.isdigit() or int(number) >= 2**64:
        raise ValueError(f"{REQUESTED} is {number!r}, not a 64-bit number")
    return int(number)


class Client:
    """One connected reader: its queue of frames and when it was last heard."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None, flowing: asyncio.Event
    ) -> None:
        self.socket, self._transport = socket, transport
        self.heard = asyncio.get_running_loop().time()
        self._flowing = flowing
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_FRAMES)

    def offer(self, frame: bytes) -> bool:
        """Queue a frame; return False if the reader is too slow to be kept."""
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            return False
        return True

    async def write(self) -> None:
        """Send queued frames for ever; nothing leaves while the feed is frozen."""
        while True:
            frame = await self._frames.get()
            await self._flowing.wait()
            await self.socket.send_frame(frame, WSMsgType.TEXT)

    async def ping(self) -> None:
        """Ping every few seconds and return when the reader has been silent for too long."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(PING_SECONDS)
            if self._transport is None or self._transport.is_closing():
                return
            if not self._flowing.is_set():
                self.heard = clock()
                continue
            if clock() - self.heard > SILENT_SECONDS:
                return
            await self.socket.ping()

    def abort(self) -> None:
        """Reset the connection, without a closing handshake."""
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()

    async def read(self) -> None:
        """Take what the reader sends, answer its pings, and return when it leaves.

        A frozen feed does not even answer a reader's goodbye.
        """
        async for message in self.socket:
            self.heard = asyncio.get_running_loop().time()
            await self._answer(message)
        await self._flowing.wait()

    async def _answer(self, message: WSMessage) -> None:
        if message.type is WSMsgType.PING and self._flowing.is_set():
            await self.socket.pong(message.data)


class Feed:
    """Publishes messages to every connected reader."""

    def __init__(self, chain_id: int, keep: int, require_version: bool = False) -> None:
        self._chain_id, self._keep, self._require_version = chain_id, keep, require_version
        self.backlog = Backlog()
        self.clients: set[Client] = set()
        self.frames_sent = 0
        self.connections = 0
        self._active: list[str] = []
        self._disturber = Disturber()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.listener = Listener(self._app())

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/feed", self._serve)
        app.router.add_get("/", self._serve)
        return app

    def publish(self, message: wire.FeedMessage) -> None:
        """Keep the message in the backlog and send it to all, disturbed as the active faults say."""
        encoded = wire.encode(message)
        self.backlog.append(message.sequence_number, encoded)
        for frame in self._disturber.frames(message, encoded, self._active):
            self._send(frame)

    def confirm(self) -> None:
        """Confirm and forget all but the newest messages, if there are more than are kept."""
        number = self.backlog.tail - self._keep
        if len(self.backlog) > self._keep:
            self.backlog.confirm(number)
            self._send(wire.confirmation(number))

    def _send(self, frame: bytes) -> None:
        for client in list(self.clients):
            self.frames_sent += 1
            if not client.offer(frame):
                self._abort(client)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            reason, number = (
                refusal(request.headers, self._require_version),
                requested_number(request.headers),
            )
        except ValueError as error:
            reason = str(error)
        if reason:
            return web.Response(status=400, text=reason)
        if "feed_drop" in self._active:
            return web.Response(status=503, text="the feed is down")
        socket = web.WebSocketResponse(
            timeout=1.0, autoping=False, autoclose=False, compress=False, max_msg_size=1 << 16
        )
        socket.headers[SERVER_VERSION] = str(FEED_VERSION)
        socket.headers[CHAIN_ID] = str(self._chain_id)
        await socket.prepare(request)
        await self._attend(Client(socket, request.transport, self._flowing), number)
        return socket

    async def _attend(self, client: Client, requested: int | None) -> None:
        for segment in self.backlog.since(requested):
            client.offer(wire.frame(segment))
        self.clients.add(client)
        self.connections += 1
        tasks = [asyncio.ensure_future(work()) for work in (client.read, client.write, client.ping)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.clients.discard(client)
            for task in tasks:
                task.cancel()
            # A reader that leaves in the middle of a send fails that send; it is gone either way.
            await asyncio.gather(*tasks, return_exceptions=True)
            await client.socket.close(code=WSCloseCode.GOING_AWAY)

    def _abort(self, client: Client) -> None:
        self.clients.discard(client)
        client.abort()

    async def begin(self, fault: Fault) -> None:
        """Start a fault of the feed."""
        self._active.append(fault.name)
        if fault.name == "feed_drop":
            for client in list(self.clients):
                self._abort(client)
        elif fault.name == "feed_freeze":
            self._flowing.clear()
        else:
            self._disturber.begin(fault.name, fault.seed)

    async def end(self, fault: Fault) -> None:
        """End a fault; a frozen feed then sends what it held back."""
        self._active.remove(fault.name)
        if "feed_freeze" not in self._active:
            self._flowing.set()
