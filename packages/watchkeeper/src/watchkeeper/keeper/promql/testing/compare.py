"""Comparing a result with what a script expects."""

from __future__ import annotations

import struct

import numpy as np

from ..labels import Labels, text
from ..quoting import general
from ..result import Points, Result
from .notation import Native, Point
from .script import Eval, Expectation

_RELATIVE_ERROR = 1e-6
_LEAST_NORMAL = float(np.finfo(np.float64).tiny)


class Mismatch(Exception):
    """Say how a result differs from the expectation."""


def almost_equal(one: float, two: float) -> bool:
    """Tell whether two floats are equal but for rounding; NaN equals NaN, stale only stale."""
    if one != one or two != two:
        stale = [struct.pack("<d", value) == b"\x02\x00\x00\x00\x00\x00\xf0\x7f" for value in (one, two)]
        return one != one and two != two and stale[0] == stale[1]
    if one == two:
        return True
    difference, size = abs(one - two), abs(one) + abs(two)
    if one == 0 or two == 0 or size < _LEAST_NORMAL:
        return difference < _RELATIVE_ERROR * _LEAST_NORMAL
    return difference / min(size, np.finfo(np.float64).max) < _RELATIVE_ERROR


def check_annotations(case: Eval, result: Result) -> None:
    """Raise Mismatch unless warnings and infos are the expected ones."""
    _check_kind("warning", case.warns, result.warnings, forbidden=case.no_warn)
    _check_kind("info", case.infos, result.infos, forbidden=case.no_info)


def _check_kind(kind: str, expected: tuple[Expectation, ...], actual: list[str], *, forbidden: bool) -> None:
    if forbidden and actual:
        raise Mismatch(f"unexpected {kind}: {actual[0]}")
    for expectation in expected:
        if not any(expectation.met_by(message) for message in actual):
            raise Mismatch(f"expected {kind} {expectation} not found in {actual}")
    for message in actual if expected else []:
        if not any(expectation.met_by(message) for expectation in expected):
            raise Mismatch(f"unexpected {kind}: {message}")


def check_result(case: Eval, result: Result) -> None:
    """Raise Mismatch unless the value is the expected one."""
    match result.type:
        case "string":
            if result.text != case.text:
                raise Mismatch(f"expected the string {case.text!r}, got {result.text!r}")
        case "scalar":
            _check_scalar(case, result)
        case "vector":
            _check_vector(case, result)
        case "matrix":
            _check_matrix(case, result)


def _check_scalar(case: Eval, result: Result) -> None:
    value = result.samples[0].value
    if case.scalar is None:
        raise Mismatch(f"expected a vector, got the scalar {general(value)}")
    _check_value("scalar", case.scalar, value)


def _check_vector(case: Eval, result: Result) -> None:
    if case.scalar is not None:
        raise Mismatch("expected a scalar, got a vector")
    order = list(case.series)
    for place, sample in enumerate(result.samples):
        expected = case.series.get(sample.labels)
        if expected is None:
            raise Mismatch(f"unexpected series {text(sample.labels)} with value {general(sample.value)}")
        if case.ordered and order.index(sample.labels) != place:
            raise Mismatch(f"{text(sample.labels)} is at place {place + 1}")
        if not expected:
            raise Mismatch(f"{text(sample.labels)} has no expected value")
        _check_value(text(sample.labels), expected[0], sample.value)
    _check_missing(case, {sample.labels for sample in result.samples})


def _check_matrix(case: Eval, result: Result) -> None:
    if case.ordered:
        raise Mismatch("a matrix has no order")
    if case.scalar is not None:
        raise Mismatch("expected a scalar, got a matrix")
    names = [points.labels for points in result.series]
    if names != sorted(names):
        raise Mismatch("the matrix is not sorted by labels")
    start, end, step = case.windows or (case.start, case.end, case.step)
    for points in result.series:
        expected = case.series.get(points.labels)
        if expected is None:
            shown = [general(value) for value in points.values.tolist()]
            raise Mismatch(f"unexpected series {text(points.labels)}: {shown}")
        _check_points(points, _timed(expected, start, end, step))
    _check_missing(case, set(names))


def _timed(expected: list[Point], start: int, end: int, step: int) -> list[tuple[int, Point]]:
    timed = [(start + place * step, point) for place, point in enumerate(expected)]
    if timed and timed[-1][0] > end:
        raise Mismatch(f"expected {len(timed)} points, more than the range has steps")
    return [(time, point) for time, point in timed if point is not None]


def _check_points(points: Points, expected: list[tuple[int, Point]]) -> None:
    actual = list(zip(points.times.tolist(), points.values.tolist(), strict=True))
    if [time for time, _ in actual] != [time for time, _ in expected]:
        raise Mismatch(f"{text(points.labels)}: expected {expected}, got {actual}")
    for (time, value), (_, wanted) in zip(actual, expected, strict=True):
        _check_value(f"{text(points.labels)} at {time}", wanted, value)


def _check_value(place: str, expected: Point, actual: float) -> None:
    if expected is None or isinstance(expected, Native) or not almost_equal(expected, actual):
        raise Mismatch(f"{place}: expected {expected}, got {general(actual)}")


def _check_missing(case: Eval, seen: set[Labels]) -> None:
    for labels in case.series:
        if labels not in seen:
            raise Mismatch(f"expected series {text(labels)} not found")
