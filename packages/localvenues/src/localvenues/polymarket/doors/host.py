"""What all HTTP doors share: a record of requests, rate limits, and faults that strike before a handler."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from aiohttp import web

from localvenues.listener import Listener
from localvenues.polymarket.clock import Clock
from localvenues.polymarket.doors.limits import Limiter
from localvenues.polymarket.doors.outages import Outages

KEPT_REQUESTS = 50_000
SOCKETS = ("clob_ws", "rtds")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, for assertions."""

    number: int
    at: int
    host: str
    method: str
    path: str
    status: int


class Record:
    """The newest requests of all doors."""

    def __init__(self) -> None:
        self._kept: deque[Asked] = deque(maxlen=KEPT_REQUESTS)
        self.count = 0
        self.statuses: dict[int, int] = {}

    def add(self, at: int, host: str, method: str, path: str, status: int) -> None:
        """Add a request."""
        self.count += 1
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self._kept.append(Asked(self.count, at, host, method, path, status))

    def since(self, after: int) -> list[dict[str, Any]]:
        """Return the requests with numbers above a given one, oldest first."""
        return [asdict(one) for one in self._kept if one.number > after]


def answer(shape: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return a JSON answer."""
    body = msgspec.json.encode(shape)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def refuse(reason: str, status: int, **more: Any) -> web.Response:
    """Return an error as the real APIs do: {"error": reason}."""
    return answer({"error": reason} | more, status)


class Host:
    """One host's door: an application behind limiter, faults and record.

    tick brings the world up to the clock and publishes what happened; each request sees the newest.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        limiter: Limiter,
        outages: Outages,
        record: Record,
        tick: Callable[[], int],
    ) -> None:
        self.name, self.clock, self.outages, self.record, self.tick = name, clock, outages, record, tick
        self._limiter = limiter
        self.app = web.Application(middlewares=[self._guard], client_max_size=1 << 20)
        self.listener = Listener(self.app)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        at, status = self.clock.now(), 0
        try:
            response = await self._before(request) or await handler(request)
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            return refuse(error.reason or "", status)
        finally:
            self.record.add(at, self.name, request.method, request.path_qs, status)

    async def _before(self, request: web.Request) -> web.Response | None:
        """Return what limiter or faults answer, or None for the handler's turn."""
        if self.name in SOCKETS:
            self.tick()
            return None
        faults = self.outages
        verdict = self._limiter.judge(self.clock.now(), self.name, request.method, request.path)
        if verdict.retry_after:
            return too_many(verdict.retry_after)
        if faults.on("http_429"):
            return too_many(faults.chance("http_429").randint(1, 5))
        if faults.hit("http_500", 0.5):
            return refuse("internal server error", 500)
        delay = verdict.delay
        if faults.on("http_throttle"):
            delay += faults.chance("http_throttle").uniform(1.0, 3.0)
        if delay:
            await self.clock.sleep(delay)
        self.tick()
        return None


def too_many(seconds: int) -> web.Response:
    """Return 429 with the seconds to wait."""
    return answer({"error": "Too Many Requests"}, 429, {"Retry-After": str(seconds)})
