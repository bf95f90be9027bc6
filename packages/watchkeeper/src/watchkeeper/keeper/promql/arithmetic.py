"""The numbers of binary operators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .series import Bools, Floats, Scalar, Vector
from .syntax import COMPARISONS, Binary

_NUMBERS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
_TESTS: dict[str, Callable[[Floats, Floats], Bools]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
# Operators that trim native histograms: they have no meaning for floats.
TRIMS = frozenset({"</", ">/"})


def applied(op: str, left: Floats, right: Floats, *, as_bool: bool) -> tuple[Floats, Bools]:
    """Apply an operator; return the results and which of them are kept (a comparison filters)."""
    if op in TRIMS:
        return np.zeros(left.shape), np.zeros(left.shape, dtype=bool)
    if op not in COMPARISONS:
        return _NUMBERS[op](left, right), np.ones(left.shape, dtype=bool)
    holds = _TESTS[op](left, right)
    if as_bool:
        return holds.astype(np.float64), np.ones(left.shape, dtype=bool)
    return left, holds


def between_scalars(op: str, left: Scalar, right: Scalar) -> Scalar:
    """Apply an operator to two scalars; a comparison gives one or zero."""
    return applied(op, left, right, as_bool=True)[0]


def with_scalar(expr: Binary, vector: Vector, scalar: Scalar, *, scalar_left: bool, delayed: bool) -> Vector:
    """Apply an operator to a vector and a scalar; a comparison keeps the vector's values."""
    other = np.broadcast_to(scalar, vector.values.shape)
    sides = (other, vector.values) if scalar_left else (vector.values, other)
    values, keep = applied(expr.op, *sides, as_bool=expr.as_bool)
    if expr.op in COMPARISONS and not expr.as_bool:
        return vector.valued(vector.values, vector.present & keep).nonempty()
    return vector.valued(values, vector.present & keep).nonempty().unnamed(delayed=delayed)
