"""Functions of range vectors: which reduction answers which name, and what is noted beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from . import extended, overtime, rates, regression
from .annotations import bad_quantile, no_counter, no_counter_type
from .errors import EvaluationError
from .functions import ANCHORED_FUNCTIONS, SMOOTHED_FUNCTIONS
from .labels import NAME, Labels, of, value_of
from .series import Bools, Floats, Grid, Scalar, Vector, at_any, empty, single
from .syntax import Call, Expr, Range, Selector, bare
from .windows import Windows

if TYPE_CHECKING:
    from .evaluator import Evaluator

_COUNTER_SUFFIXES = ("_total", "_sum", "_count", "_bucket")
_KEEPS_NAME = frozenset({"first_over_time", "last_over_time"})


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


def over_windows(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    """Reduce each window of the call's range vector to a number."""
    windows = _windows(ev, call, grid)
    scalars = [ev.scalar(arg, grid) for place, arg in enumerate(call.args) if not _is_window(call, place)]
    ev.context.check_time()
    if windows.times.size == 0:
        return empty(grid.count)
    values, present = REDUCTIONS[call.func](windows, call.func, scalars)
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


REDUCTIONS: dict[str, Reduction] = {
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


# Absence


def absent(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    """Return one where a vector has no series."""
    vector = ev.vector(call.args[0], grid)
    return _absence(call.args[0], at_any(vector.present))


def absent_over_time(ev: Evaluator, call: Call, grid: Grid) -> Vector:
    """Return one where a range vector has no sample."""
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
