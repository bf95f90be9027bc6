"""Answers, and how they look on the wire."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

JSON_TYPE = "application/json"
PHRASES = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}
CSV_TYPE = "text/csv; charset=utf-8"
PLAIN_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer; the body is a list of pieces so that large ones are never joined."""

    status: int
    content_type: str
    body: Sequence[bytes]
    headers: tuple[tuple[str, str], ...] = ()


def plain(status: int, text: str, *headers: tuple[str, str]) -> Response:
    """Answer with one line of text."""
    return Response(status, PLAIN_TYPE, (f"{text}\n".encode(),), headers)


def as_json(status: int, document: object) -> Response:
    """Answer with a JSON document; lone surrogates become `?`, since strict readers refuse their escapes."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return Response(status, JSON_TYPE, (text.encode(errors="replace") + b"\n",))


def gzipped(response: Response) -> Response:
    """Compress the body at the cheapest level."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    body = [packer.compress(piece) for piece in response.body]
    headers = (*response.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
    return replace(response, body=[*body, packer.flush()], headers=headers)


def wire(response: Response, keep_alive: bool, head_only: bool) -> list[bytes]:
    """Return the pieces to write."""
    lines = [
        f"HTTP/1.1 {response.status} {PHRASES[response.status]}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {sum(map(len, response.body))}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
        *(f"{name}: {value}" for name, value in response.headers),
    ]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return [head] if head_only else [head, *response.body]
