"""Trends inside each window: least squares and double exponential smoothing."""

from __future__ import annotations

import numpy as np

from .errors import EvaluationError
from .overtime import Ranked
from .series import Bools, Floats, Ints, Scalar, at_any
from .summation import compensated, increment
from .windows import Windows


def _fitted(windows: Windows, ranked: Ranked, origins: Ints) -> tuple[Floats, Floats]:
    """Fit a line to each window; return slopes per second and values at `origins` (milliseconds)."""
    sum_x, sum_y, sum_xy, sum_xx, constant = (_sums_each if ranked.few else _sums)(windows, ranked, origins)
    count, initial = ranked.counts, windows.values[ranked.lo]
    slope = (sum_xy - sum_x * sum_y / count) / (sum_xx - sum_x * sum_x / count)
    level = sum_y / count - slope * sum_x / count
    infinite = np.isinf(initial)
    slope = np.where(constant, np.where(infinite, np.nan, 0.0), slope)
    return slope, np.where(constant, np.where(infinite, np.nan, initial), level)


_Sums = tuple[Floats, Floats, Floats, Floats, Bools]


def _sums_each(windows: Windows, ranked: Ranked, origins: Ints) -> _Sums:
    sums, constant = np.zeros((4, ranked.size)), np.zeros(ranked.size, dtype=bool)
    for at in range(ranked.size):
        ranked.check()
        part = slice(int(ranked.lo[at]), int(ranked.lo[at] + ranked.counts[at]))
        x, y = (windows.times[part] - origins[at]) / 1000, windows.values[part]
        sums[:, at] = [compensated(term) for term in (x, y, x * y, x * x)]
        constant[at] = (y[1:] == y[0]).all()
    return sums[0], sums[1], sums[2], sums[3], constant


def _sums(windows: Windows, ranked: Ranked, origins: Ints) -> _Sums:
    size = ranked.size
    sums = [np.zeros(size) for _ in range(8)]
    constant = np.ones(size, dtype=bool)
    initial = windows.values[ranked.lo]
    for k, places in ranked.positions():
        part = slice(places.size)
        x = (windows.times[places] - origins[part]) / 1000
        y = windows.values[places]
        if k > 0:
            constant[part] &= y == initial[part]
        for at, term in zip((0, 2, 4, 6), (x, y, x * y, x * x), strict=True):
            sums[at][part], sums[at + 1][part] = increment(term, sums[at][part], sums[at + 1][part])
    sum_x, sum_y, sum_xy, sum_xx = (sums[at] + sums[at + 1] for at in (0, 2, 4, 6))
    return sum_x, sum_y, sum_xy, sum_xx, constant


def slopes(windows: Windows) -> tuple[Floats, Bools]:
    """Return each window's slope per second."""
    ranked = Ranked.of(windows, least=2)
    slope, _ = _fitted(windows, ranked, windows.times[ranked.lo] if ranked.size else ranked.lo)
    return ranked.spread(slope), windows.counts >= 2


def predictions(windows: Windows, ahead: Scalar) -> tuple[Floats, Bools]:
    """Return where each window's line will be `ahead` seconds after the step's time."""
    ranked = Ranked.of(windows, least=2)
    now = ranked.chosen(windows.now.astype(np.float64)).astype(np.int64)
    slope, level = _fitted(windows, ranked, now)
    return ranked.spread(slope * ranked.chosen(ahead) + level), windows.counts >= 2


def smoothed(windows: Windows, smoothing: Scalar, trend: Scalar) -> tuple[Floats, Bools]:
    """Smooth each window twice (level and trend). Raises EvaluationError for factors outside (0, 1)."""
    used = at_any(windows.counts > 0)
    _check_factor("smoothing", smoothing, used)
    _check_factor("trend", trend, used)
    ranked = Ranked.of(windows, least=2)
    level_factor, trend_factor = ranked.chosen(smoothing), ranked.chosen(trend)
    before, level, slope = (np.zeros(ranked.size) for _ in range(3))
    for k, places in ranked.positions():
        part = slice(places.size)
        values = windows.values[places]
        if k == 0:
            level[part] = values
            slope[part] = windows.values[places + 1] - values
            continue
        if k > 1:
            moved = trend_factor[part] * (level[part] - before[part])
            slope[part] = moved + (1 - trend_factor[part]) * slope[part]
        factor = level_factor[part]
        new = factor * values + (1 - factor) * (level[part] + slope[part])
        before[part], level[part] = level[part].copy(), new
    return ranked.spread(level), windows.counts >= 2


def _check_factor(name: str, factors: Scalar, used: Bools) -> None:
    bad = used & ~((factors > 0) & (factors < 1)) & ~np.isnan(factors)
    if bad.any():
        value = float(factors[np.argmax(bad)])
        raise EvaluationError(f"invalid {name} factor. Expected: 0 < {name[0]}f < 1, got: {value:f}")
