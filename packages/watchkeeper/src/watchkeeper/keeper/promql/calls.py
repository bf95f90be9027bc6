"""Function calls: which code answers which name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from . import buckets, elementwise, extended, labelling, overtime, rates, regression
from .annotations import SORT_INEFFECTIVE, bad_quantile, no_counter, no_counter_type
from .enrichment import enriched
from .errors import EvaluationError
from .functions import ANCHORED_FUNCTIONS, SMOOTHED_FUNCTIONS
from .labels import BUCKET, NAME, Labels, of, replaced, value_of, without
from .quoting import open_metrics
from .selectors import instant_with_times
from .series import Bools, Floats, Grid, Scalar, Vector, at_any, empty, merged, single
from .syntax import Call, Expr, Matcher, Range, Selector, bare
from .windows import Windows

if TYPE_CHECKING:
    from .evaluator import Evaluator

Answer = Vector | Scalar
Handler = Callable[["Evaluator", Call, Grid], Answer]

_COUNTER_SUFFIXES = ("_total", "_sum", "_count", "_bucket")
_KEEPS_NAME = frozenset({"first_over_time", "last_over_time"})


def called(ev: Evaluator, call: Call, grid: Grid) -> Answer:
    """Answer a function call."""
    if call.func in elementwise.MATHEMATICS:
        return _mathematics(ev, call, grid)
    if call.func in elementwise.CALENDAR:
        return _calendar(ev, call, grid)
    if call.func in _OVER_WINDOWS:
        return _over_windows(ev, call, grid)
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


# Absence


def _absent(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    vector = ev.vector(call.args[0], grid)
    return _absence(call.args[0], at_any(vector.present))


def _absent_over_time(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    windows = _windows(ev, call, grid)
    return _absence(call.args[0], at_any(windows.counts > 0))


def _absence(expr: Expr, seen: Bools) -> Vector:
    inner = bare(expr)
    selector = inner.selector if isinstance(inner, Range) else inner
    labels = _certain_labels(selector) if isinstance(selector, Selector) else ()
    return single(labels, np.ones(seen.shape), ~seen).nonempty()


def _certain_labels(selector: Selector) -> Labels:
    """Return the labels that any selected series would have; a label asked for twice is uncertain."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in selector.matchers:
        if matcher.name == NAME:
            continue
        if matcher.op == "=" and matcher.name not in seen:
            found[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:
            found.pop(matcher.name, None)
    return of(found)


# Windows


def _windows(ev: Evaluator, call: Call, grid: Grid) -> Windows:
    place = 1 if call.func == "quantile_over_time" else 0
    windows = ev.windows(call.args[place], grid)
    for used, names, word in (
        (windows.anchored, ANCHORED_FUNCTIONS, "anchored"),
        (windows.smoothed, SMOOTHED_FUNCTIONS, "smoothed"),
    ):
        if used and call.func not in names:
            raise EvaluationError(
                f"{word} modifier can only be used with: {', '.join(names)} - not with {call.func}"
            )
    return windows


def _over_windows(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    windows = _windows(ev, call, grid)
    scalars = [ev.scalar(arg, grid) for place, arg in enumerate(call.args) if not _is_window(call, place)]
    ev.context.check_time()
    if windows.times.size == 0:
        return empty(grid.count)
    values, present = _OVER_WINDOWS[call.func](windows, call.func, scalars)
    vector = windows.vector(values, present)
    _annotate(ev, call, windows, vector, scalars)
    return vector if call.func in _KEEPS_NAME else vector.unnamed(delayed=ev.context.delayed)


def _is_window(call: Call, place: int) -> bool:
    return place == (1 if call.func == "quantile_over_time" else 0)


def _annotate(ev: Evaluator, call: Call, windows: Windows, vector: Vector, scalars: list[Scalar]) -> None:
    notes = ev.context.annotations
    if call.func in ("rate", "increase"):
        for labels in vector.labels:
            _judge_counter(ev, call, labels)
    if call.func == "quantile_over_time":
        used = at_any(windows.counts > 0)
        for value in dict.fromkeys(scalars[0][used].tolist()):
            if not 0 <= value <= 1:
                notes.warn(bad_quantile(value), call.args[0].span)


def _judge_counter(ev: Evaluator, call: Call, labels: Labels) -> None:
    metric = value_of(labels, NAME)
    if not metric:
        return
    span = call.args[0].span
    if ev.context.options.typed_labels:
        kind = value_of(labels, "__type__")
        if kind not in ("counter", "histogram"):
            ev.context.annotations.info(no_counter_type(metric, kind), span)
    elif not metric.endswith(_COUNTER_SUFFIXES):
        ev.context.annotations.info(no_counter(metric), span)


Reduction = Callable[[Windows, str, list[Scalar]], tuple[Floats, Bools]]


def _plain(reduce: Callable[[Windows], Floats]) -> Reduction:
    return lambda windows, name, scalars: (reduce(windows), windows.counts > 0)


def _growth(windows: Windows, name: str, scalars: list[Scalar]) -> tuple[Floats, Bools]:
    counter, per_second = name != "delta", name == "rate"
    if windows.anchored or windows.smoothed:
        return extended.growth(windows, counter=counter, per_second=per_second)
    return rates.extrapolated(windows, counter=counter, per_second=per_second)


def _events(windows: Windows, name: str, scalars: list[Scalar]) -> tuple[Floats, Bools]:
    if windows.anchored:
        return extended.events(windows, name)
    return (overtime.changes if name == "changes" else overtime.resets)(windows), windows.counts > 0


_OVER_WINDOWS: dict[str, Reduction] = {
    "avg_over_time": _plain(overtime.means),
    "changes": _events,
    "count_over_time": _plain(lambda windows: windows.counts.astype(np.float64)),
    "delta": _growth,
    "deriv": lambda windows, name, scalars: regression.slopes(windows),
    "double_exponential_smoothing": lambda windows, name, scalars: regression.smoothed(windows, *scalars),
    "first_over_time": _plain(overtime.firsts),
    "holt_winters": lambda windows, name, scalars: regression.smoothed(windows, *scalars),
    "idelta": lambda windows, name, scalars: rates.newest(windows, counter=False),
    "increase": _growth,
    "irate": lambda windows, name, scalars: rates.newest(windows, counter=True),
    "last_over_time": _plain(overtime.lasts),
    "mad_over_time": _plain(overtime.median_deviations),
    "max_over_time": _plain(lambda windows: overtime.reduced(np.fmax, windows)),
    "min_over_time": _plain(lambda windows: overtime.reduced(np.fmin, windows)),
    "predict_linear": lambda windows, name, scalars: regression.predictions(windows, scalars[0]),
    "present_over_time": _plain(lambda windows: np.ones(windows.lo.shape)),
    "quantile_over_time": lambda windows, name, scalars: (
        overtime.quantiles(windows, scalars[0]),
        windows.counts > 0,
    ),
    "rate": _growth,
    "resets": _events,
    "stddev_over_time": _plain(overtime.deviations),
    "stdvar_over_time": _plain(overtime.variances),
    "sum_over_time": _plain(overtime.sums),
    "ts_of_first_over_time": _plain(overtime.first_times),
    "ts_of_last_over_time": _plain(overtime.last_times),
    "ts_of_max_over_time": _plain(lambda windows: overtime.extreme_times(windows, np.greater_equal)),
    "ts_of_min_over_time": _plain(lambda windows: overtime.extreme_times(windows, np.less_equal)),
}


# Histograms


def _histogram_quantile(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    wanted = ev.scalar(call.args[0], grid)
    vector = ev.vector(call.args[1], grid)
    _warn_quantiles(ev, call.args[0], wanted)
    found = list(
        buckets.histograms(vector, ev.context.annotations, call.args[1].span, delayed=ev.context.delayed)
    )
    return _finished(ev, [_quantile_row(ev, item, wanted, call.args[1], grid) for item in found], grid)


def _histogram_quantiles(ev: Evaluator, call: Call, grid: Grid) -> Vector:
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


def _histogram_fraction(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    lower, upper = ev.scalar(call.args[0], grid), ev.scalar(call.args[1], grid)
    vector = ev.vector(call.args[2], grid)
    notes = ev.context.annotations
    found = buckets.histograms(vector, notes, call.args[2].span, delayed=ev.context.delayed)
    rows = [(item.labels, buckets.fraction(item, lower, upper), item.any, item.drop) for item in found]
    return _finished(ev, rows, grid)


def _native_only(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    ev.vector(call.args[0], grid)
    return empty(grid.count)  # floats are no native histograms


# Labels and order


def _label_replace(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    target, template, source, pattern = (ev.string(arg) for arg in call.args[1:])
    return labelling.replace_label(ev.vector(call.args[0], grid), target, template, source, pattern)


def _label_join(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    target, separator, *sources = (ev.string(arg) for arg in call.args[1:])
    return labelling.join_labels(ev.vector(call.args[0], grid), target, separator, sources)


def _sort(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    vector = ev.vector(call.args[0], grid)
    if ev.context.is_range:
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
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    **dict.fromkeys(("clamp", "clamp_max", "clamp_min"), _clamp),
    **dict.fromkeys(("end", "pi", "range", "start", "step"), _constant),
    **dict.fromkeys(
        ("histogram_avg", "histogram_count", "histogram_stddev", "histogram_stdvar", "histogram_sum"),
        _native_only,
    ),
    "histogram_fraction": _histogram_fraction,
    "histogram_quantile": _histogram_quantile,
    "histogram_quantiles": _histogram_quantiles,
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
