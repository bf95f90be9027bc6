"""Paths to answers. ARCHITECTURE.md, "Doors between processes", says what the keeper relies on."""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from watchkeeper.agent.health import probes
from watchkeeper.agent.health.board import Standing
from watchkeeper.agent.health.history import Executed, as_csv
from watchkeeper.agent.health.probes import Verdict
from watchkeeper.agent.metrics import exposition, official, readings
from watchkeeper.agent.metrics.registry import Registry
from watchkeeper.agent.server.request import Request
from watchkeeper.agent.server.response import CSV_TYPE, Response, as_json, gzipped, plain

LOG = logging.getLogger("watchkeeper.agent")
STRETCH = 0.0003  # seconds of rendering after which the bot's threads get their turn
# A pause has to be a true one: after a mere poll of its sockets this thread would take the GIL back before a
# waiting thread wakes. A millisecond is the shortest that the selector sleeps.
PAUSE = 0.001
INDEX = (
    "watchkeeper agent: /metrics /metrics.json /health /health/live /health/ready /health/startup "
    "/health/component/NAME /health/events /health/history /debug/pprof/ /debug/operations"
)
Answer = Response | Coroutine[object, object, Response]


class Watched(Protocol):
    """What the routes show."""

    @property
    def registry(self) -> Registry: ...
    def refresh(self) -> None: ...
    def live(self) -> Verdict: ...
    def ready(self) -> Verdict: ...
    def startup(self) -> Verdict: ...
    def health(self) -> dict[str, object]: ...
    def events(self) -> list[dict[str, object]]: ...
    def history(self) -> list[Executed]: ...
    def component(self, name: str) -> Standing | None: ...
    def debug(self, request: Request, shown_token: bool) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask, and whether large answers are compressed (not worth it on loopback)."""

    token: str | None = None
    compress: bool = False

    def allows(self, request: Request) -> bool:
        """Compare the bearer token in constant time."""
        if self.token is None:
            return True
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode("latin-1", "replace"), self.token.encode()
        )


class Routes:
    """Answers requests; never raises."""

    def __init__(self, watched: Watched, access: Access) -> None:
        self._watched = watched
        self._access = access
        self._paths: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/metrics": self._metrics,
            "/metrics.json": self._metrics_json,
            "/health/history": self._history,
        }
        self._probes: dict[str, Callable[[], Response]] = {
            "/": lambda: plain(200, INDEX),
            "/health": self._health,
            "/health/live": lambda: probe(watched.live()),
            "/health/ready": lambda: probe(watched.ready()),
            "/health/startup": lambda: probe(watched.startup()),
            "/health/events": lambda: as_json(200, watched.events()),
        }

    def answer(self, request: Request) -> Answer:
        """Answer one request: 401 without the token, 405, 404, 500 when something breaks."""
        if not self._access.allows(request):
            return plain(401, "a bearer token is needed", ("WWW-Authenticate", "Bearer"))
        if request.method not in ("GET", "HEAD"):
            return plain(405, "only GET and HEAD", ("Allow", "GET, HEAD"))
        if slow := self._paths.get(request.path):
            return self._scraped(slow, request)
        if request.path.startswith("/debug/"):
            return self._scraped(self._debug, request)
        try:
            quick = self._probes.get(request.path)
            return quick() if quick else self._component(request.path)
        except Exception as error:
            return failed(request, error)

    async def _scraped(self, slow: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
        try:
            response = await slow(request)
            wanted = request.weight("accept-encoding", "gzip")
            return gzipped(response) if wanted and self._access.compress else response
        except Exception as error:
            return failed(request, error)

    async def _debug(self, request: Request) -> Response:
        answer = self._watched.debug(request, self._access.token is not None)
        return answer if isinstance(answer, Response) else await answer

    def _health(self) -> Response:
        document = self._watched.health()
        return as_json(503 if document["status"] == "unhealthy" else 200, document)

    def _component(self, path: str) -> Response:
        name = path.removeprefix("/health/component/")
        standing = self._watched.component(name) if name != path else None
        return plain(404, "not found") if standing is None else probe(probes.component(standing))

    async def _history(self, request: Request) -> Response:
        try:
            query = request.parameters()
        except ValueError:
            return plain(400, "too many parameters")
        wanted, form = query.get("component"), query.get("format", "json")
        if form not in ("json", "csv"):
            return plain(400, "format: expected json or csv")
        if wanted is not None and self._watched.component(wanted) is None:
            return plain(404, "no such component")
        runs = [one for one in self._watched.history() if wanted in (None, one.component)]
        if form == "json":
            return as_json(200, {"runs": [one.row() for one in runs]})
        return Response(200, CSV_TYPE, (as_csv(runs).encode(errors="replace"),))

    async def _metrics(self, request: Request) -> Response:
        began = perf_counter()
        self._watched.refresh()
        registry = self._watched.registry
        if request.accepts("application/openmetrics-text", rather_than="text/plain"):
            body = await _rendered(exposition.openmetrics(registry.families()), began)
            body += [official.openmetrics(registry.taken), b"# EOF\n"]
            return Response(200, exposition.OPENMETRICS_TYPE, body)
        body = await _rendered(exposition.text(registry.text_families()), began)
        return Response(200, exposition.TEXT_TYPE, [*body, official.text(registry.taken)])

    async def _metrics_json(self, request: Request) -> Response:
        self._watched.refresh()
        registry = self._watched.registry
        families = [*readings.documents(registry.families()), *official.documents(registry.taken)]
        return as_json(200, {"families": families})


def probe(verdict: Verdict) -> Response:
    """Answer a probe."""
    status, word = (200, "ok") if verdict.ok else (503, "fail")
    return as_json(status, {"status": word, "reason": verdict.reason})


def failed(request: Request, error: Exception) -> Response:
    """Log an answer that broke, and say so."""
    LOG.error("the request for %s failed", request.path, exc_info=error)
    return plain(500, f"{type(error).__name__} while answering; the log says more")


async def _rendered(slices: Iterator[str], began: float) -> list[bytes]:
    """Render slice by slice, with pauses in which the bot's threads run."""
    body: list[bytes] = []
    pieces = []
    for piece in slices:
        pieces.append(piece)
        if perf_counter() - began > STRETCH:
            body.append("".join(pieces).encode())
            pieces.clear()
            await asyncio.sleep(PAUSE)
            began = perf_counter()
    return [*body, "".join(pieces).encode()]
