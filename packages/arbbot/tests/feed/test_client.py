"""The feed client against a real websocket server on loopback; no time passes in its waits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from arbbot.feed import Cursor, FeedClient, FeedRejected
from arbbot.settings import FeedSettings

Session = Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]


class Seen:
    """An observer that keeps what it is told, and wakes who waits for it."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.frames: list[bytes] = []
        self.changed = asyncio.Event()

    def note(self, event: Any) -> None:
        self.events.append(event)
        self.changed.set()

    def connected(self) -> None:
        self.note("connected")

    def disconnected(self, reason: str) -> None:
        self.note(reason)

    def frame(self, at: float) -> None: ...
    def gap(self, missing: int) -> None: ...
    def duplicate(self) -> None: ...
    def reorg(self) -> None: ...

    def on_frame(self, data: bytes) -> None:
        self.frames.append(data)
        self.changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                self.changed.clear()
                await self.changed.wait()


class Feed:
    """A server whose sessions follow a script: the first connection plays the first session, and so on."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []
        self.asked: list[str | None] = []
        self.headers = {"Arbitrum-Feed-Server-Version": "2", "Arbitrum-Chain-Id": "7"}
        self.refuse: list[web.Response] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.headers.get("Arbitrum-Requested-Sequence-Number"))
        if self.refuse:
            return self.refuse.pop(0)
        socket = web.WebSocketResponse()
        socket.headers.update(self.headers)
        await socket.prepare(request)
        await self.sessions.pop(0)(socket, request)
        return socket


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    server = Feed()
    app = web.Application()
    app.router.add_get("/feed", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.url = f"ws://127.0.0.1:{port}/feed"
    yield server
    await runner.cleanup()


async def stay(socket: web.WebSocketResponse, _request: web.Request) -> None:
    """Say nothing and stay open until the client leaves."""
    async for _ in socket:
        pass


def client(feed: Feed, seen: Seen, cursor: Cursor, silence: float = 30.0) -> tuple[FeedClient, list[float]]:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    settings = FeedSettings(url=feed.url, silence_seconds=silence)
    return FeedClient(settings, 7, cursor, seen, seen.on_frame, sleep=sleep), waits


async def stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_frames_arrive_whole_and_a_closed_socket_is_opened_again_at_the_cursor(feed: Feed) -> None:
    """The first connection asks for nothing, the next for the last number seen."""
    seen, cursor = Seen(), Cursor()

    async def speak(socket: web.WebSocketResponse, _request: web.Request) -> None:
        await socket.send_str('{"version":1}')

    feed.sessions = [speak, stay]
    feeder, waits = client(feed, seen, cursor)
    task = asyncio.create_task(feeder.run())
    await seen.until(lambda: bool(seen.frames))
    cursor.judge(41, None)
    await seen.until(lambda: seen.events.count("connected") == 2)
    await stop(task)
    assert seen.frames == [b'{"version":1}']
    assert feed.asked == [None, "41"]
    assert waits[0] == 0.0  # the first reconnect is immediate


async def test_a_socket_that_stays_open_and_silent_is_dropped(feed: Feed) -> None:
    """Silence ends the connection although nothing was closed."""
    seen = Seen()
    feed.sessions = [stay, stay]
    feeder, _ = client(feed, seen, Cursor(), silence=0.2)
    task = asyncio.create_task(feeder.run())
    await seen.until(lambda: "silence" in seen.events)
    await seen.until(lambda: seen.events.count("connected") == 2)
    await stop(task)


async def test_a_feed_of_another_chain_is_refused_for_good(feed: Feed) -> None:
    """Connecting again cannot help: the error says what differs."""
    feed.headers["Arbitrum-Chain-Id"] = "8"
    feed.sessions = [stay]
    feeder, _ = client(feed, Seen(), Cursor())
    with pytest.raises(FeedRejected, match="chain 8, expected 7"):
        await asyncio.wait_for(feeder.run(), 10)


async def test_a_server_that_asks_for_patience_gets_it(feed: Feed) -> None:
    """429 and 403 with Retry-After: the wait is at least as long as asked."""
    seen = Seen()
    feed.refuse = [
        web.Response(status=429, headers={"Retry-After": "30"}),
        web.Response(status=403, headers={"Retry-After": "3600"}),
    ]
    feed.sessions = [stay]
    feeder, waits = client(feed, seen, Cursor())
    task = asyncio.create_task(feeder.run())
    await seen.until(lambda: "connected" in seen.events)
    await stop(task)
    assert waits == [30.0, 3600.0]
    assert seen.events == ["rate_limited", "rate_limited", "connected"]


async def test_a_wait_that_cannot_be_meant_is_not_kept(feed: Feed) -> None:
    """Neither for ever, nor an error: what is no number is as if it were absent, a day is the most."""
    seen = Seen()
    words = ["inf", "nan", "-5", "1e9", "9" * 400]
    feed.refuse = [web.Response(status=429, headers={"Retry-After": word}) for word in words]
    feed.sessions = [stay]
    feeder, waits = client(feed, seen, Cursor())
    task = asyncio.create_task(feeder.run())
    await seen.until(lambda: "connected" in seen.events)
    await stop(task)
    assert max(waits[:4]) <= FeedSettings(url="ws://h").backoff_limit_seconds
    assert waits[4] == 86_400.0


async def test_nobody_listening_is_tried_again(feed: Feed) -> None:
    """A refused connection is a reason, not an end."""
    seen = Seen()
    settings = FeedSettings(url="ws://127.0.0.1:1/feed")

    async def sleep(_seconds: float) -> None:
        await asyncio.sleep(0)

    feeder = FeedClient(settings, 7, Cursor(), seen, seen.on_frame, sleep=sleep)
    task = asyncio.create_task(feeder.run())
    await seen.until(lambda: seen.events.count("refused") >= 3)
    await stop(task)
