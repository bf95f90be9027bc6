"""JSON in: bounded, checked against a struct, or refused with the field named."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.requests import Request

from watchkeeper.keeper.web.answers import BadQuery

MOST_BYTES = 256 << 10
Shape = TypeVar("Shape")


class BadBody(BadQuery):
    """A body is not what the path wants; status is that of the answer."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


async def raw(request: Request, kinds: tuple[str, ...], most: int = MOST_BYTES) -> bytes:
    """Return the body; raises BadBody for another type or one that is too long.

    A web page of another origin cannot send JSON without being asked for leave first, which is not given.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in kinds:
        raise BadBody(f"expected Content-Type: {' or '.join(kinds)}", 415)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise BadBody(f"the body is longer than {most} bytes", 413)
        parts.append(part)
    return b"".join(parts)


async def read(request: Request, shape: type[Shape]) -> Shape:
    """Return the JSON body as a struct; raises BadBody."""
    body = await raw(request, ("application/json",))
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadBody(f"the body: {problem}") from None
