"""POST /api/v1/write: samples of others, acknowledged once they are on the disk."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.remote import Commit, Intake, Malformed, TooLarge
from watchkeeper.keeper.store import StoreError
from watchkeeper.keeper.web import answers

LOG = logging.getLogger("watchkeeper.remote")
KIND = "application/x-protobuf"
MOST_WAITING = 64
SHOWN = 5
DRAINED = 4


@dataclass(slots=True)
class Receiving:
    """The receiver: one thread unpacks and stores, one flush serves all that wait for it."""

    intake: Intake
    commit: Commit
    body_bytes: int
    enabled: bool = True
    waiting: int = 0
    pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="remote-write")
    )

    def close(self) -> None:
        """Let go of the thread."""
        self.pool.shutdown(wait=False, cancel_futures=True)


async def write(request: Request) -> Response:
    """Take a remote-write request: 204 when all of it is on the disk, 400 naming what is not kept."""
    receiving: Receiving = request.app.state.receiving
    if not receiving.enabled:
        return told(404, "remote write is switched off: remote_write_receiver.enabled")
    if problem := stranger(request):
        return problem
    if receiving.waiting >= MOST_WAITING:
        return told(503, "too many writes at once", {"Retry-After": "1"})
    receiving.waiting += 1
    try:
        return await taken(receiving, request)
    finally:
        receiving.waiting -= 1


async def taken(receiving: Receiving, request: Request) -> Response:
    try:
        body = await body_of(request, receiving.body_bytes)
        run = asyncio.get_running_loop().run_in_executor
        outcome = await run(receiving.pool, receiving.intake.take, body)
        await receiving.commit.durable(outcome.samples)
    except TooLarge as error:
        return told(413, str(error))
    except Malformed as error:
        return told(400, f"malformed request: {error}")
    except StoreError as error:
        LOG.error("a write could not be stored: %s", error)
        return told(503, f"not stored, try again: {error}", {"Retry-After": "5"})
    if not outcome.problems:
        return Response(status_code=204)
    more = "; ..." if len(outcome.problems) > SHOWN else ""
    return told(400, "; ".join(outcome.problems[:SHOWN]) + more)


def stranger(request: Request) -> Response | None:
    """Refuse what no remote-write client sends; above all forms of foreign web pages."""
    kind, _, parameters = request.headers.get("content-type", KIND).partition(";")
    if kind.strip().lower() != KIND or "write.v2" in parameters:
        return told(415, f"expected {KIND} of remote write 1.0")
    if request.headers.get("content-encoding", "snappy").lower() != "snappy":
        return told(415, "expected Content-Encoding: snappy")
    return foreign(request)


def foreign(request: Request) -> Response | None:
    """Refuse a request that a browser sends on behalf of a page of another origin."""
    return told(403, "requests of foreign web pages are refused") if answers.foreign(request) else None


async def body_of(request: Request, most: int) -> bytes:
    """Return the body; raises TooLarge, without ever holding more than allowed.

    The rest of a body that is somewhat too large is read away: its sender would not see our answer else.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= most:
            parts.append(part)
        elif size > DRAINED * most:
            break
    if size > most:
        raise TooLarge(f"the request is longer than {most} bytes")
    return b"".join(parts)


def told(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """Answer plain text, as senders log it."""
    return Response(f"{text}\n", status, headers, "text/plain; charset=utf-8")
