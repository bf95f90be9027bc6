"""What a tripped breaker refuses, and what goes on."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Scope

from watchkeeper.keeper.guard import Shedding


async def fine(request: Request) -> Response:
    return PlainTextResponse("fine")


async def status_of(path: str, tripped: bool, method: str = "GET") -> tuple[int, dict[bytes, bytes]]:
    app = Shedding(Starlette(routes=[Route("/{path:path}", fine, methods=["GET", "POST"])]), lambda: tripped)
    scope: Scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])


@pytest.mark.parametrize("path", ["/api/v1/query_range", "/api/range", "/federate"])
async def test_costly_reads_are_refused_while_it_is_tripped(path: str) -> None:
    """With the time after which to ask again."""
    assert (await status_of(path, tripped=False))[0] == 200
    status, headers = await status_of(path, tripped=True)
    assert (status, headers[b"retry-after"]) == (503, b"60")


@pytest.mark.parametrize(
    "path", ["/api/v2/alerts", "/api/v2/silences", "/api/ping/x", "/health/live", "/api/v1/query"]
)
async def test_the_paging_path_goes_on(path: str) -> None:
    """Alerts, silences, pings and probes are answered whatever the machine does."""
    assert (await status_of(path, tripped=True))[0] == 200


async def test_a_verification_is_not_begun_but_tells_how_far_it_is() -> None:
    """To read the whole store is costly; to ask about it is not."""
    path = "/api/v1/admin/tsdb/verify"
    assert (await status_of(path, tripped=False, method="POST"))[0] == 200
    assert (await status_of(path, tripped=True, method="POST"))[0] == 503
    assert (await status_of(path, tripped=True))[0] == 200
