"""The request parser: whatever comes, it answers with a request, with patience or with an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.agent.server.request import HEAD_LIMIT, BadRequest, Request, split

WHOLE = b"GET /health HTTP/1.1\r\nHost: a\r\nAccept: text/plain\r\n\r\n"


def one(raw: bytes) -> Request:
    request, rest = split(raw)
    assert request is not None
    assert rest == b""
    return request


def test_a_request_is_read() -> None:
    request = one(WHOLE)
    assert (request.method, request.path, request.headers["accept"], request.keep_alive) == (
        "GET",
        "/health",
        "text/plain",
        True,
    )


@given(st.integers(0, len(WHOLE) - 1))
def test_a_part_of_a_request_is_kept_until_the_rest_comes(cut: int) -> None:
    request, rest = split(WHOLE[:cut])
    assert request is None
    assert one(rest + WHOLE[cut:]) == one(WHOLE)


def test_two_requests_in_one_read_come_out_one_after_the_other() -> None:
    first, rest = split(WHOLE + WHOLE.replace(b"/health", b"/metrics"))
    assert first is not None
    assert (first.path, one(rest).path) == ("/health", "/metrics")


@given(st.binary(max_size=200))
def test_bytes_without_meaning_give_patience_or_an_error_and_nothing_else(raw: bytes) -> None:
    try:
        request, rest = split(raw + b"\r\n\r\n")
    except BadRequest as bad:
        assert bad.status in (400, 413, 431, 505)
    else:
        assert request is None or request.path.startswith("/")
        assert len(rest) <= len(raw) + 4


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 413),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
        (b"GET /" + b"a" * HEAD_LIMIT, 431),
    ],
)
def test_what_this_server_does_not_take_is_an_error(raw: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as caught:
        split(raw)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [("1.1", "", True), ("1.1", "close", False), ("1.0", "", False), ("1.0", "Keep-Alive", True)],
)
def test_a_connection_is_kept_as_the_version_says_unless_told_otherwise(
    version: str, connection: str, kept: bool
) -> None:
    assert (
        one(f"GET / HTTP/{version}\r\nHost: a\r\nConnection: {connection}\r\n\r\n".encode()).keep_alive
        is kept
    )


@pytest.mark.parametrize(
    ("target", "path"), [("/health?x=1", "/health"), ("http://a:1/health", "/health"), ("http://a", "/")]
)
def test_the_path_is_taken_from_any_target(target: str, path: str) -> None:
    assert one(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()).path == path


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3", True),
        ("text/plain, Application/OpenMetrics-Text", True),
        ("text/plain", False),
        ("application/openmetrics-text; q=0", False),
        ("", False),
        ("application/openmetrics-text;q=0.2, text/plain;q=0.8", False),
        ("text/plain, application/openmetrics-text;q=0.5", False),
        ("application/openmetrics-text;q=0.6,application/openmetrics-text;q=0.1,text/plain;q=0.5", True),
        ("application/openmetrics-text;q=0.1, */*;q=0.9", True),
        ("application/openmetrics-text;q=0.000000", False),
        ("application/openmetrics-text;q=much", True),
    ],
)
def test_a_media_type_is_wanted_when_nothing_plain_weighs_more(accept: str, wanted: bool) -> None:
    request = Request("GET", "/", {"accept": accept}, True)
    assert request.accepts("application/openmetrics-text", rather_than="text/plain") is wanted


@pytest.mark.parametrize(
    ("coding", "weight"),
    [("gzip", 1), ("br, gzip;q=0.5", 0.5), ("gzip;q=0", 0), ("x-gzip", 0), ("GZIP ; Q=0.3", 0.3), ("", 0)],
)
def test_a_coding_weighs_what_the_client_says(coding: str, weight: float) -> None:
    assert Request("GET", "/", {"accept-encoding": coding}, True).weight("accept-encoding", "gzip") == weight
