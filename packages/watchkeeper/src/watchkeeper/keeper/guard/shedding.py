"""What is not answered while the breaker is tripped: the reads that cost most."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

# Curves, ranges, federation, profiles. Alerts, silences, pings, health, the overview go on, and so does
# the word how far a verification is: whoever mends a machine under stress wants to know.
HEAVY = (
    "/api/range",
    "/api/v1/query_range",
    "/api/v1/series",
    "/api/v1/admin",
    "/api/profiles",
    "/federate",
)
ADMIN = "/api/v1/admin"
RETRY_SECONDS = 60


class Shedding:
    """Answers 503 to heavy reads while `tripped` says so; the paging path is not among them."""

    def __init__(self, app: ASGIApp, tripped: Callable[[], bool]) -> None:
        self._app = app
        self._tripped = tripped

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = refusal() if scope["type"] == "http" and heavy(scope) and self._tripped() else self._app
        await app(scope, receive, send)


def heavy(scope: Scope) -> bool:
    """Return whether a request is costly."""
    path: str = scope["path"]
    return path.startswith(HEAVY) and not (scope["method"] == "GET" and path.startswith(ADMIN))


def refusal() -> Response:
    text = "the machine is under stress: the keeper answers no costly reads now"
    body = {"status": "error", "errorType": "unavailable", "error": text}
    headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), 503, headers, "application/json")
