"""Reading expressions: a Pratt parser over the whole present grammar, with positions.

The maintained binding (promql-parser) keeps no positions, which annotations need, and lags the grammar
(duration arithmetic, fill, anchored, smoothed), so the reader is ours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast

from .check import checked
from .cursor import RESERVED, Cursor
from .errors import ParseError
from .functions import AGGREGATIONS, PARAMETERS, SIGNATURES
from .lexer import Token
from .selecting import read_selector
from .suffixes import with_suffixes
from .syntax import Aggregate, Binary, Call, Expr, Matching, Number, Paren, Span, String, Unary, bare

_PRECEDENCE = {
    "or": 1,
    "and": 2,
    "unless": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    **dict.fromkeys(("</", ">/"), 5),
    "^": 6,
}
_UNARY = 5


def parse(query: str) -> Expr:
    """Parse and check an expression. Raises ParseError with line, column and reason."""
    cursor = Cursor(query)
    if cursor.peek().type == "end":
        raise ParseError("no expression found in input", query, 0)
    try:
        expr = _expression(cursor, 0)
        if cursor.peek().type != "end":
            cursor.unexpected("")
        checked(expr, query)
    except RecursionError:
        raise ParseError("expression is nested too deeply", query, 0) from None
    return expr


def _expression(cursor: Cursor, minimum: int) -> Expr:
    """Read an expression whose binary operators bind at least as tightly as `minimum`."""
    left = _unary(cursor)
    while True:
        op = _operator(cursor)
        level = _PRECEDENCE.get(op, -1)
        if level < max(minimum, 1):
            return left
        cursor.take()
        as_bool, matching = _modifiers(cursor)
        right = _expression(cursor, level if op == "^" else level + 1)
        left = Binary(Span(left.span.start, right.span.end), op, left, right, as_bool, matching)


def _operator(cursor: Cursor) -> str:
    token = cursor.peek()
    return token.text.lower() if token.type in ("sign", "word") else ""


def _unary(cursor: Cursor) -> Expr:
    token = cursor.peek()
    if token.type == "sign" and token.text in "+-":
        cursor.take()
        operand = _expression(cursor, _UNARY + 1)
        return _signed(token, operand)
    return with_suffixes(cursor, _primary(cursor))


def _primary(cursor: Cursor) -> Expr:
    token = cursor.peek()
    if token.type in ("number", "duration"):
        return cursor.number()
    if token.type == "string":
        cursor.take()
        return String(Span(token.start, token.end), cursor.unquoted(token))
    if cursor.is_sign("("):
        return _paren(cursor)
    if cursor.is_sign("{"):
        return read_selector(cursor)
    if token.type == "word":
        return _word(cursor)
    cursor.unexpected("")


def _paren(cursor: Cursor) -> Paren:
    start = cursor.take().start
    inner = _expression(cursor, 0)
    if not cursor.is_sign(")"):
        cursor.unexpected("", '")"') if cursor.peek().type != "end" else cursor.fail(
            "unclosed left parenthesis", Span(cursor.peek().start, cursor.peek().end)
        )
    return Paren(Span(start, cursor.take().end), inner)


def _word(cursor: Cursor) -> Expr:
    token = cursor.peek()
    lower = token.text.lower()
    after = cursor.peek(1)
    opens = after.type == "sign" and after.text == "("
    if lower in AGGREGATIONS and (opens or after.text.lower() in ("by", "without")):
        return _aggregation(cursor)
    if opens:
        return _call(cursor)
    if lower in RESERVED:
        cursor.unexpected("")
    if lower in ("inf", "nan"):
        cursor.take()
        return Number(Span(token.start, token.end), float(lower))
    return read_selector(cursor)


def _call(cursor: Cursor) -> Call:
    name = cursor.take()
    if name.text not in SIGNATURES:
        cursor.fail(f'unknown function with name "{name.text}"', Span(name.start, name.end))
    args = _arguments(cursor)
    span = Span(name.start, cursor.tokens[cursor.at - 1].end)
    return Call(span, name.text, args, SIGNATURES[name.text].result)


def _arguments(cursor: Cursor) -> tuple[Expr, ...]:
    cursor.expect("(", "function call")
    args: list[Expr] = []
    while not cursor.is_sign(")"):
        args.append(bare(_expression(cursor, 0)))
        if cursor.accept(","):
            if cursor.is_sign(")"):
                token = cursor.peek()
                cursor.fail("trailing commas not allowed in function call args", Span(token.start, token.end))
        elif not cursor.is_sign(")"):
            cursor.unexpected("function call", '"," or ")"')
    cursor.take()
    return tuple(args)


def _aggregation(cursor: Cursor) -> Aggregate:
    token = cursor.take()
    op = token.text.lower()
    grouping = _grouping(cursor)
    args = _arguments(cursor)
    grouping = _grouping(cursor) if grouping is None else grouping
    span = Span(token.start, cursor.tokens[cursor.at - 1].end)
    wanted = 2 if op in PARAMETERS else 1
    if not args:
        cursor.fail("no arguments for aggregate expression provided", span)
    if len(args) != wanted:
        cursor.fail(
            f"wrong number of arguments for aggregate expression provided, expected {wanted}, "
            f"got {len(args)}",
            span,
        )
    names, without = grouping or ((), False)
    return Aggregate(span, op, args[-1], args[0] if wanted == 2 else None, names, without)


def _grouping(cursor: Cursor) -> tuple[tuple[str, ...], bool] | None:
    if not cursor.is_word("by", "without"):
        return None
    without = cursor.take().text.lower() == "without"
    return _labels(cursor), without


def _labels(cursor: Cursor) -> tuple[str, ...]:
    cursor.expect("(", "grouping opts")
    names: list[str] = []
    while not cursor.is_sign(")"):
        token = cursor.take()
        if token.type not in ("word", "string") or (token.type == "word" and ":" in token.text):
            cursor.at -= 1
            cursor.unexpected("grouping opts", "label")
        names.append(cursor.unquoted(token) if token.type == "string" else token.text)
        if not cursor.accept(",") and not cursor.is_sign(")"):
            cursor.unexpected("grouping opts", '"," or ")"')
    cursor.take()
    return tuple(names)


def _modifiers(cursor: Cursor) -> tuple[bool, Matching]:
    as_bool = cursor.is_word("bool")
    if as_bool:
        cursor.take()
    matching = Matching()
    if cursor.is_word("on", "ignoring"):
        on = cursor.take().text.lower() == "on"
        matching = Matching(on=on, labels=_labels(cursor))
        if cursor.is_word("group_left", "group_right"):
            many = cast("Literal['left', 'right']", cursor.take().text.lower().removeprefix("group_"))
            include = _labels(cursor) if cursor.is_sign("(") else ()
            matching = replace(matching, many=many, include=include)
    return as_bool, _fills(cursor, matching)


def _fills(cursor: Cursor, matching: Matching) -> Matching:
    while cursor.is_word("fill", "fill_left", "fill_right") and cursor.peek(1).text == "(":
        word = cursor.take().text.lower()
        cursor.expect("(", "fill modifier")
        value = _fill_value(cursor)
        cursor.expect(")", "fill modifier")
        if word != "fill_right":
            matching = replace(matching, fill_left=value)
        if word != "fill_left":
            matching = replace(matching, fill_right=value)
    return matching


def _fill_value(cursor: Cursor) -> float:
    sign = 1.0
    while cursor.is_sign("-") or cursor.is_sign("+"):
        sign = -sign if cursor.take().text == "-" else sign
    if cursor.is_word("inf", "nan"):
        return sign * float(cursor.take().text)
    if cursor.peek().type not in ("number", "duration"):
        cursor.unexpected("fill modifier", "number")
    return sign * cursor.number().value


def _signed(sign: Token, operand: Expr) -> Expr:
    span = Span(sign.start, operand.span.end)
    if isinstance(operand, Number):
        value = -operand.value if sign.text == "-" else operand.value
        return replace(operand, span=span, value=value)
    return Unary(span, sign.text, operand)
