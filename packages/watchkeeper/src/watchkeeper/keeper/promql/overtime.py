"""Functions that reduce each window to one number: *_over_time, changes, resets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .series import Bools, Floats, Ints
from .summation import Mean, closed, compensated, compensated_mean, increment
from .windows import Windows

# Cells of the padded matrix that a quantile sorts at once.
_CHUNK = 1_000_000


@dataclass(frozen=True, slots=True)
class Ranked:
    """The windows as a list, longest first, so that those with a k-th sample are always a prefix."""

    order: Ints
    lo: Ints
    counts: Ints
    shape: tuple[int, ...]
    check: Callable[[], None]

    @classmethod
    def of(cls, windows: Windows, least: int = 1) -> Ranked:
        """Rank the windows that have at least this many samples."""
        counts = windows.counts.ravel()
        order = np.argsort(-counts, kind="stable")
        order = order[: int((counts >= least).sum())]
        return cls(order, windows.lo.ravel()[order], counts[order], windows.lo.shape, windows.check)

    @property
    def size(self) -> int:
        """The number of windows."""
        return int(self.order.size)

    def positions(self) -> Iterator[tuple[int, Ints]]:
        """Yield for each k the places of the k-th samples; they belong to the first windows."""
        longest = int(self.counts[0]) if self.size else 0
        limits = np.searchsorted(-self.counts, -np.arange(longest), side="left")
        for k, limit in enumerate(limits):
            self.check()
            yield k, self.lo[:limit] + k

    @property
    def few(self) -> bool:
        """Tell whether the windows are so few and long that one by one is cheaper than k by k.

        Weighed in microseconds: a round over the k-th samples costs about 10, a window 3, a sample 0.03.
        """
        longest = int(self.counts[0]) if self.size else 0
        return self.size * 3 + float(self.counts.sum()) * 0.03 < longest * 10

    def each(self, windows: Windows, reduce: Callable[[Floats], float]) -> Floats:
        """Reduce the windows one by one; return the results at the windows' places."""
        results = np.empty(self.size)
        for at, (low, count) in enumerate(zip(self.lo.tolist(), self.counts.tolist(), strict=True)):
            self.check()
            results[at] = reduce(windows.values[low : low + count])
        return self.spread(results)

    def spread(self, results: Floats) -> Floats:
        """Put the results back to the windows' places."""
        out = np.zeros(int(np.prod(self.shape)))
        out[self.order] = results
        return out.reshape(self.shape)

    def chosen(self, per_step: Floats) -> Floats:
        """Take for each window the number of its step."""
        return np.broadcast_to(per_step, self.shape).ravel()[self.order]


def sums(windows: Windows) -> Floats:
    """Sum each window with compensation."""
    ranked = Ranked.of(windows)
    if ranked.few:
        return ranked.each(windows, compensated)
    total, lost = np.zeros(ranked.size), np.zeros(ranked.size)
    for _, places in ranked.positions():
        part = slice(places.size)
        total[part], lost[part] = increment(windows.values[places], total[part], lost[part])
    return ranked.spread(closed(total, lost))


def means(windows: Windows) -> Floats:
    """Average each window."""
    ranked = Ranked.of(windows)
    if ranked.few:
        return ranked.each(windows, compensated_mean)
    mean = Mean.zero((ranked.size,))
    for _, places in ranked.positions():
        mean.add(windows.values[places], slice(places.size))
    return ranked.spread(mean.result())


def variances(windows: Windows) -> Floats:
    """Return the population variance of each window (Welford with compensation)."""
    ranked = Ranked.of(windows)
    if ranked.few:
        return ranked.each(windows, _variance)
    mean, lost, total, gone = (np.zeros(ranked.size) for _ in range(4))
    for k, places in ranked.positions():
        part = slice(places.size)
        values = windows.values[places]
        delta = values - (mean[part] + lost[part])
        mean[part], lost[part] = increment(delta / (k + 1), mean[part], lost[part])
        total[part], gone[part] = increment(
            delta * (values - (mean[part] + lost[part])), total[part], gone[part]
        )
    return ranked.spread((total + gone) / np.maximum(ranked.counts, 1))


def _variance(values: Floats) -> float:
    # Seen from the first value, so that equal values vary by nothing at all.
    seen = values - values[0]
    return compensated_mean((seen - compensated_mean(seen)) ** 2)


def deviations(windows: Windows) -> Floats:
    """Return the population standard deviation of each window."""
    return np.sqrt(variances(windows))


def reduced(reduction: np.ufunc, windows: Windows, values: Floats | None = None) -> Floats:
    """Reduce each window by a binary function; empty windows get some number."""
    flat = np.append(windows.values if values is None else values, 0.0)
    pairs = np.empty(windows.lo.size * 2, dtype=np.int64)
    pairs[0::2], pairs[1::2] = windows.lo.ravel(), windows.hi.ravel()
    out = np.asarray(reduction.reduceat(flat, pairs))[::2]
    return out.reshape(windows.lo.shape)


def firsts(windows: Windows) -> Floats:
    """Return each window's first value."""
    return _at(windows, windows.values, windows.first)


def lasts(windows: Windows) -> Floats:
    """Return each window's last value."""
    return _at(windows, windows.values, windows.last)


def first_times(windows: Windows) -> Floats:
    """Return the time of each window's first sample in seconds."""
    return _at(windows, windows.times / 1000, windows.first)


def last_times(windows: Windows) -> Floats:
    """Return the time of each window's last sample in seconds."""
    return _at(windows, windows.times / 1000, windows.last)


def _at(windows: Windows, numbers: Floats, places: Ints) -> Floats:
    return numbers[places] if numbers.size else np.zeros(windows.lo.shape)


def extreme_times(windows: Windows, better: Callable[[Floats, Floats], Bools]) -> Floats:
    """Return the time of the last sample for which `better` than the best before it holds."""
    ranked = Ranked.of(windows)
    best, when = np.full(ranked.size, np.nan), np.zeros(ranked.size)
    for _, places in ranked.positions():
        part = slice(places.size)
        values = windows.values[places]
        wins = better(values, best[part]) | np.isnan(best[part])
        best[part] = np.where(wins, values, best[part])
        when[part] = np.where(wins, windows.times[places] / 1000, when[part])
    return ranked.spread(when)


def quantiles(windows: Windows, wanted: Floats) -> Floats:
    """Return the quantile `wanted` at each step of each window's values."""
    ranked = Ranked.of(windows)
    out = np.empty(ranked.size)
    for part, padded in _padded(windows, ranked):
        out[part] = quantile_of_sorted(
            np.sort(padded, axis=1), ranked.counts[part], ranked.chosen(wanted)[part]
        )
    return ranked.spread(out)


def median_deviations(windows: Windows) -> Floats:
    """Return the median absolute deviation of each window's values."""
    ranked = Ranked.of(windows)
    out = np.empty(ranked.size)
    for part, padded in _padded(windows, ranked):
        half, counts = np.full(padded.shape[0], 0.5), ranked.counts[part]
        median = quantile_of_sorted(np.sort(padded, axis=1), counts, half)
        out[part] = quantile_of_sorted(np.sort(np.abs(padded - median[:, None]), axis=1), counts, half)
    return ranked.spread(out)


def _padded(windows: Windows, ranked: Ranked) -> Iterator[tuple[slice, Floats]]:
    at = 0
    while at < ranked.size:
        width = int(ranked.counts[at])
        part = slice(at, at + max(_CHUNK // width, 1))
        places = ranked.lo[part, None] + np.arange(width)
        inside = np.arange(width) < ranked.counts[part, None]
        yield part, np.where(inside, windows.values[np.minimum(places, windows.values.size - 1)], np.nan)
        at = part.stop


def quantile_of_sorted(rows: Floats, counts: Ints, wanted: Floats) -> Floats:
    """Interpolate a quantile in each row of `counts` ascending numbers, padded by NaN at the end.

    NaN among the counted numbers is the smallest of all, as upstream orders it.
    """
    numbers = np.minimum((~np.isnan(rows)).sum(axis=1), counts)
    nans = counts - numbers
    rank = np.clip(np.nan_to_num(wanted), 0, 1) * (counts - 1)
    lower = np.floor(rank).astype(np.int64)
    upper = np.minimum(counts - 1, lower + 1)
    weight = rank - np.floor(rank)
    result = _pick(rows, lower, nans) * (1 - weight) + _pick(rows, upper, nans) * weight
    result = np.where(wanted < 0, -np.inf, np.where(wanted > 1, np.inf, result))
    return np.where(np.isnan(wanted), np.nan, result)


def _pick(rows: Floats, index: Ints, nans: Ints) -> Floats:
    found = np.take_along_axis(rows, np.maximum(index - nans, 0)[:, None], axis=1)[:, 0]
    return np.where(index < nans, np.nan, found)


def changes(windows: Windows) -> Floats:
    """Count how often the value changes inside each window."""
    values = windows.values
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    return _events(windows, ~same)


def resets(windows: Windows) -> Floats:
    """Count how often the value falls inside each window."""
    return _events(windows, windows.falls())


def _events(windows: Windows, happened: Bools) -> Floats:
    if windows.values.size == 0:
        return np.zeros(windows.lo.shape)
    running = np.concatenate([[0], np.cumsum(happened)])
    return np.asarray(running[windows.last] - running[windows.first], dtype=np.float64)
