"""How often a channel may be used: a bucket of tokens that fills steadily."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """At most burst messages at once, then per_second of them; per_second 0 is no limit."""

    per_second: float = 0.0
    burst: int = 1


class Pace:
    """The tokens of one channel; now is any clock in seconds that goes forward."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._tokens = float(limit.burst)
        self._at: float | None = None

    def delay(self, now: float) -> float:
        """Return how long to wait for a token, in seconds; 0 where there is one."""
        if not self._limit.per_second:
            return 0.0
        self._fill(now)
        return max(0.0, (1.0 - self._tokens) / self._limit.per_second)

    def take(self, now: float) -> None:
        """Use a token."""
        self._fill(now)
        self._tokens -= 1.0

    def _fill(self, now: float) -> None:
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._tokens = min(float(self._limit.burst), self._tokens + passed * self._limit.per_second)
        # Rounding must not leave a token a hair short for ever.
        self._tokens = round(self._tokens, 9)
        self._at = now
