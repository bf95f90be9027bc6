"""Answers are fetched whole or refused; no target can hurt by what it sends."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import zlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.scrape import BodyTooLarge, FetchError, ProbeError, fetch_json
from watchkeeper.keeper.scrape.http import Answer, Client
from watchkeeper.keeper.scrape.reply import Reply

LIMIT = 100_000


async def get(client: Client) -> Answer:
    async with asyncio.timeout(10):
        return await client.get([("Accept", "*/*")], LIMIT)


async def test_a_connection_is_kept_between_requests(target: Any) -> None:
    client = Client(target.url)
    for _ in range(3):
        answer = await get(client)
        assert (answer.status, answer.body) == (200, b"a 1\n")
    assert target.connections == 1
    client.close()


async def test_a_connection_that_the_target_closed_is_replaced_without_an_error(target: Any) -> None:
    """A bot that restarts or closes idle connections must not look down."""
    target.close = True
    client = Client(target.url)
    for _ in range(3):
        assert (await get(client)).status == 200
    assert target.connections == 3
    client.close()


@pytest.mark.parametrize("place", ["/metrics/", "metrics/", "http://{}/metrics/", "//{}/metrics/?"])
async def test_a_target_may_send_us_to_another_path_of_its_own(target: Any, place: str) -> None:
    """As applications do that are mounted below a path; the connection is kept."""
    target.moved = {"/metrics": place.format(target.address)}
    client = Client(target.url)
    assert (await get(client)).body == b"a 1\n"
    assert [request.split()[1] for request in target.requests] == ["/metrics", "/metrics/"]
    assert target.connections == 1
    client.close()


@pytest.mark.parametrize(
    "place", ["http://localhost:1/metrics", "https://{}/metrics", "http://[", "file:///x"]
)
async def test_a_target_cannot_send_us_elsewhere(target: Any, place: str) -> None:
    """Another origin would be shown the token of this one."""
    target.moved = {"/metrics": place.format(target.address)}
    client = Client(target.url)
    assert (await get(client)).status == 307 and len(target.requests) == 1
    client.close()


async def test_a_target_that_sends_us_in_circles_is_refused(target: Any) -> None:
    target.moved = {"/metrics": "/other", "/other": "/metrics"}
    client = Client(target.url)
    with pytest.raises(FetchError, match="sent us on 5 times"):
        await get(client)
    client.close()


REFUSED = {
    "not http": (b"SSH-2.0-OpenSSH\r\n\r\n", "does not speak HTTP"),
    "closed without an answer": (b"", "without an answer"),
    "body shorter than told": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "does not speak HTTP"),
    "chunk cut off": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "does not speak HTTP"),
    "endless header": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "does not speak HTTP|broke"),
    "no gzip": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        "no valid gzip",
    ),
    "gzip cut off": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n"
        + gzip.compress(b"abc" * 99)[:20],
        "cut off",
    ),
    "unknown encoding": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n",
        "unknown content",
    ),
}


@pytest.mark.parametrize(("raw", "told"), REFUSED.values(), ids=REFUSED)
async def test_a_broken_answer_is_refused_with_the_reason(target: Any, raw: bytes, told: str) -> None:
    target.raw = raw
    client = Client(target.url)
    with pytest.raises(FetchError, match=told):
        await get(client)
    client.close()


def with_body(body: bytes, *headers: str) -> bytes:
    head = "".join(f"{header}\r\n" for header in (*headers, f"Content-Length: {len(body)}"))
    return f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + body


async def test_a_body_beyond_the_limit_is_not_read_to_its_end(target: Any) -> None:
    """Told by its length, or streamed without one."""
    client = Client(target.url)
    for raw in (with_body(b"x" * (LIMIT + 1)), b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000_000):
        target.raw = raw
        with pytest.raises(BodyTooLarge, match="body_size_limit"):
            await get(client)
    client.close()


async def test_a_gzip_bomb_does_not_go_off(target: Any) -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b"0" * 1_000_000) for _ in range(100)) + packer.flush()
    target.raw = with_body(bomb, "Content-Encoding: gzip")
    client = Client(target.url)
    with pytest.raises(BodyTooLarge):
        await get(client)
    client.close()


KEPT = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n", True),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na \r\n2;x=y\r\n1\n\r\n0\r\n\r\n",
        True,
    ),
    "after 100": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n", True),
    "asked to close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\na 1\n", False),
    "of old": (b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\na 1\n", False),
    "two answers": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\nHTTP/1.1 200 OK\r\n", False),
}


@pytest.mark.parametrize(("raw", "kept"), KEPT.values(), ids=KEPT)
@given(cuts=st.lists(st.integers(1, 100), max_size=8))
def test_an_answer_is_the_same_however_it_is_cut(cuts: list[int], raw: bytes, kept: bool) -> None:
    """Each way to tell the end of a body, in any pieces; what was not asked for ends the connection."""
    reply = Reply(LIMIT)
    places = [0, *sorted({cut for cut in cuts if cut < len(raw)}), len(raw)]
    for start, end in pairwise(places):
        if not reply.done:
            reply.feed(raw[start:end])
    assert (reply.done, reply.status, reply.reason, reply.body) == (True, 200, b"OK", b"a 1\n")
    assert reply.kept == kept or raw.count(b"200 OK") == 2  # a second one is seen where it came along


@given(st.binary(max_size=300), st.lists(st.integers(1, 300), max_size=5))
def test_whatever_is_sent_is_an_answer_or_refused(raw: bytes, cuts: list[int]) -> None:
    """No bytes raise anything else."""
    reply = Reply(100)
    data = b"HTTP/1.1 200 OK\r\n" + raw
    places = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]
    with contextlib.suppress(FetchError, BodyTooLarge):
        for start, end in pairwise(places):
            reply.feed(data[start:end])
        reply.end()
        assert len(reply.body) <= 100


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\r\n\r\nGET /x HTTP/1.1"])
async def test_no_header_smuggles_a_line(target: Any, value: str) -> None:
    client = Client(target.url)
    with pytest.raises(FetchError, match="cannot"):
        await client.get([("X-Name", value)], LIMIT)
    client.close()


async def test_gzip_is_unpacked(target: Any) -> None:
    target.raw = with_body(gzip.compress(b"a 1\n"), "Content-Encoding: gzip")
    client = Client(target.url)
    assert (await get(client)).body == b"a 1\n"
    client.close()


async def test_json_comes_also_with_503(target: Any) -> None:
    """An agent that is unwell says so in the body of a 503."""
    target.raw = with_body(b'{"status": "unhealthy"}').replace(b"200 OK", b"503 Unwell")
    assert await fetch_json(target.url) == {"status": "unhealthy"}


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"[" * 100_000, b""])
async def test_what_is_no_json_object_is_a_probe_error(target: Any, body: bytes) -> None:
    target.raw = with_body(body)
    with pytest.raises(ProbeError):
        await fetch_json(target.url)


async def test_a_probe_of_a_hanging_or_missing_target_ends_in_its_time(target: Any) -> None:
    target.hang = True
    with pytest.raises(ProbeError, match=r"within 0\.05 s"):
        await fetch_json(target.url, timeout=0.05)
    with pytest.raises(ProbeError, match="cannot connect"):
        await fetch_json("http://127.0.0.1:1/health")
    target.hang, target.raw = False, with_body(b"{}").replace(b"200 OK", b"404 No")
    with pytest.raises(ProbeError, match="404"):
        await fetch_json(target.url)
