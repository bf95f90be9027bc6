"""What the engine asks of a store, and how it holds values: a matrix of series by steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .errors import EvaluationError
from .labels import Labels, anonymous

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Scalar = Floats

# Prometheus' marker of a series that ended: one quiet NaN among many.
STALE_BITS = 0x7FF0000000000002


class Series(Protocol):
    """A stored series: labels, ascending times in milliseconds, values with stale markers."""

    @property
    def labels(self) -> Labels: ...
    @property
    def times(self) -> Ints: ...
    @property
    def values(self) -> Floats: ...


class Queryable(Protocol):
    """A store that finds series by matchers; both times are inclusive milliseconds.

    A matcher has `name`, `op` (=, !=, =~, !~) and `value`; patterns are Python's, to be matched whole.
    """

    def select(self, matchers: Sequence[Any], start_ms: int, end_ms: int, /) -> Sequence[Series]: ...


@dataclass(frozen=True, slots=True)
class Grid:
    """The evaluation times: `count` of them, `step` milliseconds apart."""

    start: int
    step: int
    count: int

    @property
    def times(self) -> Ints:
        """All times in milliseconds."""
        return self.start + self.step * np.arange(self.count, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Vector:
    """An instant vector at every step: one row per series, `present` where it has a sample.

    `drops` marks rows whose name is to be dropped at the end (delayed name removal).
    """

    labels: list[Labels]
    values: Floats
    present: Bools
    drops: list[bool]

    @property
    def steps(self) -> int:
        """The number of steps."""
        return int(self.values.shape[1])

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, index: Sequence[int] | Ints) -> Vector:
        """Take some rows, in this order."""
        chosen = [int(i) for i in index]
        return Vector(
            [self.labels[i] for i in chosen],
            self.values[chosen],
            self.present[chosen],
            [self.drops[i] for i in chosen],
        )

    def valued(self, values: Floats, present: Bools | None = None) -> Vector:
        """Give the same series other values."""
        return Vector(self.labels, values, self.present if present is None else present, self.drops)

    def relabelled(self, change: Callable[[Labels], Labels]) -> Vector:
        """Give the same values other labels."""
        return Vector([change(labels) for labels in self.labels], self.values, self.present, self.drops)

    def nonempty(self) -> Vector:
        """Drop the rows without any sample."""
        if self.present.size and self.present.all():
            return self
        alive = self.present.any(axis=1)
        return self if alive.all() else self.rows(np.flatnonzero(alive))

    def unnamed(self, *, delayed: bool) -> Vector:
        """Drop the metric's name: at once, or at the end of the query when `delayed`."""
        if delayed:
            return Vector(self.labels, self.values, self.present, [True] * len(self))
        return merged(self.relabelled(anonymous))


def empty(steps: int) -> Vector:
    """Return a vector of no series."""
    return Vector([], np.empty((0, steps)), np.zeros((0, steps), dtype=bool), [])


def merged(vector: Vector, error: str = "vector cannot contain metrics with the same labelset") -> Vector:
    """Join rows of the same labels. Raises EvaluationError where two of them meet at one step."""
    places: dict[Labels, int] = {}
    target = [places.setdefault(labels, len(places)) for labels in vector.labels]
    if len(places) == len(target):
        return vector
    values = np.zeros((len(places), vector.steps))
    present = np.zeros((len(places), vector.steps), dtype=bool)
    drops = [False] * len(places)
    for row, place in enumerate(target):
        mask = vector.present[row]
        if (present[place] & mask).any():
            raise EvaluationError(error)
        values[place][mask] = vector.values[row][mask]
        present[place] |= mask
        drops[place] = drops[place] or vector.drops[row]
    return Vector(list(places), values, present, drops)


def at_any(present: Bools) -> Bools:
    """Tell for each step whether any row is present."""
    return np.asarray(np.any(present, axis=0))


def single(labels: Labels, values: Floats, present: Bools | None = None) -> Vector:
    """Return a vector of one series."""
    shown = np.ones(values.shape, dtype=bool) if present is None else present
    return Vector([labels], values[np.newaxis, :], shown[np.newaxis, :], [False])
