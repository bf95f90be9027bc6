"""What the agent knows of the bot's inside beyond metrics: profiles, stalls, operations, traces."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING

from watchkeeper.agent.clock import Clock
from watchkeeper.agent.health.heartbeat import Heartbeat
from watchkeeper.agent.metrics.registry import Registry
from watchkeeper.agent.operations.ledger import Ledger
from watchkeeper.agent.profiling.pages import PREFIX, Pages
from watchkeeper.agent.profiling.sampler import Sampler, plan
from watchkeeper.agent.server.guard import objection
from watchkeeper.agent.server.request import Request
from watchkeeper.agent.server.response import Response, as_json, plain
from watchkeeper.agent.tracing.settings import traces
from watchkeeper.agent.tracing.tracer import Tracer

if TYPE_CHECKING:
    from watchkeeper.agent.tracing.export import Exporter

Answer = Response | Coroutine[object, object, Response]


class Diagnostics:
    """The profiler, the operations and the traces of one watch."""

    def __init__(
        self,
        service: str,
        version: str,
        hz: float,
        stall: float,
        registry: Registry,
        heartbeats: Callable[[], Iterable[Heartbeat]],
        clock: Clock,
        environment: Mapping[str, str],
    ) -> None:
        self.sampler = Sampler(plan(hz, stall, environment), clock, heartbeats)
        self.operations = Ledger(registry, clock.steady, self.sampler.stalls.list)
        self._pages = Pages(service, self.sampler, heartbeats)
        self._version = version
        self._traces = traces(service, version, environment)
        self.tracer = Tracer(self._traces.ratio)
        self._exporter: Exporter | None = None

    def start(self) -> None:
        """Start sampling, and sending spans where there is a collector."""
        self.sampler.start()
        if self._traces.url and self._traces.ratio:
            from watchkeeper.agent.tracing.export import Exporter  # an HTTP client: only for who traces

            self._exporter = Exporter(self.tracer, self._traces, self._version)
            self._exporter.start()

    def stop(self) -> None:
        """Stop sampling and sending."""
        self.sampler.stop()
        exporter, self._exporter = self._exporter, None
        if exporter is not None:
            exporter.stop()

    def after_fork(self) -> None:
        """Make it usable in a forked child, where nothing is sampled."""
        self.sampler.after_fork()
        self.operations.after_fork()
        self.tracer.after_fork()
        self._exporter = None

    def answer(self, request: Request, shown_token: bool) -> Answer:
        """Answer a path under `/debug/`: 403 for a stranger, 400 for a bad query, 404."""
        if not shown_token and (reason := objection(request)):
            return plain(403, reason)
        try:
            query = request.parameters()
        except ValueError:
            return plain(400, "too many parameters")
        if request.path == "/debug/operations":
            return self._operations(query)
        if request.path.startswith(PREFIX) or request.path + "/" == PREFIX:
            return self._pages.answer(request.path, query)
        return plain(404, "not found")

    def _operations(self, query: Mapping[str, str]) -> Response:
        if query.get("format") == "text":
            return plain(200, self.operations.text())
        return as_json(200, self.operations.document())
