"""Long answers are packed for who asks, and for nobody else."""

from __future__ import annotations

import gzip

import pytest
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.web.prometheus.packing import LEAST_BYTES, asks_for_gzip, packed

LONG = b'{"status":"success"}' * LEAST_BYTES


def asking(encoding: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept-encoding", encoding.encode())]})


@pytest.mark.parametrize(
    "header", ["gzip", "deflate, gzip;q=0.5, br", "GZIP", "*", "gzip; q=0.001", "gzip;q=1"]
)
async def test_a_long_answer_is_packed_for_who_asks(header: str) -> None:
    """The same bytes come out, and a cache is told that it depends on the question."""
    answer = await packed(asking(header), Response(LONG))
    assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(answer.body) < len(LONG) / 10
    assert gzip.decompress(bytes(answer.body)) == LONG


@pytest.mark.parametrize("header", ["", "identity", "br", "gzip;q=0", "gzip;q=0.000", "gzippy"])
async def test_nobody_else_gets_gzip(header: str) -> None:
    answer = await packed(asking(header), Response(LONG))
    assert "content-encoding" not in answer.headers and answer.body == LONG
    assert not asks_for_gzip(header)


async def test_a_short_answer_is_sent_as_it_is() -> None:
    """Packing 200 bytes would only cost time."""
    answer = await packed(asking("gzip"), Response(b"{}"))
    assert "content-encoding" not in answer.headers and answer.body == b"{}"
