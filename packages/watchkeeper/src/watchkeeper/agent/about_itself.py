"""What the agent tells about itself and the health of the bot, under the prefix `monitoring_`."""

from time import thread_time

from watchkeeper.agent.health.board import Board
from watchkeeper.agent.health.heartbeat import Heartbeat
from watchkeeper.agent.health.outcome import Outcome, Status
from watchkeeper.agent.metrics.registry import Registry

CHECK_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class SelfMetrics:
    """The instruments of the agent's own account."""

    def __init__(self, registry: Registry, service: str, version: str) -> None:
        self._registry = registry
        component = ("component",)
        self._checks = registry.counter("monitoring_health_checks_total", "Checks run.", ("status",))
        self._durations = registry.histogram(
            "monitoring_health_check_duration_seconds", "Time a check took.", component, buckets=CHECK_BUCKETS
        )
        self._status = registry.gauge(
            "monitoring_component_status", "1 healthy, 0 degraded, -1 critical.", component
        )
        self._memory = registry.gauge(
            "monitoring_component_memory_bytes", "Memory of a component.", component
        )
        self._ages = registry.gauge(
            "monitoring_heartbeat_age_seconds", "Time since the last beat.", ("heartbeat",)
        )
        self._tasks = registry.gauge("asyncio_tasks", "Tasks of a followed loop.", ("heartbeat",))
        self.lag = registry.histogram(
            "monitoring_event_loop_lag_seconds", "How late a loop came.", ("heartbeat",), buckets=LAG_BUCKETS
        )
        self._errors = registry.counter("monitoring_collect_errors_total", "Collectors that failed.")
        self._cpu = registry.counter(
            "monitoring_agent_cpu_seconds_total", "CPU time of the agent's own thread."
        )
        self._diverted = registry.counter(
            "monitoring_series_diverted_total", "Look-ups answered by the overflow series.", ("metric",)
        )
        self._expired = registry.counter(
            "monitoring_series_expired_total", "Idle series forgotten.", ("metric",)
        )
        build = registry.gauge("monitoring_build_info", "The watched service.", ("service", "version"))
        build.labels(service, version).set(1)

    def checked(self, component: str, outcome: Outcome, duration: float) -> None:
        """Count one run of a check."""
        self._checks.labels(outcome.status.value).inc()
        self._durations.labels(component).observe(duration)

    def failed(self, errors: int) -> None:
        """Count collectors that failed."""
        self._errors.inc(errors)

    def refresh(self, board: Board, heartbeats: list[Heartbeat]) -> None:
        """Bring everything up to date; runs on the agent's thread, whose CPU time it reads."""
        self._cpu.raise_to(thread_time())
        self._refresh_components(board)
        self._refresh_heartbeats(heartbeats)
        for family in self._registry.families():
            if family.diverted:
                self._diverted.labels(family.name).raise_to(family.diverted)
            if family.expired:
                self._expired.labels(family.name).raise_to(family.expired)

    def _refresh_components(self, board: Board) -> None:
        for standing in board.standings():
            name = standing.check.name
            if standing.outcome.status is not Status.UNKNOWN:  # an unknown one is absent, not degraded
                self._status.labels(name).set(standing.outcome.status.value_in_metrics)
            if standing.memory is not None:
                self._memory.labels(name).set(standing.memory)

    def _refresh_heartbeats(self, heartbeats: list[Heartbeat]) -> None:
        for heartbeat in heartbeats:
            if (age := heartbeat.age()) is not None:
                self._ages.labels(heartbeat.name).set(age)
            if (tasks := heartbeat.tasks()) is not None:
                self._tasks.labels(heartbeat.name).set(tasks)
