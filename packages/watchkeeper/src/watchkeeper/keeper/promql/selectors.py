"""Reading instant vectors: the newest sample of each series that is no older than the lookback."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .context import Context
from .series import STALE_BITS, Bools, Floats, Grid, Ints, Series, Vector
from .syntax import Selector

NEVER = np.iinfo(np.int64).min


def instant(context: Context, selector: Selector, grid: Grid) -> Vector:
    """Return the selected series' values at each step."""
    if selector.smoothed:
        return smoothed(context, selector, grid)
    return instant_with_times(context, selector, grid)[0]


def instant_with_times(context: Context, selector: Selector, grid: Grid) -> tuple[Vector, Ints]:
    """Return the values at each step, and the times of their samples."""
    refs = context.references(selector.at, selector.offset, grid)
    lookback = context.options.lookback_ms
    found = context.fetch(selector.matchers, int(refs[0]) - lookback + 1, int(refs[-1]))
    context.charge(len(found) * grid.count)
    vector, times = _latest(found, refs, lookback)
    if refs.size != grid.count:
        vector = vector.valued(
            np.repeat(vector.values, grid.count, axis=1), np.repeat(vector.present, grid.count, axis=1)
        )
        times = np.repeat(times, grid.count, axis=1)
    return vector, times


def _latest(found: Sequence[Series], refs: Ints, lookback: int) -> tuple[Vector, Ints]:
    values, times = _last(found) if refs.size == 1 else _at_each(found, refs)
    present = (times > refs - lookback) & (values.view(np.int64) != STALE_BITS)
    vector = Vector([series.labels for series in found], values, present, [False] * len(found))
    alive = np.flatnonzero(present.any(axis=1))
    return (vector, times) if alive.size == len(found) else (vector.rows(alive), times[alive])


def _last(found: Sequence[Series]) -> tuple[Floats, Ints]:
    """Return the last sample of each series: the store returned nothing beyond the one time."""
    values = [series.values[-1] if len(series.values) else 0.0 for series in found]
    times = [series.times[-1] if len(series.times) else NEVER for series in found]
    return np.array(values, np.float64)[:, np.newaxis], np.array(times, np.int64)[:, np.newaxis]


def _at_each(found: Sequence[Series], refs: Ints) -> tuple[Floats, Ints]:
    shape = (len(found), refs.size)
    values, times = np.zeros(shape), np.full(shape, NEVER, dtype=np.int64)
    for row, series in enumerate(found):
        if series.times.size == 0:
            continue
        index = np.searchsorted(series.times, refs, side="right") - 1
        seen = index >= 0
        np.take(series.values, index, out=values[row], mode="clip")
        times[row, seen] = series.times[index[seen]]
    return values, times


def smoothed(context: Context, selector: Selector, grid: Grid) -> Vector:
    """Interpolate between the samples around each step; the newest stands where none follows."""
    refs = context.references(selector.at, selector.offset, grid)
    lookback = context.options.lookback_ms
    found = context.fetch(selector.matchers, int(refs[0]) - lookback + 1, int(refs[-1]) + lookback)
    context.charge(len(found) * grid.count)
    values, present = np.zeros((len(found), refs.size)), np.zeros((len(found), refs.size), dtype=bool)
    for row, series in enumerate(found):
        times, samples = without_stale(series)
        if times.size:
            values[row], present[row] = _interpolated(times, samples, refs, lookback)
    if refs.size != grid.count:
        values, present = np.repeat(values, grid.count, axis=1), np.repeat(present, grid.count, axis=1)
    labels = [series.labels for series in found]
    return Vector(labels, values, present, [False] * len(found)).nonempty()


def _interpolated(times: Ints, values: Floats, refs: Ints, lookback: int) -> tuple[Floats, Bools]:
    before = np.searchsorted(times, refs, side="right") - 1
    after = np.minimum(before + 1, times.size - 1)
    known = np.maximum(before, 0)
    has_before = (before >= 0) & (times[known] > refs - lookback)
    has_after = (before + 1 < times.size) & (times[after] <= refs + lookback)
    span = np.where(has_after & (times[after] > times[known]), times[after] - times[known], 1)
    slope = (values[after] - values[known]) * ((refs - times[known]) / span)
    exact = times[known] == refs
    return np.where(has_after & ~exact, values[known] + slope, values[known]), has_before


def without_stale(series: Series) -> tuple[Ints, Floats]:
    """Return a series' samples without its stale markers."""
    values = np.ascontiguousarray(series.values, dtype=np.float64)
    stale = values.view(np.int64) == STALE_BITS
    if not stale.any():
        return series.times, values
    return series.times[~stale], values[~stale]
