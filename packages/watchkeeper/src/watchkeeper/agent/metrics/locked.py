"""The instruments for builds without a GIL: the same, under one lock each."""

import sys
from collections.abc import Callable, Mapping
from threading import Lock

from watchkeeper.agent.metrics.instruments import Counter, Gauge, Histogram


def lock_needed() -> bool:
    """Tell whether this interpreter runs threads in parallel, so that `+=` can lose counts."""
    enabled: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return not enabled()


class LockedCounter(Counter):
    """A counter exact without a GIL."""

    __slots__ = ("_lock",)

    def __init__(self, head: str) -> None:
        super().__init__(head)
        self._lock = Lock()

    def inc(self, amount: float | None = None) -> None:
        """Add `amount` under the lock."""
        with self._lock:
            super().inc(amount)


class LockedGauge(Gauge):
    """A gauge exact without a GIL."""

    __slots__ = ("_lock",)

    def __init__(self, head: str) -> None:
        super().__init__(head)
        self._lock = Lock()

    def inc(self, amount: float = 1.0) -> None:
        """Add `amount` under the lock."""
        with self._lock:
            super().inc(amount)

    def dec(self, amount: float = 1.0) -> None:
        """Take `amount` away under the lock."""
        with self._lock:
            super().dec(amount)


class LockedHistogram(Histogram):
    """A histogram exact without a GIL."""

    __slots__ = ("_lock",)

    def __init__(self, head: str, bounds: tuple[float, ...]) -> None:
        super().__init__(head, bounds)
        self._lock = Lock()

    def observe(self, value: float, exemplar: Mapping[str, str] | None = None) -> None:
        """Count one observation under the lock."""
        with self._lock:
            super().observe(value, exemplar)
