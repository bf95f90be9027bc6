"""Rates: how fast counters and gauges move inside each window."""

from __future__ import annotations

import numpy as np

from .series import Bools, Floats
from .windows import Windows


def extrapolated(windows: Windows, *, counter: bool, per_second: bool) -> tuple[Floats, Bools]:
    """Return the growth of each window, stretched to the window's bounds where samples reach near them.

    Near means 1.1 times the average distance of samples; otherwise half of that distance is added.
    A counter is never stretched to below zero. Source: the documentation of rate and increase.
    """
    present = windows.counts >= 2
    if not present.any():
        return np.zeros(windows.lo.shape), present
    first, last = windows.first, windows.last
    growth = windows.values[last] - windows.values[first]
    if counter:
        growth = growth + resets_within(windows)
    sampled = (windows.times[last] - windows.times[first]) / 1000
    average = sampled / np.maximum(windows.counts - 1, 1)
    to_start = _reach((windows.times[first] - windows.starts) / 1000, average)
    if counter:
        start_value = windows.values[first]
        to_zero = np.where((growth > 0) & (start_value >= 0), sampled * (start_value / growth), to_start)
        to_start = np.where(to_zero < to_start, to_zero, to_start)
    to_end = _reach((windows.ends - windows.times[last]) / 1000, average)
    factor = (sampled + to_start + to_end) / sampled
    if per_second:
        factor = factor / (windows.length_ms / 1000)
    return growth * factor, present


def _reach(distance: Floats, average: Floats) -> Floats:
    return np.where(distance >= average * 1.1, average / 2, distance)


def resets_within(windows: Windows) -> Floats:
    """Return what each window's counter lost by falling: the values before its falls."""
    values = windows.values
    fell = windows.falls()
    out = np.zeros(windows.lo.shape)
    if not fell.any():
        return out
    running = np.concatenate([[0], np.cumsum(fell)])
    rows, steps = np.nonzero(running[windows.last] > running[windows.first])
    if rows.size:
        lost = np.append(np.where(fell, values[:-1], 0.0), [0.0, 0.0])
        pairs = np.stack([windows.lo[rows, steps], windows.hi[rows, steps] - 1], axis=1).ravel()
        # Sums are taken per window: a running sum would carry large falls into small windows.
        out[rows, steps] = np.add.reduceat(lost, pairs)[::2]
    return out


def newest(windows: Windows, *, counter: bool) -> tuple[Floats, Bools]:
    """Return the change between each window's last two samples; per second for a counter."""
    last = windows.last
    before = np.maximum(last - 1, 0)
    present = windows.counts >= 2
    if not present.any():
        return np.zeros(windows.lo.shape), present
    interval = windows.times[last] - windows.times[before]
    change = windows.values[last] - windows.values[before]
    if counter:
        change = np.where(windows.values[last] < windows.values[before], windows.values[last], change)
        change = change / (interval / 1000)
    return change, present & (interval > 0)
