"""The agent as the bot sees it: instruments, heartbeats, checks, start and stop."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self
from weakref import WeakMethod

from watchkeeper.agent.about_itself import SelfMetrics
from watchkeeper.agent.clock import Clock
from watchkeeper.agent.diagnostics import Answer, Diagnostics
from watchkeeper.agent.errors import AlreadyStarted, DuplicateName
from watchkeeper.agent.health import probes
from watchkeeper.agent.health.board import Board, Check, Event, Standing
from watchkeeper.agent.health.heartbeat import Heartbeat
from watchkeeper.agent.health.history import Executed, history
from watchkeeper.agent.health.probes import Phase, Verdict
from watchkeeper.agent.health.schedule import Schedule
from watchkeeper.agent.health.thresholds import Thresholds
from watchkeeper.agent.household import Household, abandon, bound
from watchkeeper.agent.metrics.machine import MachineMetrics
from watchkeeper.agent.metrics.process import DescriptorMetrics, ProcessMetrics, seldom
from watchkeeper.agent.metrics.registry import DEFAULT_CAP, Registry
from watchkeeper.agent.metrics.runtime import RuntimeMetrics
from watchkeeper.agent.profiling.sampler import DEFAULT_HZ, DEFAULT_STALL
from watchkeeper.agent.server.connection import Connections
from watchkeeper.agent.server.request import Request
from watchkeeper.agent.server.routes import Access, Routes
from watchkeeper.agent.settings import listen
from watchkeeper.agent.turn import Turn

LOG = logging.getLogger("watchkeeper.agent")
SWEEP_SECONDS = 10.0
SELDOM_SECONDS = 5.0
STARTUP_SECONDS = 300.0


class Watch:
    """Watches one process from inside.

    service, version: how it is called in `/health`. host, port: where it listens, overruled by METRICS_HOST
    and METRICS_PORT; port 0 takes any free one, and `port` says which. token_file: the bearer token, needed
    off loopback (or METRICS_TOKEN). need_server: raise `OSError` when the port is taken, instead of a warning
    and a life without server. startup_limit: seconds that initialisation may take. cap, idle: the cardinality
    guard, see `Registry`. system: metrics of process, interpreter and machine. disks: paths whose file
    systems are measured. profile_hz: stack samples a second, 0 for none (PROFILE_HZ). stall_limit: seconds
    from which a followed loop's silence is kept with its stack. environment and clock are for tests.
    """

    def __init__(
        self,
        service: str,
        version: str = "",
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        token_file: str | Path | None = None,
        need_server: bool = False,
        startup_limit: float = STARTUP_SECONDS,
        cap: int = DEFAULT_CAP,
        idle: float | None = None,
        system: bool = True,
        disks: Sequence[str] = ("/",),
        profile_hz: float = DEFAULT_HZ,
        stall_limit: float = DEFAULT_STALL,
        environment: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.service = service
        self.version = version
        self.registry = Registry(cap=cap, idle=idle)
        self.counter = self.registry.counter
        self.gauge = self.registry.gauge
        self.histogram = self.registry.histogram
        self.refresh_with = self.registry.refresh_with
        self._clock = clock or Clock()
        environment = os.environ if environment is None else environment
        self._environment = environment
        self._listen = listen(host, port, token_file, environment)
        self._need_server = need_server
        self._startup_limit = startup_limit
        self._board = Board(self._clock)
        self._heartbeats: dict[str, Heartbeat] = {}
        self._self = SelfMetrics(self.registry, service, version)
        self._diagnostics = Diagnostics(
            service, version, profile_hz, stall_limit, self.registry, self._followed, self._clock, environment
        )
        self.operation = self._diagnostics.operations.operation
        self.tracer = self._diagnostics.tracer
        self.debug: Callable[[Request, bool], Answer] = self._diagnostics.answer
        self._born = (self._clock.wall(), self._clock.steady())
        self._started = False
        self._stopping = ""
        self._turn = Turn()
        self._household: Household | None = None
        self._schedule: Schedule | None = None
        self._door: socket.socket | None = None
        self.port: int | None = None  # that the server listens on, once it does
        if system:
            self._measure_system(disks)

    @property
    def enabled(self) -> bool:
        """Tell whether the agent may run at all (METRICS_ENABLED)."""
        return self._listen.enabled

    def heartbeat(self, name: str, limit: float = 5.0) -> Heartbeat:
        """Register a loop whose silence of more than `limit` seconds turns `/health/live` to 503."""
        if name in self._heartbeats:
            raise DuplicateName(f"heartbeat {name!r} is already registered")
        heartbeat = Heartbeat(name, limit, self._clock, self._self.lag.labels(name).observe, self._turn.offer)
        self._heartbeats = {**self._heartbeats, name: heartbeat}
        return heartbeat

    def check(
        self,
        name: str,
        function: Callable[[], object],
        *,
        every: float = 5.0,
        timeout: float = 2.0,
        failures: int = 1,
        recoveries: int = 1,
        warmup: float = 0.0,
        depends: Sequence[str] = (),
        critical: bool = False,
        memory: Callable[[], float] | None = None,
        memory_limit: float | None = None,
    ) -> None:
        """Register a component's check; seconds and bytes.

        `function` returns None or True (healthy), False or a reason (unhealthy), an outcome, or raises; a
        plain one runs on a thread of its own, a coroutine function on the agent's loop, which it must not
        block. The status turns after `failures` or `recoveries` consecutive results; bad ones during `warmup`
        do not count. `depends` names components that must be healthy too. A critical one decides readiness.
        """
        limits = Thresholds(failures, recoveries, warmup)
        check = Check(name, function, every, timeout, limits, tuple(depends), critical, memory, memory_limit)
        self._board.add(check)
        if self._household is not None:
            self._board.settle()
            self._household.call(self._schedule_one, check)

    def start(self) -> Self:
        """Start the agent's thread: server, checks, sweeps.

        Raise `AlreadyStarted`, `TokenRequired`, `UnknownDependency`, `DependencyCycle`; `OSError` only with
        `need_server`.
        """
        if self._household is not None:
            raise AlreadyStarted(f"the watch of {self.service} runs already")
        if not self._listen.enabled:
            LOG.info("METRICS_ENABLED is off: %s runs without agent", self.service)
            return self
        self._listen.check()
        self._board.settle()
        self._stopping = ""
        self._door = self._opened()
        self.port = self._door.getsockname()[1] if self._door else None
        self._household = Household(self._live, self._turn)
        self._diagnostics.start()  # first: a check may stop the watch at once
        self._household.start()
        self._prepare_for_forks()
        return self

    def started(self) -> None:
        """Say that the bot is initialised: `/health/startup` turns to 200."""
        self._started = True

    def stopping(self, reason: str) -> None:
        """Say that the bot is about to stop, and why: `/health/ready` turns to 503."""
        self._stopping = reason or "no reason given"

    def stop(self, reason: str = "the bot ends") -> None:
        """Stop the agent; harmless when it does not run."""
        self.stopping(reason)
        for heartbeat in self._heartbeats.values():
            heartbeat.rest()
        self._diagnostics.stop()
        household, self._household = self._household, None
        if household is not None:
            LOG.info("the agent of %s stops: %s", self.service, reason)
            household.stop()
            self.port = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.stop(f"{kind.__name__}: {error}" if kind else "the bot ends")

    def live(self) -> Verdict:
        """Judge life: every followed loop comes round."""
        return probes.live(heartbeat.complaint() for heartbeat in self._heartbeats.values())

    def startup(self) -> Verdict:
        """Judge the start."""
        return probes.startup(self._phase())

    def ready(self) -> Verdict:
        """Judge readiness."""
        return probes.ready(self.live(), self.startup(), self._phase(), self._board.standings())

    def component(self, name: str) -> Standing | None:
        """Return what holds for one component."""
        return self._board.standing(name)

    def health(self) -> dict[str, object]:
        """Return the document of `/health`."""
        standings, alive = self._board.standings(), self.live()
        verdicts = {"live": alive, "ready": self.ready(), "startup": self.startup()}
        return {
            "status": probes.overall(alive, standings).value,
            "service": self.service,
            "version": self.version,
            "pid": os.getpid(),
            "started": self._born[0],
            "now": self._clock.wall(),
            **{name: {"ok": verdict.ok, "reason": verdict.reason} for name, verdict in verdicts.items()},
            "components": [probes.document(standing) for standing in standings],
        }

    def changes(self) -> list[Event]:
        """Return the last changes of components, oldest first."""
        return self._board.events()

    def events(self) -> list[dict[str, object]]:
        """Return the last changes of components as documents."""
        return [
            {
                "at": one.at,
                "component": one.component,
                "before": one.before,
                "after": one.after,
                "reason": one.reason,
            }
            for one in self._board.events()
        ]

    def history(self) -> list[Executed]:
        """Return the last 60 runs of each component's check, oldest first."""
        return history(self._board.runs())

    def refresh(self) -> None:
        """Bring all metrics up to date, before a scrape."""
        errors = self.registry.refresh()
        for error in errors:
            LOG.warning("a collector failed: %s: %s", type(error).__name__, error)
        if errors:
            self._self.failed(len(errors))
        self._self.refresh(self._board, self._followed())

    def _measure_system(self, disks: Sequence[str]) -> None:
        registry, steady = self.registry, self._clock.steady
        registry.refresh_with(ProcessMetrics(registry, steady).refresh)
        registry.refresh_with(RuntimeMetrics(registry).refresh)
        for source in (DescriptorMetrics(registry), MachineMetrics(registry, disks)):
            registry.refresh_with(seldom(source.refresh, SELDOM_SECONDS, steady))

    def _followed(self) -> list[Heartbeat]:
        return list(self._heartbeats.values())

    def _phase(self) -> Phase:
        return Phase(self._started, self._stopping, self._clock.steady() - self._born[1], self._startup_limit)

    def _opened(self) -> socket.socket | None:
        try:
            return bound(self._listen)
        except OSError as error:
            if self._need_server:
                raise
            LOG.warning("no metrics server on %s:%d: %s", self._listen.host, self._listen.port, error)
            return None

    async def _live(self, enough: asyncio.Event) -> None:
        self._schedule = Schedule(self._board, self._clock, self._self.checked)
        for check in self._board.checks():
            self._schedule.watch(check)
        tasks = [asyncio.create_task(self._sweep(), name="sweep"), *self._announcing()]
        try:
            await self._serve(enough)
        finally:
            for task in tasks:
                task.cancel()
            await self._schedule.close()

    async def _serve(self, enough: asyncio.Event) -> None:
        if self._door is None:
            await enough.wait()
            return
        access = Access(self._listen.token, compress=not self._listen.loopback)
        connections = Connections(Routes(self, access).answer)
        server = await asyncio.get_running_loop().create_server(connections.connect, sock=self._door)
        try:
            await enough.wait()
        finally:
            server.close()
            await connections.close()
            self._door = None

    def _announcing(self) -> list[asyncio.Task[None]]:
        """Begin to announce the bot where KEEPER_URL says to whom; it costs nothing else."""
        if self._door is None or not self._environment.get("KEEPER_URL"):
            return []
        from watchkeeper.agent.registration import announcer

        port = self._door.getsockname()[1]
        wish = announcer.wish(self._environment, self.service, self._listen, port)
        return [] if wish is None else [asyncio.create_task(announcer.announcing(wish), name="announcing")]

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.registry.expire(self._clock.steady())

    def _schedule_one(self, check: Check) -> None:
        if self._schedule is not None:
            self._schedule.watch(check)

    def _prepare_for_forks(self) -> None:
        method = WeakMethod(self._after_fork)  # the hook cannot be taken back, so it must not keep us alive
        os.register_at_fork(after_in_child=lambda: (found := method()) and found())

    def _after_fork(self) -> None:
        """In a forked child there is no agent's thread: leave the parent's socket, keep the instruments."""
        self.registry.after_fork()
        self._diagnostics.after_fork()
        self._household = None
        self.port = None
        if self._door is not None:
            abandon(self._door)
            self._door = None
