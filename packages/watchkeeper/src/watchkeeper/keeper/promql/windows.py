"""Range vectors: for every series and step the bounds of a window into one flat array of samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .context import Context
from .labels import Labels
from .selectors import without_stale
from .series import Bools, Floats, Grid, Ints, Vector
from .syntax import Range, Subquery


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows over samples.

    Row i, step j holds times[lo[i, j] : hi[i, j]] and the values at the same places; `begins` is where each
    row's samples begin. `starts` (exclusive) and `ends` (inclusive) bound the windows of the steps in
    milliseconds; `now` is the time of each step. Long loops call `check`, which ends a query out of time.
    """

    labels: list[Labels]
    drops: list[bool]
    times: Ints
    values: Floats
    begins: Ints
    lo: Ints
    hi: Ints
    starts: Ints
    ends: Ints
    now: Ints
    length_ms: int
    check: Callable[[], None]
    anchored: bool = False
    smoothed: bool = False

    @property
    def counts(self) -> Ints:
        """The number of samples in each window."""
        return self.hi - self.lo

    @property
    def first(self) -> Ints:
        """The place of each window's first sample, some valid place for an empty window."""
        return np.minimum(self.lo, max(self.times.size - 1, 0))

    @property
    def last(self) -> Ints:
        """The place of each window's last sample, some valid place for an empty window."""
        return np.maximum(self.hi - 1, 0)

    def falls(self) -> Bools:
        """Tell for each sample but the last whether the next one of its series is lower."""
        fell = self.values[1:] < self.values[:-1]
        fell[self.begins[1:] - 1] = False
        return fell

    def vector(self, values: Floats, present: Bools) -> Vector:
        """Return the series with one value per window."""
        return Vector(self.labels, values, present, self.drops).nonempty()


def of_range(context: Context, expr: Range, grid: Grid) -> Windows:
    """Read the windows of a range selector; extended selectors take the lookback in as well."""
    selector = expr.selector
    length = context.length(expr.length)
    ends = context.references(selector.at, selector.offset, grid)
    if ends.size != grid.count:
        ends = np.broadcast_to(ends, (grid.count,))
    starts = ends - length
    lookback = context.options.lookback_ms
    before = lookback if selector.anchored or selector.smoothed else 0
    after = lookback if selector.smoothed else 0
    found = context.fetch(selector.matchers, int(starts[0]) - before + 1, int(ends[-1]) + after)
    read = [(series.labels, *without_stale(series)) for series in found]
    read = [row for row in read if row[1].size]
    samples = [(times, values) for _, times, values in read]
    context.charge(sum(times.size for times, _ in samples) + len(samples) * grid.count)
    times, values, begins, lo, hi = _flat(samples, starts - before, ends + after)
    labels = [row[0] for row in read]
    drops = [False] * len(labels)
    return Windows(
        labels,
        drops,
        times,
        values,
        begins,
        lo,
        hi,
        starts,
        ends,
        grid.times,
        length,
        context.check_time,
        selector.anchored,
        selector.smoothed,
    )


def _flat(
    samples: Sequence[tuple[Ints, Floats]], starts: Ints, ends: Ints
) -> tuple[Ints, Floats, Ints, Ints, Ints]:
    shape = (len(samples), starts.size)
    lo, hi = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    begins, at = np.zeros(len(samples), dtype=np.int64), 0
    known = np.zeros(0, dtype=np.int64)
    after_starts = after_ends = np.zeros(starts.size, dtype=np.int64)
    for row, (times, _) in enumerate(samples):
        begins[row] = at
        if not np.array_equal(times, known):  # series of one scrape have the same times: 10 us against 80
            known = times
            after_starts = np.searchsorted(times, starts, side="right")
            after_ends = np.searchsorted(times, ends, side="right")
        np.add(after_starts, at, out=lo[row])
        np.add(after_ends, at, out=hi[row])
        at += times.size
    times = np.concatenate([times for times, _ in samples]) if at else np.zeros(0, dtype=np.int64)
    values = np.concatenate([values for _, values in samples]) if at else np.zeros(0)
    return times, values, begins, lo, np.maximum(hi, lo)


def subquery_grid(context: Context, expr: Subquery, grid: Grid) -> tuple[Grid, Ints, int]:
    """Return a subquery's own steps (aligned to its step), the ends of its windows, their length."""
    length = context.length(expr.length)
    step = context.length(expr.step) if expr.step is not None else context.options.subquery_step_ms
    ends = np.broadcast_to(context.references(expr.at, expr.offset, grid), (grid.count,))
    first = (int(ends[0]) - length) // step * step + step
    count = max((int(ends[-1]) - first) // step + 1, 0)
    return Grid(first, step, count), ends, length


def of_subquery(context: Context, expr: Subquery, grid: Grid, inner: Vector, own: Grid) -> Windows:
    """Take windows of a subquery's result."""
    _, ends, length = subquery_grid(context, expr, grid)
    inner = inner.nonempty()
    context.charge(len(inner) * grid.count)
    times = own.times
    samples = [(times[mask], row[mask]) for row, mask in zip(inner.values, inner.present, strict=True)]
    flat, values, begins, lo, hi = _flat(samples, ends - length, ends)
    return Windows(
        inner.labels,
        inner.drops,
        flat,
        values,
        begins,
        lo,
        hi,
        ends - length,
        ends,
        grid.times,
        length,
        context.check_time,
    )
