"""A target on loopback that says what the test wants."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from watchkeeper.keeper.store import Store


@dataclass
class FakeTarget:
    """Answers each request with `raw`, or with `page` as a proper answer; remembers what was asked."""

    port: int = 0
    page: str = "a 1\n"
    content_type: str = "text/plain; version=0.0.4"
    raw: bytes | None = None
    close: bool = False
    hang: bool = False
    moved: dict[str, str] = field(default_factory=dict)
    """Paths that are answered with another place."""
    requests: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}/metrics"

    def answer(self) -> bytes:
        if self.raw is not None:
            return self.raw
        body = self.page.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {self.content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    def redirection(self) -> bytes:
        place = self.moved.get(self.requests[-1].split()[1], "")
        head = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"
        return head.encode() if place else b""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(request.decode())
                if self.hang:
                    await asyncio.Event().wait()
                writer.write(self.redirection() or self.answer())
                await writer.drain()
                if self.close or self.raw is not None:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def make_target() -> AsyncIterator[Callable[[], Awaitable[FakeTarget]]]:
    """Starts targets; all of them and their connections end with the test."""
    servers, talks = [], set()

    async def make() -> FakeTarget:
        fake = FakeTarget()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            talks.add(task)
            try:
                await fake.talk(reader, writer)
            except asyncio.CancelledError:
                pass
            finally:
                talks.discard(task)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        fake.port = server.sockets[0].getsockname()[1]
        servers.append(server)
        return fake

    yield make
    for server in servers:
        server.close()
    for talk in list(talks):
        talk.cancel()
    await asyncio.sleep(0)
    for server in servers:
        await server.wait_closed()


@pytest.fixture
async def target(make_target: Callable[[], Awaitable[FakeTarget]]) -> FakeTarget:
    return await make_target()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data", flush_seconds=math.inf, retention_seconds=1e12) as opened:
        yield opened
