"""Compute curves over a grid of times from the store's series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from watchkeeper.keeper.store import Matcher, Series
from watchkeeper.keeper.web.board import Curve

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Lines = list[tuple[str, Values]]

# A value older than this is not the value of now.
LOOKBACK_MS = 60_000
MOST_LINES = 20


class Selectable(Protocol):
    """Where series come from: the store."""

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        """Return the matching series with their samples in [start, end]."""


def lines(store: Selectable, curve: Curve, scope: Sequence[Matcher], grid: Times, window_ms: int) -> Lines:
    """Return (label, values at the grid's times) for each line of a curve; NaN where nothing is known.

    grid holds ascending milliseconds; scope restricts the series, as to one bot.
    """
    if curve.how == "quantile":
        found = quantile_lines(store, curve, scope, grid, window_ms)
    else:
        found = sum_lines(store, curve, curve.metric, scope, grid, window_ms)
        if curve.minus:
            found = subtract(found, sum_lines(store, curve, curve.minus, scope, grid, window_ms))
    return [(named(curve, key), values) for key, values in sorted(found.items())[:MOST_LINES]]


def named(curve: Curve, key: str) -> str:
    if not curve.by:
        return curve.label or curve.metric
    return curve.label.replace("{" + curve.by + "}", key or "other") if curve.label else key


def fetch(
    store: Selectable, curve: Curve, metric: str, scope: Sequence[Matcher], grid: Times, back_ms: int
) -> list[Series]:
    where = [Matcher(name, "=", value) for name, value in curve.where]
    matchers = [Matcher("__name__", "=", metric), *scope, *where]
    return store.select(matchers, int(grid[0]) - back_ms, int(grid[-1]))


def sum_lines(
    store: Selectable, curve: Curve, metric: str, scope: Sequence[Matcher], grid: Times, window_ms: int
) -> dict[str, Values]:
    """Return the sum over the series of each value of `by`."""
    rate = curve.how == "rate"
    found: dict[str, Values] = {}
    for series in fetch(store, curve, metric, scope, grid, window_ms if rate else LOOKBACK_MS):
        values = rates(series, grid, window_ms) if rate else values_at(series, grid)
        key = dict(series.labels).get(curve.by, "") if curve.by else ""
        found[key] = add(found[key], values) if key in found else values
    return found


def add(one: Values, other: Values) -> Values:
    """Add where both are known, else take the one that is."""
    return np.where(np.isnan(one), other, np.where(np.isnan(other), one, one + other))


def subtract(found: dict[str, Values], minus: dict[str, Values]) -> dict[str, Values]:
    return {
        key: values - np.nan_to_num(minus[key]) if key in minus else values for key, values in found.items()
    }


def kept(series: Series) -> tuple[Times, Values]:
    """Return the samples without staleness markers and other NaN."""
    good = ~np.isnan(series.values)
    return series.times[good], series.values[good]


def values_at(series: Series, grid: Times) -> Values:
    """Return the last value at each time of the grid; a staleness marker ends the series."""
    if not len(series.times):
        return np.full(len(grid), np.nan)
    place = np.searchsorted(series.times, grid, "right") - 1
    known = (place >= 0) & (grid - series.times[place] <= LOOKBACK_MS)
    # A staleness marker is a signalling NaN, with which arithmetic warns; what leaves here is a quiet one.
    known &= ~np.isnan(series.values[place])
    return np.where(known, series.values[place], np.nan)


def rates(series: Series, grid: Times, window_ms: int) -> Values:
    """Return the increase per second over the window before each time; resets of the counter count from 0."""
    times, values = kept(series)
    if len(times) < 2:
        return np.full(len(grid), np.nan)
    drops = np.where(np.diff(values) < 0, values[:-1], 0.0)
    steady = values + np.concatenate(([0.0], np.cumsum(drops)))
    last = np.searchsorted(times, grid, "right") - 1
    first = np.searchsorted(times, grid - window_ms, "left")
    known = last > first
    last, first = np.where(known, last, 1), np.where(known, first, 0)
    seconds = (times[last] - times[first]) / 1000.0
    return np.where(known, (steady[last] - steady[first]) / seconds, np.nan)


def quantile_lines(
    store: Selectable, curve: Curve, scope: Sequence[Matcher], grid: Times, window_ms: int
) -> dict[str, Values]:
    """Return a quantile of a histogram for each value of `by`."""
    buckets: dict[str, dict[float, Values]] = defaultdict(dict)
    for series in fetch(store, curve, curve.metric + "_bucket", scope, grid, window_ms):
        labels = dict(series.labels)
        rows = buckets[labels.get(curve.by, "") if curve.by else ""]
        bound = float(labels.get("le", "+Inf"))
        rate = rates(series, grid, window_ms)
        rows[bound] = add(rows[bound], rate) if bound in rows else rate
    return {key: quantile(curve.quantile, rows) for key, rows in buckets.items()}


def quantile(share: float, rows: dict[float, Values]) -> Values:
    """Return the quantile from cumulative bucket rates by upper bound, linear inside a bucket.

    NaN where nothing was observed; the highest finite bound where it lies beyond it.
    """
    bounds = np.array(sorted(rows))
    heights = np.maximum.accumulate(np.nan_to_num(np.stack([rows[bound] for bound in bounds])), axis=0)
    total = heights[-1]
    rank = share * total
    place = np.argmax(heights >= rank, axis=0)
    columns = np.arange(heights.shape[1])
    below = np.where(place > 0, heights[place - 1, columns], 0.0)
    inside = heights[place, columns] - below
    lower = np.where(place > 0, bounds[place - 1], 0.0)
    upper = bounds[place]
    part = np.divide(rank - below, inside, out=np.zeros_like(total), where=inside > 0)
    found = np.where(np.isinf(upper), lower, lower + (np.where(np.isinf(upper), lower, upper) - lower) * part)
    return np.where(total > 0, found, np.nan)
