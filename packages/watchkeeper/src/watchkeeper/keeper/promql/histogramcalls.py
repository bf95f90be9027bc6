"""Functions of classic histograms, over all histograms of a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import buckets
from .annotations import bad_quantile
from .labels import BUCKET, NAME, Labels, replaced, value_of, without
from .quoting import open_metrics
from .series import Bools, Floats, Grid, Scalar, Vector, empty
from .syntax import Call, Expr

if TYPE_CHECKING:
    from .evaluator import Evaluator


def histogram_quantile(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    """Estimate one quantile of each histogram."""
    wanted = ev.scalar(call.args[0], grid)
    vector = ev.vector(call.args[1], grid)
    _warn_quantiles(ev, call.args[0], wanted)
    found = list(
        buckets.histograms(vector, ev.context.annotations, call.args[1].span, delayed=ev.context.delayed)
    )
    return _finished(ev, [_quantile_row(ev, item, wanted, call.args[1], grid) for item in found], grid)


def histogram_quantiles(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    """Estimate several quantiles of each histogram; a label tells them apart."""
    vector = ev.vector(call.args[0], grid)
    label = ev.string(call.args[1])
    found = list(
        buckets.histograms(vector, ev.context.annotations, call.args[0].span, delayed=ev.context.delayed)
    )
    rows: list[_Row] = []
    for arg in call.args[2:]:
        wanted = ev.scalar(arg, grid)
        _warn_quantiles(ev, arg, wanted)
        # The label is the quantile itself, so a quantile that moves over time makes several series.
        for value in dict.fromkeys(open_metrics(number) for number in wanted.tolist()):
            here = np.array([open_metrics(number) == value for number in wanted.tolist()])
            for item in found:
                labels, values, present, drop = _quantile_row(ev, item, wanted, call.args[1], grid)
                rows.append((replaced(labels, label, value), values, present & here, drop))
    return _finished(ev, rows, grid)


_Row = tuple[Labels, Floats, Bools, bool]


def _warn_quantiles(ev: Evaluator, arg: Expr, wanted: Scalar) -> None:
    for value in dict.fromkeys(wanted[~((wanted >= 0) & (wanted <= 1))].tolist()):
        ev.context.annotations.warn(bad_quantile(value), arg.span)


def _quantile_row(ev: Evaluator, item: buckets.Buckets, wanted: Scalar, arg: Expr, grid: Grid) -> _Row:
    values, repair = buckets.quantile(item, wanted)
    if repair is not None:
        metric = value_of(item.labels, NAME) if ev.context.delayed else ""
        times = grid.times[repair.steps]
        bounds = repair.least, repair.most
        ev.context.annotations.repaired(
            metric, arg.span, bounds, repair.difference, (int(times[0]), int(times[-1]), times.size)
        )
    return item.labels, values, item.any, item.drop


def _finished(ev: Evaluator, rows: list[_Row], grid: Grid) -> Vector:
    """Build the vector of a histogram function's results; they have neither bound nor name."""
    if not rows:
        return empty(grid.count)
    labels = [without(row[0], {BUCKET}) for row in rows]
    vector = Vector(
        labels,
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]),
        [row[3] for row in rows],
    )
    return vector.nonempty().unnamed(delayed=ev.context.delayed)


def histogram_fraction(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    """Estimate the share of observations between two values."""
    lower, upper = ev.scalar(call.args[0], grid), ev.scalar(call.args[1], grid)
    vector = ev.vector(call.args[2], grid)
    notes = ev.context.annotations
    found = buckets.histograms(vector, notes, call.args[2].span, delayed=ev.context.delayed)
    rows = [(item.labels, buckets.fraction(item, lower, upper), item.any, item.drop) for item in found]
    return _finished(ev, rows, grid)


def native_only(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    """Answer a function of native histograms: floats are none."""
    ev.vector(call.args[0], grid)
    return empty(grid.count)
