"""The envelope of every answer: status, data, errorType, error, warnings, infos.

ApiError
├── BadData       400 bad_data      a parameter or a body that makes no sense
├── NotFound      404 not_found
├── Forbidden     403 bad_data      a write that came from a foreign web page
├── Unavailable   503 unavailable   too much at once
└── Canceled      503 canceled      the client has gone
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.promql import PromqlError
from watchkeeper.keeper.store import StoreError
from watchkeeper.keeper.web.prometheus.packing import packed

Handler = Callable[[Request], Awaitable[Response]]

# Prometheus, web/api/v1: error type -> HTTP status.
STATUS = {
    "bad_data": 400,
    "not_found": 404,
    "execution": 422,
    "internal": 500,
    "timeout": 503,
    "canceled": 503,
    "unavailable": 503,
}


class ApiError(Exception):
    """Stand above what the API refuses; `kind` is the errorType."""

    kind = "internal"
    status: int | None = None


class BadData(ApiError):
    """A parameter or a body makes no sense."""

    kind = "bad_data"

    @classmethod
    def of(cls, name: str, problem: object) -> BadData:
        """Name the parameter, in Prometheus' words."""
        return cls(f'invalid parameter "{name}": {problem}')


class NotFound(ApiError):
    """There is no such thing."""

    kind = "not_found"


class Forbidden(ApiError):
    """A write came from a web page of another origin."""

    kind = "bad_data"
    status = 403


class Unavailable(ApiError):
    """Too many queries run or wait."""

    kind = "unavailable"


class Canceled(ApiError):
    """The client hung up; nobody reads the answer."""

    kind = "canceled"


def success(data: Any, warnings: Sequence[str] = (), infos: Sequence[str] = ()) -> Response:
    """Answer data, encoded already where it is bytes."""
    if isinstance(data, bytes) and not warnings and not infos:
        return encoded(b'{"status":"success","data":' + data + b"}", 200)
    raw = msgspec.Raw(data) if isinstance(data, bytes) else data
    body: dict[str, Any] = {"status": "success", "data": raw}
    if warnings:
        body["warnings"] = list(warnings)
    if infos:
        body["infos"] = list(infos)
    return answer(body, 200)


def refusal(kind: str, text: str, status: int | None = None) -> Response:
    """Answer an error in the envelope."""
    body = {"status": "error", "errorType": kind, "error": text}
    return answer(body, status or STATUS.get(kind, 500))


def answer(body: dict[str, Any], status: int) -> Response:
    return encoded(msgspec.json.encode(body), status)


def encoded(body: bytes, status: int) -> Response:
    """Return JSON that nobody caches."""
    return Response(body, status, {"Cache-Control": "no-store"}, "application/json")


def guarded(handler: Handler) -> Handler:
    """Turn what a handler raises into the envelope's errors."""

    async def answering(request: Request) -> Response:
        try:
            return await packed(request, await handler(request))
        except ApiError as error:
            return refusal(error.kind, str(error), error.status)
        except PromqlError as error:
            return refusal(error.kind, str(error))
        except StoreError as error:
            return refusal("execution", str(error))

    return answering
