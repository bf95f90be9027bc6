"""Lengths of time in brackets and after `offset`: numbers, or arithmetic over them."""

from __future__ import annotations

import math

from .cursor import Cursor
from .errors import EvaluationError
from .syntax import Duration, Span

_LEVEL = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3}
_LONGEST = 2**63 / 1e9


def read_duration(cursor: Cursor, context: str) -> Duration:
    """Read a length that must be above zero when it is a plain number."""
    start = cursor.peek()
    duration = _arithmetic(cursor, 1, context)
    if duration.op == "number" and duration.value <= 0:
        cursor.fail("duration must be greater than 0", Span(start.start, start.end))
    return duration


def read_offset(cursor: Cursor) -> Duration:
    """Read a length after `offset`: arithmetic there must stand in parentheses."""
    return _signed(cursor, "offset", tight=True)


def _arithmetic(cursor: Cursor, minimum: int, context: str) -> Duration:
    left = _signed(cursor, context, tight=False)
    while True:
        token = cursor.peek()
        level = _LEVEL.get(token.text, 0) if token.type == "sign" else 0
        if level < minimum:
            return left
        cursor.take()
        right = _arithmetic(cursor, level if token.text == "^" else level + 1, context)
        if token.text in "/%" and right.op == "number" and right.value == 0:
            cursor.fail(
                "division by zero" if token.text == "/" else "modulo by zero", Span(token.start, token.end)
            )
        left = Duration(token.text, terms=(left, right))


def _signed(cursor: Cursor, context: str, *, tight: bool) -> Duration:
    if not (cursor.is_sign("-") or cursor.is_sign("+")):
        return _atom(cursor, context)
    negative = cursor.take().text == "-"
    # A sign binds as tightly as `*`, so that -2^2 is -(2^2); after `offset` it takes one atom alone.
    inner = _signed(cursor, context, tight=True) if tight else _arithmetic(cursor, 3, context)
    if not negative:
        return inner
    if inner.op == "number":
        return Duration("number", -inner.value)
    return Duration("neg", terms=(inner,))


def _atom(cursor: Cursor, context: str) -> Duration:
    token = cursor.peek()
    if token.type in ("number", "duration"):
        value = cursor.number().value
        if abs(value) > _LONGEST:
            cursor.fail("duration out of range", Span(token.start, token.end))
        return Duration("number", value)
    if cursor.accept("("):
        inner = _arithmetic(cursor, 1, context)
        cursor.expect(")", context)
        return inner if inner.op == "number" else Duration(inner.op, inner.value, inner.terms, wrapped=True)
    if cursor.is_word("step", "range"):
        word = cursor.take().text.lower()
        cursor.expect("(", context)
        cursor.expect(")", context)
        return Duration(word)
    if cursor.is_word("min", "max", "min_of", "max_of"):
        return _extreme(cursor, context)
    cursor.unexpected(context, "duration")


def _extreme(cursor: Cursor, context: str) -> Duration:
    op = cursor.take().text.lower().removesuffix("_of")
    cursor.expect("(", context)
    first = _arithmetic(cursor, 1, context)
    cursor.expect(",", context)
    second = _arithmetic(cursor, 1, context)
    cursor.expect(")", context)
    return Duration(op, terms=(first, second))


def seconds_of(duration: Duration, step: float, span: float) -> float:
    """Compute a length in seconds for a query of this step and this distance from start to end."""
    if duration.op == "number":
        return duration.value
    if duration.op in ("step", "range"):
        return step if duration.op == "step" else span
    terms = [seconds_of(term, step, span) for term in duration.terms]
    if duration.op == "neg":
        return -terms[0]
    return _computed(duration.op, terms[0], terms[1])


def _computed(op: str, left: float, right: float) -> float:
    if op in ("/", "%") and right == 0:
        raise EvaluationError("division by zero" if op == "/" else "modulo by zero")
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "%":
            return math.fmod(left, right)
        case "^":
            return float(left**right)
        case "min":
            return min(left, right)
        case _:
            return max(left, right)


def milliseconds_of(duration: Duration | None, step: float, span: float, *, negative: bool) -> int:
    """Compute a length in milliseconds; only offsets may be zero or `negative`."""
    if duration is None:
        return 0
    seconds = seconds_of(duration, step, span)
    if seconds <= 0 and not negative:
        raise EvaluationError("duration must be greater than 0")
    if not abs(seconds) <= _LONGEST:
        raise EvaluationError("duration is out of range")
    return int(round(seconds * 1e9) / 1_000_000)  # to whole nanoseconds first: 1.001 * 1000 is below 1001
