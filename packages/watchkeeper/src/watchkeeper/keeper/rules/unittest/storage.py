"""The store of a test: it grows as the test's time goes on, so appending must not cost what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from watchkeeper.keeper.promql import Labels
from watchkeeper.keeper.promql.labels import NAME, value_of
from watchkeeper.keeper.promql.series import Floats, Ints
from watchkeeper.keeper.promql.testing.memory import StoredSeries

_FIRST_ROOM = 16


class _Line:
    """One series: arrays with room at the end, and the times of native histograms."""

    __slots__ = ("count", "native", "times", "values")

    def __init__(self) -> None:
        self.times: Ints = np.empty(_FIRST_ROOM, dtype=np.int64)
        self.values: Floats = np.empty(_FIRST_ROOM)
        self.count = 0
        self.native: list[int] = []

    def put(self, time: int, value: float) -> None:
        place = self.count
        if place and time <= self.times[place - 1]:
            place = int(np.searchsorted(self.times[: self.count], time))
            if self.times[place] == time:
                self.values[place] = value
                return
            self.shift(place)
        elif place == len(self.times):
            self.grow()
        self.times[place], self.values[place] = time, value
        self.count += 1

    def grow(self) -> None:
        self.times = np.resize(self.times, 2 * len(self.times))
        self.values = np.resize(self.values, 2 * len(self.values))

    def shift(self, place: int) -> None:
        """Make room for a sample that comes late."""
        if self.count == len(self.times):
            self.grow()
        end = self.count
        self.times[place + 1 : end + 1] = self.times[place:end].copy()
        self.values[place + 1 : end + 1] = self.values[place:end].copy()


class TestStore:
    """Hold series of a test; a sample replaces one of the same time."""

    __test__ = False

    def __init__(self) -> None:
        self._names: dict[str, dict[Labels, _Line]] = {}

    def _line(self, labels: Labels) -> _Line:
        lines = self._names.setdefault(value_of(labels, NAME), {})
        line = lines.get(labels)
        if line is None:
            line = lines[labels] = _Line()
        return line

    def add(self, labels: Labels, samples: Iterable[tuple[int, float]]) -> None:
        """Add samples: time in milliseconds, value."""
        line = self._line(labels)
        for time, value in samples:
            line.put(time, value)

    def add_native(self, labels: Labels, times: Iterable[int]) -> None:
        """Note that native histograms stand at these times."""
        self._line(labels).native += times

    def select(self, matchers: Sequence[Any], start_ms: int, end_ms: int, /) -> list[StoredSeries]:
        """Return the series that all matchers select, with samples from start to end inclusive."""
        found = []
        for labels, line in self._candidates(matchers):
            if all(matcher.matches(value_of(labels, matcher.name)) for matcher in matchers):
                times = line.times[: line.count]
                first, last = np.searchsorted(times, (start_ms, end_ms + 1))
                native = any(start_ms <= time <= end_ms for time in line.native)
                if native or last > first:
                    values = line.values[first:last]
                    found.append(StoredSeries(labels, times[first:last], values, native))
        return found

    def _candidates(self, matchers: Sequence[Any]) -> list[tuple[Labels, _Line]]:
        named = [matcher.value for matcher in matchers if matcher.name == NAME and matcher.op == "="]
        if named:
            return list(self._names.get(named[0], {}).items())
        return [item for lines in self._names.values() for item in lines.items()]
