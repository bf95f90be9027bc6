"""Reading expressions: a Pratt parser over the whole present grammar, with positions.

The maintained binding (promql-parser) keeps no positions, which annotations need, and lags the grammar
(duration arithmetic, fill, anchored, smoothed), so the reader is ours.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal, NoReturn, cast

from .check import checked
from .durations import read_duration, read_offset
from .errors import ParseError
from .functions import AGGREGATIONS, PARAMETERS, SIGNATURES
from .labels import NAME
from .lexer import Token, milliseconds, number_of, tokens_of
from .quoting import unquote
from .regexes import compiled
from .syntax import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Kind,
    Matcher,
    Matching,
    Number,
    Paren,
    Range,
    Selector,
    Span,
    String,
    Subquery,
    Unary,
    bare,
)

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
_POSTFIX = ("offset", "anchored", "smoothed")


def parse(query: str) -> Expr:
    """Parse and check an expression. Raises ParseError with line, column and reason."""
    parser = Parser(query)
    if parser.peek().type == "end":
        raise ParseError("no expression found in input", query, 0)
    expr = parser.expression(0)
    if parser.peek().type != "end":
        parser.unexpected("")
    checked(expr, query)
    return expr


class Parser:
    """Hold the tokens and the place reached."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens = tokens_of(query)
        self.at = 0

    def peek(self, ahead: int = 0) -> Token:
        """Return a token to come."""
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Return the next token and step over it."""
        token = self.peek()
        self.at += 1
        return token

    def is_sign(self, text: str) -> bool:
        """Tell whether the next token is this sign."""
        token = self.peek()
        return token.type == "sign" and token.text == text

    def is_word(self, *texts: str) -> bool:
        """Tell whether the next token is one of these words, in any case."""
        token = self.peek()
        return token.type == "word" and token.text.lower() in texts

    def accept(self, sign: str) -> bool:
        """Step over the sign if it comes next."""
        if self.is_sign(sign):
            self.at += 1
            return True
        return False

    def expect(self, sign: str, context: str) -> Token:
        """Step over the sign, which must come next."""
        if not self.is_sign(sign):
            self.unexpected(context, f'"{sign}"')
        return self.take()

    def fail(self, message: str, span: Span) -> NoReturn:
        """Raise the error of a place."""
        raise ParseError(message, self.query, span.start, span.end)

    def unexpected(self, context: str, expected: str = "") -> NoReturn:
        """Raise the error of a token that does not fit."""
        token = self.peek()
        names = {"end": "end of input", "word": f'identifier "{token.text}"', "sign": f'"{token.text}"'}
        message = f"unexpected {names.get(token.type, token.type + ' ' + token.text)}"
        message += f" in {context}" if context else ""
        message += f", expected {expected}" if expected else ""
        self.fail(message, Span(token.start, token.end))

    # Expressions

    def expression(self, minimum: int) -> Expr:
        """Read an expression whose binary operators bind at least as tightly as `minimum`."""
        left = self._unary()
        while True:
            op = self._operator()
            level = _PRECEDENCE.get(op, -1)
            if level < max(minimum, 1):
                return left
            self.take()
            as_bool, matching = self._modifiers()
            right = self.expression(level if op == "^" else level + 1)
            left = Binary(Span(left.span.start, right.span.end), op, left, right, as_bool, matching)

    def _operator(self) -> str:
        token = self.peek()
        return token.text.lower() if token.type in ("sign", "word") else ""

    def _unary(self) -> Expr:
        token = self.peek()
        if token.type == "sign" and token.text in "+-":
            self.take()
            operand = self.expression(_UNARY + 1)
            return _signed(token, operand)
        return self._postfix(self._primary())

    def _primary(self) -> Expr:
        token = self.peek()
        if token.type in ("number", "duration"):
            return self._number()
        if token.type == "string":
            self.take()
            return String(Span(token.start, token.end), self.unquoted(token))
        if self.is_sign("("):
            return self._paren()
        if self.is_sign("{"):
            return self._selector("", token.start)
        if token.type == "word":
            return self._word()
        self.unexpected("")

    def _number(self) -> Number:
        token = self.take()
        span = Span(token.start, token.end)
        try:
            if token.type == "duration":
                return Number(span, milliseconds(token.text) / 1000, duration=True)
            return Number(span, number_of(token.text))
        except ValueError as error:
            self.fail(f"error parsing number: {error}", span)

    def unquoted(self, token: Token) -> str:
        """Return what a string token means."""
        try:
            return unquote(token.text)
        except ValueError as error:
            self.fail(f"error unquoting string {token.text}: {error}", Span(token.start, token.end))

    def _paren(self) -> Paren:
        start = self.take().start
        inner = self.expression(0)
        if not self.is_sign(")"):
            self.unexpected("", '")"') if self.peek().type != "end" else self.fail(
                "unclosed left parenthesis", Span(self.peek().start, self.peek().end)
            )
        return Paren(Span(start, self.take().end), inner)

    def _word(self) -> Expr:
        token = self.peek()
        lower = token.text.lower()
        after = self.peek(1)
        opens = after.type == "sign" and after.text == "("
        if lower in AGGREGATIONS and (opens or after.text.lower() in ("by", "without")):
            return self._aggregation()
        if opens:
            return self._call()
        if lower in ("inf", "nan"):
            self.take()
            return Number(Span(token.start, token.end), float(lower))
        self.take()
        return self._selector(token.text, token.start)

    # Selectors

    def selector(self) -> Selector:
        """Read a vector selector that starts here."""
        token = self.peek()
        if token.type == "word":
            self.take()
            return self._selector(token.text, token.start)
        if not self.is_sign("{"):
            self.unexpected("vector selector")
        return self._selector("", token.start)

    def _selector(self, name: str, start: int) -> Selector:
        matchers: list[Matcher] = []
        end = start + len(name)
        if self.is_sign("{"):
            quoted, matchers, end = self._matchers()
            if quoted:
                if name:
                    self.fail(f'metric name must not be set twice: "{name}" or "{quoted}"', Span(start, end))
                name = quoted
        if name:
            matchers.append(Matcher(NAME, "=", name))
        return Selector(Span(start, end), name, tuple(matchers))

    def _matchers(self) -> tuple[str, list[Matcher], int]:
        self.take()
        name, matchers = "", list[Matcher]()
        while not self.is_sign("}"):
            token = self.peek()
            if token.type not in ("word", "string"):
                self.unexpected("label matching", 'identifier or "}"')
            self.take()
            if token.type == "string" and (self.is_sign(",") or self.is_sign("}")):
                if name:
                    self.fail("metric name must not be set twice", Span(token.start, token.end))
                name = self.unquoted(token)
            else:
                matchers.append(self._matcher(token))
            if not self.accept(",") and not self.is_sign("}"):
                self.unexpected("label matching", '"," or "}"')
        return name, matchers, self.take().end

    def _matcher(self, label: Token) -> Matcher:
        name = self.unquoted(label) if label.type == "string" else label.text
        op = self.take()
        if op.type != "sign" or op.text not in ("=", "!=", "=~", "!~"):
            self.at -= 1
            self.unexpected("label matching", "label matching operator")
        value = self.take()
        if value.type != "string":
            self.at -= 1
            self.unexpected("label matching", "string")
        matcher = Matcher(name, cast("Literal['=', '!=', '=~', '!~']", op.text), self.unquoted(value))
        if "~" in op.text:
            self._check_regex(matcher.value, Span(label.start, value.end))
        return matcher

    def _check_regex(self, pattern: str, span: Span) -> None:
        try:
            compiled(pattern)
        except (re.error, OverflowError) as error:
            self.fail(f"error parsing regexp: {error}: `{pattern}`", span)

    # What may follow an expression

    def _postfix(self, expr: Expr) -> Expr:
        while True:
            if self.is_sign("["):
                expr = self._window(expr)
            elif self.is_sign("@"):
                expr = self._at(expr)
            elif self.is_word(*_POSTFIX):
                expr = self._offset(expr) if self.is_word("offset") else self._extended(expr)
            else:
                return expr

    def _window(self, expr: Expr) -> Expr:
        opening = self.take()
        length = read_duration(self, "subquery or range selector")
        if self.accept(":"):
            step = None if self.is_sign("]") else read_duration(self, "subquery selector")
            end = self.expect("]", "subquery selector").end
            return Subquery(Span(expr.span.start, end), expr, length, step)
        end = self.expect("]", "subquery or range").end
        where = Span(opening.start, end)
        if not isinstance(expr, Selector):
            self.fail("ranges only allowed for vector selectors", where)
        if expr.offset is not None:
            self.fail("no offset modifiers allowed before range", where)
        if expr.at is not None:
            self.fail("no @ modifiers allowed before range", where)
        return Range(Span(expr.span.start, end), expr, length)

    def _at(self, expr: Expr) -> Expr:
        self.take()
        if self.is_word("start", "end") and self.peek(1).text == "(":
            word = self.take().text.lower()
            self.expect("(", "@")
            self.expect(")", "@")
            return self._placed(expr, cast("Literal['start', 'end']", word))
        sign = -1 if self.is_sign("-") else 1
        if self.is_sign("-") or self.is_sign("+"):
            self.take()
        if self.peek().type not in ("number", "duration") and not self.is_word("inf", "nan"):
            self.unexpected("@", "timestamp")
        number = self._number() if self.peek().type != "word" else Number(expr.span, float(self.take().text))
        seconds = sign * number.value
        if not abs(seconds) < 2**63:
            self.fail(f"timestamp out of bounds for @ modifier: {seconds:f}", expr.span)
        return self._placed(expr, round(seconds * 1000))

    def _placed(self, expr: Expr, at: int | Literal["start", "end"]) -> Expr:
        target = expr.selector if isinstance(expr, Range) else expr
        if not isinstance(target, Selector | Subquery):
            self.fail(
                "@ modifier must be preceded by an instant vector selector or range vector selector "
                "or a subquery",
                expr.span,
            )
        if target.at is not None:
            self.fail("@ <timestamp> may not be set multiple times", expr.span)
        return self._changed(expr, at=at)

    def _offset(self, expr: Expr) -> Expr:
        self.take()
        offset = read_offset(self)
        target = expr.selector if isinstance(expr, Range) else expr
        if not isinstance(target, Selector | Subquery):
            self.fail(
                "offset modifier must be preceded by an instant vector selector or range vector selector "
                "or a subquery",
                expr.span,
            )
        if target.offset is not None:
            self.fail("offset may not be set multiple times", expr.span)
        return self._changed(expr, offset=offset)

    def _extended(self, expr: Expr) -> Expr:
        word = self.take().text.lower()
        if isinstance(expr, Subquery):
            self.fail(f"{word} modifier is not supported for subqueries", expr.span)
        target = expr.selector if isinstance(expr, Range) else expr
        if not isinstance(target, Selector):
            self.fail(f"{word} modifier not implemented", expr.span)
        if target.anchored or target.smoothed:
            self.fail("anchored and smoothed modifiers cannot be used together", expr.span)
        return self._changed(expr, **{word: True})

    def _changed(self, expr: Expr, **changes: object) -> Expr:
        span = Span(expr.span.start, self.tokens[self.at - 1].end)
        if isinstance(expr, Range):
            return replace(expr, span=span, selector=replace(expr.selector, **changes))  # type: ignore[arg-type]
        return replace(expr, span=span, **changes)  # type: ignore[arg-type]

    # Calls, aggregations, binary modifiers

    def _call(self) -> Call:
        name = self.take()
        if name.text not in SIGNATURES:
            self.fail(f'unknown function with name "{name.text}"', Span(name.start, name.end))
        args = self._arguments()
        span = Span(name.start, self.tokens[self.at - 1].end)
        return Call(span, name.text, args, SIGNATURES[name.text].result)

    def _arguments(self) -> tuple[Expr, ...]:
        self.expect("(", "function call")
        args: list[Expr] = []
        while not self.is_sign(")"):
            args.append(bare(self.expression(0)))
            if self.accept(","):
                if self.is_sign(")"):
                    token = self.peek()
                    self.fail(
                        "trailing commas not allowed in function call args", Span(token.start, token.end)
                    )
            elif not self.is_sign(")"):
                self.unexpected("function call", '"," or ")"')
        self.take()
        return tuple(args)

    def _aggregation(self) -> Aggregate:
        token = self.take()
        op = token.text.lower()
        grouping = self._grouping()
        args = self._arguments()
        grouping = self._grouping() if grouping is None else grouping
        span = Span(token.start, self.tokens[self.at - 1].end)
        wanted = 2 if op in PARAMETERS else 1
        if not args:
            self.fail("no arguments for aggregate expression provided", span)
        if len(args) != wanted:
            self.fail(
                f"wrong number of arguments for aggregate expression provided, expected {wanted}, "
                f"got {len(args)}",
                span,
            )
        names, without = grouping or ((), False)
        return Aggregate(span, op, args[-1], args[0] if wanted == 2 else None, names, without)

    def _grouping(self) -> tuple[tuple[str, ...], bool] | None:
        if not self.is_word("by", "without"):
            return None
        without = self.take().text.lower() == "without"
        return self._labels(), without

    def _labels(self) -> tuple[str, ...]:
        self.expect("(", "grouping opts")
        names: list[str] = []
        while not self.is_sign(")"):
            token = self.take()
            if token.type not in ("word", "string") or (token.type == "word" and ":" in token.text):
                self.at -= 1
                self.unexpected("grouping opts", "label")
            names.append(self.unquoted(token) if token.type == "string" else token.text)
            if not self.accept(",") and not self.is_sign(")"):
                self.unexpected("grouping opts", '"," or ")"')
        self.take()
        return tuple(names)

    def _modifiers(self) -> tuple[bool, Matching]:
        as_bool = self.is_word("bool")
        if as_bool:
            self.take()
        matching = Matching()
        if self.is_word("on", "ignoring"):
            on = self.take().text.lower() == "on"
            matching = Matching(on=on, labels=self._labels())
            if self.is_word("group_left", "group_right"):
                many = cast("Literal['left', 'right']", self.take().text.lower().removeprefix("group_"))
                include = self._labels() if self.is_sign("(") else ()
                matching = replace(matching, many=many, include=include)
        return as_bool, self._fills(matching)

    def _fills(self, matching: Matching) -> Matching:
        while self.is_word("fill", "fill_left", "fill_right") and self.peek(1).text == "(":
            word = self.take().text.lower()
            self.expect("(", "fill modifier")
            value = self._fill_value()
            self.expect(")", "fill modifier")
            if word != "fill_right":
                matching = replace(matching, fill_left=value)
            if word != "fill_left":
                matching = replace(matching, fill_right=value)
        return matching

    def _fill_value(self) -> float:
        sign = 1.0
        while self.is_sign("-") or self.is_sign("+"):
            sign = -sign if self.take().text == "-" else sign
        if self.is_word("inf", "nan"):
            return sign * float(self.take().text)
        if self.peek().type not in ("number", "duration"):
            self.unexpected("fill modifier", "number")
        return sign * self._number().value


def _signed(sign: Token, operand: Expr) -> Expr:
    span = Span(sign.start, operand.span.end)
    if isinstance(operand, Number):
        value = -operand.value if sign.text == "-" else operand.value
        return replace(operand, span=span, value=value)
    return Unary(span, sign.text, operand)


def is_scalar(expr: Expr) -> bool:
    """Tell whether an expression has one number at each time."""
    return expr.kind is Kind.SCALAR
