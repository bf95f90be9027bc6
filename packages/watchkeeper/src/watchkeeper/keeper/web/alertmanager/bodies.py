"""Bodies of requests: JSON of a bounded length, from no foreign web page."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.requests import Request

from watchkeeper.keeper.web.alertmanager.errors import REQUIRED, Malformed
from watchkeeper.keeper.web.answers import foreign

MOST_BYTES = 32 << 20
KIND = "application/json"

T = TypeVar("T")


async def body_of(request: Request, name: str, most: int = MOST_BYTES) -> bytes:
    """Return the body; raise Malformed for another type, a foreign page, too much, or none.

    A browser sends JSON to another origin only after asking, so the type is what keeps web pages that
    the user visits from posting here; the origin is looked at besides.
    """
    check_kind(request)
    check_origin(request)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Malformed(413, f"the body is longer than {most} bytes")
        parts.append(part)
    body = b"".join(parts)
    if not body.strip():
        raise Malformed(422, f"{name} in body is required", REQUIRED)
    return body


def check_kind(request: Request) -> None:
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != KIND:
        raise Malformed(415, f'unsupported media type "{given}", only [{KIND}] are allowed')


def check_origin(request: Request) -> None:
    """Refuse a request that a browser sends on behalf of a page of another origin."""
    if foreign(request):
        raise Malformed(403, "requests of foreign web pages are refused")


def decoded(body: bytes | msgspec.Raw, kind: type[T], what: str) -> T:
    """Return a body as a type; raise Malformed."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(400, f'parsing {what} body from "" failed, because {error}') from None
