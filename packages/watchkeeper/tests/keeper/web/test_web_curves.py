"""The arithmetic of curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.promql import parse
from watchkeeper.keeper.store import STALE, Series
from watchkeeper.keeper.web.board import GENERIC, Curve
from watchkeeper.keeper.web.curves import lines, quantile, rates, values_at
from watchkeeper.keeper.web.kinds import BOARDS

AT = 1_000_000


def series(points: list[tuple[int, float]]) -> Series:
    times = np.array([at * 1000 for at, _ in points], dtype=np.int64)
    return Series((("__name__", "x"),), times, np.array([value for _, value in points], dtype=np.float64))


def grid(*seconds: int) -> Any:
    return np.array([at * 1000 for at in seconds], dtype=np.int64)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=40), st.integers(0, 30))
def test_a_rate_is_the_increase_over_the_time_whatever_resets(steps: list[int], reset: int) -> None:
    """A restart of the counter loses nothing that was counted after it."""
    total, points = 0.0, []
    for at, step in enumerate(steps):
        # A reset to more than there was cannot be seen; no counter's reader can.
        total = float(step) if at == reset and step < total else total + step
        points.append((at, total))
    found = rates(series(points), grid(len(steps) - 1), 1000 * len(steps))[0]
    assert found == pytest.approx(sum(steps[1:]) / (len(steps) - 1))


def test_a_rate_needs_two_samples_in_its_window() -> None:
    """One sample says nothing about speed."""
    found = rates(series([(0, 1.0), (100, 5.0), (101, 7.0)]), grid(0, 100, 101), 10_000)
    assert np.isnan(found[:2]).all() and found[2] == 2


def test_a_value_holds_until_it_is_stale() -> None:
    """A value is the present one for a minute; a marker ends it at once."""
    found = values_at(series([(0, 3.0), (200, 4.0), (201, float("nan"))]), grid(0, 59, 61, 200, 202))
    assert found[0] == found[1] == 3 and np.isnan(found[2]) and found[3] == 4 and np.isnan(found[4])


def test_a_quantile_is_linear_inside_its_bucket() -> None:
    """Half of ten observations in (1, 2] lies at 1.5."""
    rows = {1.0: np.array([0.0]), 2.0: np.array([10.0]), float("inf"): np.array([10.0])}
    assert quantile(0.5, rows)[0] == 1.5


def test_a_quantile_beyond_the_last_bound_is_that_bound() -> None:
    """What the buckets cannot tell apart is not invented."""
    rows = {1.0: np.array([1.0]), float("inf"): np.array([10.0])}
    assert quantile(0.99, rows)[0] == 1.0


@given(st.lists(st.integers(0, 100), min_size=1, max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_quantiles_rise_with_their_share(counts: list[int], one: float, other: float) -> None:
    """p50 is never above p95."""
    heights = np.cumsum([0, *counts]).astype(float)
    rows = {float(n + 1): np.array([height]) for n, height in enumerate(heights)}
    rows[float("inf")] = np.array([heights[-1]])
    low, high = quantile(min(one, other), rows)[0], quantile(max(one, other), rows)[0]
    assert np.isnan(low) if heights[-1] == 0 else low <= high + 1e-9


def test_lines_are_summed_by_their_label(scene: Any) -> None:
    """One line for each value of `by`, the sum of its series."""
    for reason, number, value in (("a", "1", 2.0), ("a", "2", 3.0), ("b", "1", 4.0)):
        scene.shelf.put({"__name__": "m", "reason": reason, "n": number}, [(AT, value)])
    found = lines(
        scene.shelf, Curve(metric="m", how="value", by="reason", label="why: {reason}"), [], grid(AT), 0
    )
    assert [(label, values[0]) for label, values in found] == [("why: a", 5.0), ("why: b", 4.0)]


def test_a_series_that_ended_can_be_reckoned_with(scene: Any) -> None:
    """A staleness marker, a NaN that signals, becomes a plain unknown."""
    for name in ("m", "n"):
        scene.shelf.put({"__name__": name}, [(AT, 2.0), (AT + 1, STALE)])
    found = lines(scene.shelf, Curve(metric="m", how="value", minus="n"), [], grid(AT, AT + 1), 0)
    assert found[0][1][0] == 0 and np.isnan(found[0][1][1])


def test_every_curve_of_every_board_can_be_written_as_promql() -> None:
    """A board moves to another engine as it is."""
    for board in (*BOARDS, GENERIC):
        for curve in [c for panel in board.panels for c in panel.curves] + [f.curve for f in board.figures]:
            assert parse(curve.expr())
