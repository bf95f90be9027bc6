"""The breaker at work: it looks at the machine every few seconds, and others ask it how things are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from watchkeeper import Watch
from watchkeeper.keeper.guard.breaker import CLOSED, LOCKED, Breaker, Limits, Pressure, reset, step
from watchkeeper.keeper.judge import Finding
from watchkeeper.keeper.judge.finding import DEGRADED, HEALTHY, UNHEALTHY, WARNING

LOG = logging.getLogger("watchkeeper.guard")

SUBJECT = "guard/keeper/breaker"
LOOK_SECONDS = 5.0
# While it is open each scrape but every second is left out: more would make targets look unwatched.
SLOWNESS = 2
REFRESH_SECONDS = 10.0


class StressGuard:
    """Trips and recovers by the pressure that `read` tells; `clock` is Unix seconds."""

    def __init__(
        self,
        limits: Limits,
        read: Callable[[], Pressure],
        clock: Callable[[], float],
        enabled: bool = True,
        before: str = HEALTHY,
    ) -> None:
        """Begin as the rows said; before is the state that was written last for SUBJECT."""
        self.limits = limits
        self.enabled = enabled
        self.pressure = Pressure(0.0, 0.0)
        self.trips = 0
        self._read = read
        self._clock = clock
        self.breaker = self._restored(before) if enabled else Breaker()

    def _restored(self, before: str) -> Breaker:
        now = self._clock()
        if before == UNHEALTHY:
            return Breaker(
                LOCKED, now, "it was locked before the start; reset it by hand", self.limits.attempts
            )
        if before == DEGRADED:
            return Breaker("open", now, "it was open before the start", 0, now + self.limits.retry)
        return Breaker(since=now)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.enabled:
                self.look()

    def look(self) -> None:
        """Look once."""
        self.pressure = self._read()
        self._take(step(self.breaker, self.pressure, self._clock(), self.limits))

    def reset(self, who: str) -> bool:
        """Close it by somebody's word; return whether it was tripped."""
        before = self.breaker
        self._take(reset(before, self._clock(), who))
        return before.tripped

    def _take(self, after: Breaker) -> None:
        before, self.breaker = self.breaker, after
        if before.name == after.name:
            return
        self.trips += before.name == CLOSED
        LOG.warning("the stress breaker is %s: %s", after.name, after.reason)

    # What others ask

    @property
    def tripped(self) -> bool:
        return self.breaker.tripped

    def slowness(self) -> int:
        """Return how many times slower scraping is to be."""
        return SLOWNESS if self.tripped else 1

    def findings(self, known: bool) -> list[Finding]:
        """Return the state as a finding, once there is something to tell: every change is a flip.

        Open is a state to know of; locked needs a person, so it is an alert.
        """
        if not self.tripped and not known:
            return []
        state = {CLOSED: HEALTHY, LOCKED: UNHEALTHY}.get(self.breaker.name, DEGRADED)
        return [Finding(SUBJECT, state, self.breaker.reason, WARNING)]

    def told(self) -> dict[str, object]:
        """Return all that is known, for the API."""
        one, pressure = self.breaker, self.pressure
        return {
            "enabled": self.enabled,
            "state": one.name,
            "since": one.since,
            "reason": one.reason,
            "attempts": one.attempts,
            "next_try": one.next_try if one.name == "open" else None,
            "trips": self.trips,
            "cpu_percent": pressure.cpu,
            "memory_percent": pressure.memory,
            "stalled_percent": pressure.stalled,
        }

    def watch(self, watch: Watch) -> None:
        """Show it among the keeper's own metrics."""
        tripped = watch.gauge("monitoring_circuit_breaker", "1 while the stress breaker is tripped.")
        trips = watch.counter("monitoring_circuit_breaker_trips_total", "Times that it tripped.")
        pressure = watch.gauge("monitoring_pressure_ratio", "How busy the machine is.", ("of",))

        def refresh() -> None:
            tripped.set(int(self.tripped))
            trips.raise_to(self.trips)
            pressure.labels("cpu").set(self.pressure.cpu / 100)
            pressure.labels("memory").set(self.pressure.memory / 100)
            pressure.labels("stalled").set(self.pressure.stalled / 100)

        watch.refresh_with(refresh)
