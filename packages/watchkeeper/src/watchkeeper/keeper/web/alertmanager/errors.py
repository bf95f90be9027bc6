"""What the API refuses, in the two shapes that Alertmanager's clients know.

ApiError
├── Refused      a sentence as a JSON string: the request is well-formed and makes no sense
└── Malformed    {code, message}: the request does not have the shape that the specification gives it
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alerts import AlertsError, AlertUnknown, SilenceUnknown
from watchkeeper.keeper.alertstore import AlertStoreUnwritable

Handler = Callable[[Request], Awaitable[Response]]

# Numbers of the framework that Alertmanager is made with (go-openapi/errors).
WRONG_TYPE, REQUIRED, TOO_FEW = 601, 602, 612


class ApiError(Exception):
    """Stand above what the API refuses."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status

    def answer(self) -> Response:
        return answer(str(self), self.status)


class Refused(ApiError):
    """Refuse a request that makes no sense."""


class Malformed(ApiError):
    """Refuse a request that is not of the specified shape; the code is the framework's."""

    def __init__(self, status: int, text: str, code: int = 0) -> None:
        super().__init__(status, text)
        self.code = code or status

    def answer(self) -> Response:
        return answer({"code": self.code, "message": str(self)}, self.status)


def answer(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON that nobody caches, with the newline that Go writes."""
    fixed = {"Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(data) + b"\n", status, fixed, "application/json")


def guarded(handler: Handler) -> Handler:
    """Turn what a handler raises into answers."""

    async def answering(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as error:
            return error.answer()
        except SilenceUnknown:
            return answer("silence not found", 404)
        except AlertUnknown as error:
            return answer(str(error), 404)
        except AlertsError as error:
            return answer(str(error), 400)
        except AlertStoreUnwritable as error:
            return answer(f"not stored, try again: {error}", 500)

    return answering
