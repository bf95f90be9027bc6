"""A store in memory: what a script loads, and what other tests need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..labels import Labels, value_of
from ..regexes import compiled
from ..series import STALE_BITS, Floats, Ints

STALE = float(np.array([STALE_BITS], dtype=np.int64).view(np.float64)[0])


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """A selected series; `native` says that native histograms are among its samples."""

    labels: Labels
    times: Ints
    values: Floats
    native: bool = False


@dataclass(slots=True)
class _Samples:
    floats: dict[int, float] = field(default_factory=dict)
    native: set[int] = field(default_factory=set)
    arrays: tuple[Ints, Floats] | None = None

    def sorted(self) -> tuple[Ints, Floats]:
        if self.arrays is None:
            times = np.array(sorted(self.floats), dtype=np.int64)
            bits = [np.float64(self.floats[int(time)]) for time in times]
            self.arrays = times, np.array(bits, dtype=np.float64)
        return self.arrays


class MemoryStore:
    """Hold series in memory; samples of native histograms are known by their time alone."""

    def __init__(self) -> None:
        self._series: dict[Labels, _Samples] = {}

    def add(self, labels: Labels, samples: Iterable[tuple[int, float]]) -> None:
        """Add samples (time in milliseconds, value); a later one replaces one of the same time."""
        held = self._series.setdefault(labels, _Samples())
        held.floats.update(samples)
        held.arrays = None

    def put(self, labels: Labels, times: Ints, values: Floats) -> None:
        """Hold arrays as they are, ascending in time."""
        self._series[labels] = _Samples(arrays=(times, values))

    def add_native(self, labels: Labels, times: Iterable[int]) -> None:
        """Note that native histograms stand at these times."""
        self._series.setdefault(labels, _Samples()).native.update(times)

    def clear(self) -> None:
        """Forget everything."""
        self._series.clear()

    def select(self, matchers: Sequence[Any], start_ms: int, end_ms: int, /) -> list[StoredSeries]:
        """Return the series that all matchers select, with samples from start to end inclusive."""
        out = []
        for labels, held in self._series.items():
            if not all(_matches(matcher, value_of(labels, matcher.name)) for matcher in matchers):
                continue
            times, values = held.sorted()
            part = slice(np.searchsorted(times, start_ms), np.searchsorted(times, end_ms, side="right"))
            native = any(start_ms <= time <= end_ms for time in held.native)
            if native or part.stop > part.start:
                out.append(StoredSeries(labels, times[part], values[part], native))
        return out


def _matches(matcher: Any, value: str) -> bool:
    if matcher.op in ("=", "!="):
        return bool((value == matcher.value) is (matcher.op == "="))
    return (compiled(matcher.value).fullmatch(value) is not None) is (matcher.op == "=~")
