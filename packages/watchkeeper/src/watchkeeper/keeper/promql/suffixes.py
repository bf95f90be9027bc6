"""Reading what may follow an expression: windows, subqueries, @, offset, anchored, smoothed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, cast

from .cursor import Cursor
from .durations import read_duration, read_offset
from .quoting import general
from .syntax import Expr, Number, Range, Selector, Span, Subquery

_WORDS = ("offset", "anchored", "smoothed")


def with_suffixes(cursor: Cursor, expr: Expr) -> Expr:
    """Apply the suffixes that follow an expression."""
    while True:
        if cursor.is_sign("["):
            expr = _window(cursor, expr)
        elif cursor.is_sign("@"):
            expr = _at(cursor, expr)
        elif cursor.is_word(*_WORDS):
            expr = _offset(cursor, expr) if cursor.is_word("offset") else _extended(cursor, expr)
        else:
            return expr


def _window(cursor: Cursor, expr: Expr) -> Expr:
    opening = cursor.take()
    length = read_duration(cursor, "subquery or range selector")
    if cursor.accept(":"):
        step = None if cursor.is_sign("]") else read_duration(cursor, "subquery selector")
        end = cursor.expect("]", "subquery selector").end
        return Subquery(Span(expr.span.start, end), expr, length, step)
    end = cursor.expect("]", "subquery or range").end
    where = Span(opening.start, end)
    if not isinstance(expr, Selector):
        cursor.fail("ranges only allowed for vector selectors", where)
    if expr.offset is not None:
        cursor.fail("no offset modifiers allowed before range", where)
    if expr.at is not None:
        cursor.fail("no @ modifiers allowed before range", where)
    return Range(Span(expr.span.start, end), expr, length)


def _at(cursor: Cursor, expr: Expr) -> Expr:
    cursor.take()
    if cursor.is_word("start", "end") and cursor.peek(1).text == "(":
        word = cursor.take().text.lower()
        cursor.expect("(", "@")
        cursor.expect(")", "@")
        return _placed(cursor, expr, cast("Literal['start', 'end']", word))
    sign = -1 if cursor.is_sign("-") else 1
    if cursor.is_sign("-") or cursor.is_sign("+"):
        cursor.take()
    if cursor.peek().type not in ("number", "duration") and not cursor.is_word("inf", "nan"):
        cursor.unexpected("@", "timestamp")
    number = cursor.number() if cursor.peek().type != "word" else Number(expr.span, float(cursor.take().text))
    seconds = sign * number.value
    if not abs(seconds) < 2**63:
        cursor.fail(f"timestamp out of bounds for @ modifier: {_shown(seconds)}", expr.span)
    return _placed(cursor, expr, round(seconds * 1000))


def _shown(seconds: float) -> str:
    return f"{seconds:f}" if math.isfinite(seconds) else general(seconds)


def _placed(cursor: Cursor, expr: Expr, at: int | Literal["start", "end"]) -> Expr:
    target = expr.selector if isinstance(expr, Range) else expr
    if not isinstance(target, Selector | Subquery):
        cursor.fail(
            "@ modifier must be preceded by an instant vector selector or range vector selector "
            "or a subquery",
            expr.span,
        )
    if target.at is not None:
        cursor.fail("@ <timestamp> may not be set multiple times", expr.span)
    return _changed(cursor, expr, at=at)


def _offset(cursor: Cursor, expr: Expr) -> Expr:
    cursor.take()
    offset = read_offset(cursor)
    target = expr.selector if isinstance(expr, Range) else expr
    if not isinstance(target, Selector | Subquery):
        cursor.fail(
            "offset modifier must be preceded by an instant vector selector or range vector selector "
            "or a subquery",
            expr.span,
        )
    if target.offset is not None:
        cursor.fail("offset may not be set multiple times", expr.span)
    return _changed(cursor, expr, offset=offset)


def _extended(cursor: Cursor, expr: Expr) -> Expr:
    word = cursor.take().text.lower()
    if isinstance(expr, Subquery):
        cursor.fail(f"{word} modifier is not supported for subqueries", expr.span)
    target = expr.selector if isinstance(expr, Range) else expr
    if not isinstance(target, Selector):
        cursor.fail(f"{word} modifier not implemented", expr.span)
    if target.anchored or target.smoothed:
        cursor.fail("anchored and smoothed modifiers cannot be used together", expr.span)
    return _changed(cursor, expr, **{word: True})


def _changed(cursor: Cursor, expr: Expr, **changes: object) -> Expr:
    span = Span(expr.span.start, cursor.tokens[cursor.at - 1].end)
    if isinstance(expr, Range):
        return replace(expr, span=span, selector=replace(expr.selector, **changes))  # type: ignore[arg-type]
    return replace(expr, span=span, **changes)  # type: ignore[arg-type]
