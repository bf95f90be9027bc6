"""POST /api/ping/NAME: a bot says that it lives; /api/ping/NAME/fail: that it failed."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.deadman import Ping, PingBook
from watchkeeper.keeper.web.alertmanager.bodies import check_origin
from watchkeeper.keeper.web.alertmanager.errors import Malformed, answer
from watchkeeper.keeper.web.alertmanager.times import stamp

MOST_BYTES = 10_000
SHOWN = 300


async def post_ping(request: Request) -> Response:
    return await taken(request, good=True)


async def post_failure(request: Request) -> Response:
    return await taken(request, good=False)


async def taken(request: Request, good: bool) -> Response:
    """Take a ping with whatever its body says; 404 where nobody expects it."""
    book: PingBook = request.app.state.pings
    check_origin(request)
    said = (await text_of(request)).strip()[:SHOWN]
    name = request.path_params["name"]
    if not await book.take(name, Ping(request.app.state.alerting.now(), good, said)):
        known = ", ".join(sorted(book.expectations.expected)) or "none"
        return answer(f"no ping named {name[:80]!r} is expected; known: {known}", 404)
    return answer("OK")


async def text_of(request: Request) -> str:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise Malformed(413, f"a ping says at most {MOST_BYTES} bytes")
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")


async def get_pings(request: Request) -> Response:
    """Answer every expected ping: when it came last, and whether it is missing."""
    book: PingBook = request.app.state.pings
    found = book.expectations
    states = {one.subject: one for one in found.findings(request.app.state.alerting.now())}
    rows: list[dict[str, Any]] = []
    for one in found.expected.values():
        ping, state = found.pings.get(one.name), states[one.subject]
        rows.append(
            {
                "name": one.name,
                "every": one.every,
                "grace": one.grace,
                "last": None if ping is None else stamp(ping.at),
                "said": "" if ping is None else ping.said,
                "state": state.state,
                "reason": state.reason,
            }
        )
    return answer({"pings": rows})
