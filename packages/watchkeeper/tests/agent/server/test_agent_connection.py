"""Limits of the connections: time, number, order of answers; a loop of the test's own, no sleep."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress

import pytest

from watchkeeper.agent.server import connection
from watchkeeper.agent.server.connection import Connections
from watchkeeper.agent.server.request import Request
from watchkeeper.agent.server.response import Response, plain

LONG = 10.0
GET = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"


class Door:
    """A server whose answers to `/slow` wait for `gate`."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.house = Connections(self.answer)
        self.server: asyncio.Server | None = None
        self.writers: list[asyncio.StreamWriter] = []

    def answer(self, request: Request) -> Response | Coroutine[object, object, Response]:
        return self.slow() if request.path == "/slow" else plain(200, request.path)

    async def slow(self) -> Response:
        await self.gate.wait()
        return plain(200, "/slow")

    async def open(self) -> None:
        self.server = await asyncio.get_running_loop().create_server(self.house.connect, "127.0.0.1", 0)

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self.server is not None
        reader, writer = await asyncio.open_connection(*self.server.sockets[0].getsockname())
        self.writers.append(writer)
        return reader, writer

    async def close(self) -> None:
        await self.house.close()
        assert self.server is not None
        self.server.close()
        for writer in self.writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    made = Door()
    await made.open()
    yield made
    await made.close()


async def until(true: Callable[[], bool]) -> None:
    """Let the loop go round until something is true."""
    while not true():  # noqa: ASYNC110  # the state is the server's own
        await asyncio.sleep(0)


async def line(reader: asyncio.StreamReader, wanted: bytes) -> bytes:
    """Read on to the first line with `wanted` in it."""
    while True:
        found = await asyncio.wait_for(reader.readline(), LONG)
        if wanted in found or not found:
            return found


async def test_answers_come_in_the_order_of_the_requests_also_when_the_first_is_slow(door: Door) -> None:
    reader, writer = await door.dial()
    writer.write(GET % b"/slow" + GET % b"/quick")
    await writer.drain()
    door.gate.set()
    assert await line(reader, b"/") == b"HTTP/1.1 200 OK\r\n"
    assert await line(reader, b"/slow") == b"/slow\n"
    assert await line(reader, b"/quick") == b"/quick\n"


async def test_a_head_that_does_not_come_to_an_end_is_cut_off(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow loris: the deadline counts from the first byte and no further byte moves it."""
    reader, writer = await door.dial()
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    await writer.drain()
    await until(lambda: any(one._buffer for one in door.house._open))
    (one,) = door.house._open
    before = one.deadline
    one.data_received(b"y")
    assert one.deadline == before
    one.deadline = 0
    door.house._sweep()
    assert await asyncio.wait_for(reader.read(), LONG) == b""


async def test_too_many_connections_cost_the_longest_idle_one_and_not_the_newest(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 3)
    dialled = [await door.dial() for _ in range(4)]
    assert await asyncio.wait_for(dialled[0][0].read(), LONG) == b""
    reader, writer = dialled[3]
    writer.write(GET % b"/newest")
    assert await line(reader, b"/newest") == b"/newest\n"


async def test_a_broken_request_is_answered_and_ends_the_connection(door: Door) -> None:
    reader, writer = await door.dial()
    writer.write(b"nonsense\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), LONG)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Connection: close" in answer


async def test_a_client_that_leaves_during_the_answer_leaves_nothing_behind(door: Door) -> None:
    _, writer = await door.dial()
    writer.write(GET % b"/slow")
    await writer.drain()
    await until(lambda: any(one.busy() for one in door.house._open))
    writer.transport.abort()
    await until(lambda: not door.house._open)
    door.gate.set()
