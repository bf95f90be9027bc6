"""Function calls: which code answers which name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from . import elementwise, histogramcalls, labelling, windowcalls
from .annotations import SORT_INEFFECTIVE
from .enrichment import enriched
from .selectors import instant_with_times
from .series import Grid, Scalar, Vector, merged, single
from .syntax import Call, Matcher, Selector, bare

if TYPE_CHECKING:
    from .evaluator import Evaluator

Answer = Vector | Scalar
Handler = Callable[["Evaluator", Call, Grid], Answer]


def called(ev: Evaluator, call: Call, grid: Grid) -> Answer:
    """Answer a function call."""
    if call.func in elementwise.MATHEMATICS:
        return _mathematics(ev, call, grid)
    if call.func in elementwise.CALENDAR:
        return _calendar(ev, call, grid)
    if call.func in windowcalls.REDUCTIONS:
        return windowcalls.over_windows(ev, call, grid)
    return _HANDLERS[call.func](ev, call, grid)


# Numbers one at a time


def _mathematics(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    vector = ev.vector(call.args[0], grid)
    return vector.valued(elementwise.MATHEMATICS[call.func](vector.values)).unnamed(
        delayed=ev.context.delayed
    )


def _calendar(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    if not call.args:
        return single(
            (), elementwise.calendar(call.func, np.floor_divide(grid.times, 1000).astype(np.float64))
        )
    vector = ev.vector(call.args[0], grid)
    return vector.valued(elementwise.calendar(call.func, vector.values)).unnamed(delayed=ev.context.delayed)


def _round(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    vector = ev.vector(call.args[0], grid)
    nearest = ev.scalar(call.args[1], grid) if len(call.args) > 1 else np.ones(grid.count)
    return vector.valued(elementwise.rounded(vector.values, nearest)).unnamed(delayed=ev.context.delayed)


def _clamp(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    vector = ev.vector(call.args[0], grid)
    bounds = [ev.scalar(arg, grid) for arg in call.args[1:]]
    least = np.full(grid.count, -np.inf) if call.func == "clamp_max" else bounds[0]
    most = np.full(grid.count, np.inf) if call.func == "clamp_min" else bounds[-1]
    values = elementwise.clamped(vector.values, least, most)
    kept = vector.valued(values, vector.present & ~(most < least)).nonempty()
    return kept.unnamed(delayed=ev.context.delayed)


# Scalars and times


def _constant(ev: Evaluator, call: Call, grid: Grid) -> Scalar:
    context = ev.context
    seconds = {
        "pi": np.pi,
        "start": context.grid.start / 1000,
        "end": context.end / 1000,
        "range": (context.end - context.grid.start) / 1000,
        "step": context.grid.step / 1000 if context.is_range else 0.0,
    }
    return np.full(grid.count, seconds[call.func])


def _time(ev: Evaluator, call: Call, grid: Grid) -> Scalar:
    return grid.times / 1000


def _extreme_of(ev: Evaluator, call: Call, grid: Grid) -> Scalar:
    one, two = (ev.scalar(arg, grid) for arg in call.args)
    return np.maximum(one, two) if call.func == "max_of" else np.minimum(one, two)


def _scalar(ev: Evaluator, call: Call, grid: Grid) -> Scalar:
    vector = ev.vector(call.args[0], grid)
    alone = vector.present.sum(axis=0) == 1
    return np.where(alone, np.where(vector.present, vector.values, 0.0).sum(axis=0), np.nan)


def _vector(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    return single((), ev.scalar(call.args[0], grid))


def _timestamp(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    arg = bare(call.args[0])
    if isinstance(arg, Selector) and not arg.smoothed:
        vector, times = instant_with_times(ev.context, arg, grid)
        values = times / 1000
    else:
        vector = ev.vector(arg, grid)
        values = np.broadcast_to(grid.times / 1000, vector.values.shape)
    return vector.valued(values).unnamed(delayed=ev.context.delayed)


# Labels and order


def _label_replace(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    target, template, source, pattern = (ev.string(arg) for arg in call.args[1:])
    return labelling.replace_label(ev.vector(call.args[0], grid), target, template, source, pattern)


def _label_join(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    target, separator, *sources = (ev.string(arg) for arg in call.args[1:])
    return labelling.join_labels(ev.vector(call.args[0], grid), target, separator, sources)


def _sort(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    vector = ev.vector(call.args[0], grid)
    if grid.count > 1 or ev.context.grid.start != ev.context.end:
        ev.context.annotations.warn(SORT_INEFFECTIVE, call.span)
    if grid.count != 1:
        return vector
    descending = call.func.endswith("_desc")
    if call.func.startswith("sort_by_label"):
        return labelling.by_label(vector, [ev.string(arg) for arg in call.args[1:]], descending=descending)
    return labelling.by_value(vector, descending=descending)


def _info(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    base = ev.vector(call.args[0], grid)
    wanted: tuple[Matcher, ...] | None = None
    if len(call.args) > 1:
        selector = bare(call.args[1])
        assert isinstance(selector, Selector)
        wanted = selector.matchers
    return merged(enriched(ev.context, base, call.args[0], wanted, grid))


_HANDLERS: dict[str, Handler] = {
    "absent": windowcalls.absent,
    "absent_over_time": windowcalls.absent_over_time,
    **dict.fromkeys(("clamp", "clamp_max", "clamp_min"), _clamp),
    **dict.fromkeys(("end", "pi", "range", "start", "step"), _constant),
    **dict.fromkeys(
        ("histogram_avg", "histogram_count", "histogram_stddev", "histogram_stdvar", "histogram_sum"),
        histogramcalls.native_only,
    ),
    "histogram_fraction": histogramcalls.histogram_fraction,
    "histogram_quantile": histogramcalls.histogram_quantile,
    "histogram_quantiles": histogramcalls.histogram_quantiles,
    "info": _info,
    "label_join": _label_join,
    "label_replace": _label_replace,
    **dict.fromkeys(("max_of", "min_of"), _extreme_of),
    "round": _round,
    "scalar": _scalar,
    **dict.fromkeys(("sort", "sort_desc", "sort_by_label", "sort_by_label_desc"), _sort),
    "time": _time,
    "timestamp": _timestamp,
    "vector": _vector,
}
