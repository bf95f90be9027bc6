"""Anchored and smoothed windows: they end exactly at their bounds, by the samples around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .overtime import changes, resets
from .series import Bools, Floats, Ints
from .windows import Windows


@dataclass(frozen=True, slots=True)
class Edges:
    """The first and last sample that count for each window, and the values at its bounds."""

    first: Ints
    last: Ints
    left: Floats
    right: Floats
    present: Bools


def growth(windows: Windows, *, counter: bool, per_second: bool) -> tuple[Floats, Bools]:
    """Return how much the value grew from bound to bound, falls of a counter made good."""
    edges = edges_of(windows, counter=counter)
    result = edges.right - edges.left
    if counter and edges.present.any():
        result = result + _falls(windows, edges)
    if per_second:
        result = result / (windows.length_ms / 1000)
    return result, edges.present


def edges_of(windows: Windows, *, counter: bool) -> Edges:
    """Find the edges of extended windows; smoothed ones interpolate at their bounds."""
    nonempty = windows.counts > 0
    if not nonempty.any():
        zeros = np.zeros(windows.lo.shape)
        return Edges(windows.lo, windows.lo, zeros, zeros, nonempty)
    times, values = windows.times, windows.values
    last = windows.last
    first = np.maximum(np.minimum(_after(windows, windows.starts), last) - 1, windows.first)
    if windows.smoothed:
        last = np.minimum(_after(windows, windows.ends - 1), last)
    left, right = values[first], values[last]
    if windows.smoothed:
        following = np.minimum(first + 1, times.size - 1)
        left = np.where(
            times[first] < windows.starts,
            _between(windows, first, following, windows.starts, counter=counter),
            left,
        )
        previous = np.maximum(last - 1, 0)
        right = np.where(
            (last > windows.first) & (times[last] > windows.ends),
            _between(windows, previous, last, windows.ends, counter=counter),
            right,
        )
    return Edges(first, last, left, right, nonempty & (times[last] > windows.starts))


def _after(windows: Windows, bounds: Ints) -> Ints:
    """Return for each window the place of its first sample later than the bound, else its end."""
    out = np.empty(windows.lo.shape, dtype=np.int64)
    for row in range(windows.lo.shape[0]):
        low, high = int(windows.lo[row].min()), int(windows.hi[row].max())
        found = np.searchsorted(windows.times[low:high], bounds, side="right") + low
        out[row] = np.clip(found, windows.lo[row], windows.hi[row])
    return out


def _between(windows: Windows, one: Ints, two: Ints, when: Ints, *, counter: bool) -> Floats:
    start, end = windows.values[one], windows.values[two]
    if counter:
        start = np.where(end < start, 0.0, start)
    span = (windows.times[two] - windows.times[one]).astype(np.float64)
    return start + (end - start) * (when - windows.times[one]) / np.where(span == 0, 1, span)


def _falls(windows: Windows, edges: Edges) -> Floats:
    begin = np.where(windows.times[edges.first] <= windows.starts, edges.first + 1, edges.first)
    end = np.where(windows.times[edges.last] >= windows.ends, edges.last, edges.last + 1)
    inner = end > begin
    one = np.minimum(begin, windows.values.size - 1)
    two = np.maximum(end - 1, 0)
    first, last = windows.values[one], windows.values[two]
    fell = windows.falls()
    lost = np.append(np.where(fell, windows.values[:-1], 0.0), [0.0, 0.0])
    pairs = np.stack([one, np.where(inner, two, one)], axis=-1).reshape(-1)
    within = np.add.reduceat(lost, pairs)[::2].reshape(begin.shape)
    within = np.where(inner & (two > one), within, 0.0)
    at_left = np.where(first < edges.left, edges.left, 0.0)
    at_right = np.where(edges.right < last, last, 0.0)
    without = np.where(edges.right < edges.left, edges.left, 0.0)
    return np.where(inner, within + at_left + at_right, without)


def events(windows: Windows, name: str) -> tuple[Floats, Bools]:
    """Count changes or resets from the sample at or before the window's start on."""
    edges = edges_of(windows, counter=False)
    narrowed = Windows(
        windows.labels,
        windows.drops,
        windows.times,
        windows.values,
        windows.begins,
        edges.first,
        np.where(edges.present, windows.hi, edges.first),
        windows.starts,
        windows.ends,
        windows.now,
        windows.length_ms,
        windows.check,
    )
    return (changes if name == "changes" else resets)(narrowed), edges.present


def bounded_samples(windows: Windows, row: int) -> tuple[Ints, Floats]:
    """Return the samples of the first step's window with values exactly at both bounds."""
    edges = edges_of(windows, counter=False)
    if not edges.present[row, 0]:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    start, end = int(windows.starts[0]), int(windows.ends[0])
    places = np.arange(edges.first[row, 0], edges.last[row, 0] + 1)
    places = places[(windows.times[places] > start) & (windows.times[places] < end)]
    times = np.concatenate([[start], windows.times[places], [end]])
    values = np.concatenate([[edges.left[row, 0]], windows.values[places], [edges.right[row, 0]]])
    return times, values
