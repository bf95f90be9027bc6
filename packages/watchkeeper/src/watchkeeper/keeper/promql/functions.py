"""The functions of the language and what they take."""

from __future__ import annotations

from typing import NamedTuple

from .syntax import Kind

_S, _V, _M, _T = Kind.SCALAR, Kind.VECTOR, Kind.MATRIX, Kind.STRING


class Signature(NamedTuple):
    """State a function's arguments and result.

    `extra` is how many arguments may follow all but the last of `args`: 0 means exactly `args`,
    -1 any number.
    """

    args: tuple[Kind, ...]
    result: Kind = Kind.VECTOR
    extra: int = 0


_OF_VECTOR = (
    "abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count "
    "histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan "
    "tanh timestamp"
)
_OF_RANGE = (
    "absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase "
    "irate last_over_time mad_over_time max_over_time min_over_time present_over_time rate resets "
    "stddev_over_time stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time "
    "ts_of_max_over_time ts_of_min_over_time"
)
_OF_TIME = "day_of_month day_of_week day_of_year days_in_month hour minute month year"

SIGNATURES: dict[str, Signature] = {
    **{name: Signature((_V,)) for name in _OF_VECTOR.split()},
    **{name: Signature((_M,)) for name in _OF_RANGE.split()},
    **{name: Signature((_V,), extra=1) for name in _OF_TIME.split()},
    **{name: Signature((), _S) for name in ("end", "pi", "range", "start", "step", "time")},
    **{name: Signature((_S, _S), _S) for name in ("max_of", "min_of")},
    "clamp": Signature((_V, _S, _S)),
    "clamp_max": Signature((_V, _S)),
    "clamp_min": Signature((_V, _S)),
    "double_exponential_smoothing": Signature((_M, _S, _S)),
    "histogram_fraction": Signature((_S, _S, _V)),
    "histogram_quantile": Signature((_S, _V)),
    "histogram_quantiles": Signature((_V, _T, _S, _S), extra=9),
    "holt_winters": Signature((_M, _S, _S)),
    "info": Signature((_V, _V), extra=1),
    "label_join": Signature((_V, _T, _T, _T), extra=-1),
    "label_replace": Signature((_V, _T, _T, _T, _T)),
    "predict_linear": Signature((_M, _S)),
    "quantile_over_time": Signature((_S, _M)),
    "round": Signature((_V, _S), extra=1),
    "scalar": Signature((_V,), _S),
    "sort_by_label": Signature((_V, _T), extra=-1),
    "sort_by_label_desc": Signature((_V, _T), extra=-1),
    "vector": Signature((_S,)),
}

AGGREGATIONS = frozenset(
    {"avg", "bottomk", "count", "count_values", "group", "limit_ratio", "limitk", "max", "min", "quantile"}
    | {"stddev", "stdvar", "sum", "topk"}
)
# Aggregations that take a parameter, and its type.
PARAMETERS = {
    "bottomk": _S,
    "count_values": _T,
    "limit_ratio": _S,
    "limitk": _S,
    "quantile": _S,
    "topk": _S,
}
ANCHORED_FUNCTIONS = ("changes", "delta", "increase", "rate", "resets")
SMOOTHED_FUNCTIONS = ("delta", "increase", "rate")
# Functions whose result depends on the evaluation time although their arguments do not.
TIME_BOUND = frozenset([*_OF_TIME.split(), "predict_linear", "time", "timestamp"])
