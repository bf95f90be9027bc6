"""Head and body of an answer leave in one piece, in order, and nothing is kept for long."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from watchkeeper.keeper.joining import MOST_JOINED, Joined
from watchkeeper.keeper.serving import bind, server


class Wire(asyncio.Transport):
    """Notes what is written, and when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.writes.append(b"closed")


async def test_two_writes_of_one_turn_are_one() -> None:
    """A head and its body make one packet."""
    wire = Wire()
    joined = Joined(wire, asyncio.get_running_loop())
    joined.write(b"head ")
    joined.write(b"body")
    assert wire.writes == [b"head body"]


async def test_a_write_waits_for_nobody_beyond_the_turn() -> None:
    """An event of a stream leaves although no second one follows."""
    wire = Wire()
    joined = Joined(wire, asyncio.get_running_loop())
    joined.write(b"event")
    assert wire.writes == []
    await asyncio.sleep(0)
    assert wire.writes == [b"event"]


async def test_closing_writes_what_is_kept_first() -> None:
    """A refusal that closes its connection is still told."""
    wire = Wire()
    joined = Joined(wire, asyncio.get_running_loop())
    joined.write(b"last")
    joined.close()
    await asyncio.sleep(0)
    assert wire.writes == [b"last", b"closed"]


SIZES = st.sampled_from([0, 1, 7, MOST_JOINED, MOST_JOINED + 1])


@given(st.lists(st.tuples(SIZES, st.booleans()), max_size=9))
async def test_bytes_keep_their_order(writes: list[tuple[int, bool]]) -> None:
    """Whatever is joined, the stream is the same."""
    wire = Wire()
    joined, sent = Joined(wire, asyncio.get_running_loop()), b""
    for place, (size, turns) in enumerate(writes):
        piece = bytes([65 + place]) * size
        joined.write(piece)
        sent += piece
        if turns:
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert b"".join(wire.writes) == sent


HALVES = (
    b"",
    b"GET / HT",
    b"GET / HTTP/1.1\r\nHost: a\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha",
    b"\r\n",
)


class Patient:
    """Answers once `free` is set; reads no body."""

    def __init__(self) -> None:
        self.free = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.free.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[int]:
    """Yield the port of the keeper's server before an application."""
    door, serving = bind("127.0.0.1", 0), server(app)
    task = asyncio.create_task(serving.serve([door]))
    yield door.getsockname()[1]
    serving.finish()
    await task


async def asked(port: int, words: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words)
    return reader, writer


async def ended(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def test_half_a_request_loses_its_connection_and_a_whole_one_waits_for_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Halves cannot use up the connections that the server allows; a slow answer is no fault of its asker."""
    monkeypatch.setattr("watchkeeper.keeper.joining.REQUEST_SECONDS", 0.05)
    app = Patient()
    async with served(app) as port:
        whole, writer = await asked(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for words in HALVES:
            reader, other = await asked(port, words)
            assert await asyncio.wait_for(reader.read(), 20) == b""
            await ended(other)
        app.free.set()
        assert (await whole.readline()).startswith(b"HTTP/1.1 204")
        await ended(writer)
