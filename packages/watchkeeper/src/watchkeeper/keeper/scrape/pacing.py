"""When a target is scraped, and which time its samples get; pure."""

from __future__ import annotations

from dataclasses import dataclass

_TOLERANCE_MS = 10  # and at most 1 % of the interval


@dataclass(slots=True)
class Pace:
    """Ticks every interval from a first one on; monotonic seconds in, monotonic seconds out."""

    interval: float
    next_at: float
    _expected_ms: float | None = None

    @classmethod
    def spread(cls, interval: float, offset: float, now: float) -> Pace:
        """Begin at the target's own place (0 to 1) within the interval: targets do not come all at once."""
        phase = (offset * interval - now) % interval
        return cls(interval, now + phase)

    def wait(self, now: float) -> float:
        """Return the seconds until the next tick."""
        return max(0.0, self.next_at - now)

    def advance(self, now: float) -> int:
        """Go to the first tick after now; return how many ticks were missed."""
        missed = int(max(0.0, now - self.next_at) // self.interval)
        self.next_at += self.interval * (missed + 1)
        if self._expected_ms is not None:
            self._expected_ms += self.interval * 1000 * (missed + 1)
        return missed

    def leave_out(self) -> None:
        """Go one tick further."""
        self.next_at += self.interval
        if self._expected_ms is not None:
            self._expected_ms += self.interval * 1000

    def stamp(self, wall_ms: float) -> int:
        """Return the time of a scrape that begins now: on the grid when it is close, else the clock's.

        Even times compress to almost nothing; a clock that was set, or a late loop, begins a new grid.
        """
        tolerance = min(_TOLERANCE_MS, self.interval * 10)
        if self._expected_ms is None or abs(wall_ms - self._expected_ms) > tolerance:
            self._expected_ms = wall_ms
        return round(self._expected_ms)
