"""Types: what may stand where in an expression."""

from __future__ import annotations

from typing import NoReturn

from .errors import ParseError
from .functions import PARAMETERS, SIGNATURES
from .labels import NAME
from .syntax import (
    COMPARISONS,
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Expr,
    Kind,
    Paren,
    Range,
    Selector,
    Span,
    Subquery,
    Unary,
)


def checked(expr: Expr, query: str) -> None:
    """Raise ParseError where an expression does not fit its place."""
    _Checker(query).check(expr)


class _Checker:
    def __init__(self, query: str) -> None:
        self.query = query

    def fail(self, message: str, span: Span) -> NoReturn:
        raise ParseError(message, self.query, span.start, span.end)

    def check(self, expr: Expr, *, labels_only: bool = False) -> None:
        match expr:
            case Paren():
                self.check(expr.expr)
            case Unary():
                self._unary(expr)
            case Binary():
                self._binary(expr)
            case Aggregate():
                self._aggregate(expr)
            case Call():
                self._call(expr)
            case Subquery():
                self._subquery(expr)
            case Range():
                self._selector(expr.selector, labels_only=False)
            case Selector():
                self._selector(expr, labels_only=labels_only)
            case _:
                pass

    def _expect(self, expr: Expr, wanted: Kind, context: str) -> None:
        self.check(expr)
        if expr.kind is not wanted:
            self.fail(f"expected type {wanted.value} in {context}, got {expr.kind.value}", expr.span)

    def _unary(self, expr: Unary) -> None:
        self.check(expr.expr)
        if expr.expr.kind not in (Kind.SCALAR, Kind.VECTOR):
            self.fail(
                "unary expression only allowed on expressions of type scalar or instant vector, got "
                f'"{expr.expr.kind.value}"',
                expr.span,
            )

    def _aggregate(self, expr: Aggregate) -> None:
        self._expect(expr.expr, Kind.VECTOR, "aggregation expression")
        if expr.param is not None:
            self._expect(expr.param, PARAMETERS[expr.op], "aggregation parameter")

    def _subquery(self, expr: Subquery) -> None:
        self.check(expr.expr)
        if expr.expr.kind is not Kind.VECTOR:
            kind = {Kind.MATRIX: "matrix"}.get(expr.expr.kind, expr.expr.kind.value)
            self.fail(f"subquery is only allowed on instant vector, got {kind} instead", expr.span)

    def _binary(self, expr: Binary) -> None:
        self.check(expr.left)
        self.check(expr.right)
        where = self._between(expr)
        if expr.as_bool and expr.op not in COMPARISONS:
            self.fail("bool modifier can only be used on comparison operators", where)
        if expr.op in COMPARISONS and not expr.as_bool and expr.kind is Kind.SCALAR:
            self.fail("comparisons between scalars must use BOOL modifier", where)
        matching = expr.matching
        twice = next((name for name in matching.labels if name in matching.include), None)
        if matching.on and twice is not None:
            self.fail(f'label "{twice}" must not occur in ON and GROUP clause at once', where)
        for side in (expr.left, expr.right):
            if side.kind not in (Kind.SCALAR, Kind.VECTOR):
                self.fail("binary expression must contain only scalar and instant vector types", side.span)
        self._matching(expr)

    def _between(self, expr: Binary) -> Span:
        """Return the place of the operator."""
        start, end = expr.left.span.end, expr.right.span.start
        text = self.query[start:end]
        return Span(start + len(text) - len(text.lstrip()), end)

    def _matching(self, expr: Binary) -> None:
        matching = expr.matching
        both = expr.left.kind is Kind.VECTOR and expr.right.kind is Kind.VECTOR
        filled = matching.fill_left is not None or matching.fill_right is not None
        if not both and matching.labels:
            self.fail("vector matching only allowed between instant vectors", expr.span)
        if not both and filled:
            self.fail("filling in missing series only allowed between instant vectors", expr.span)
        if expr.op not in SET_OPERATORS:
            return
        if not both:
            self.fail(f'set operator "{expr.op}" not allowed in binary scalar expression', expr.span)
        if matching.many != "none":
            self.fail(f'no grouping allowed for "{expr.op}" operation', expr.span)
        if filled:
            self.fail("filling in missing series not allowed for set operators", expr.span)

    def _call(self, expr: Call) -> None:
        signature = SIGNATURES[expr.func]
        self._count(expr)
        for place, arg in enumerate(expr.args):
            wanted = signature.args[min(place, len(signature.args) - 1)]
            self.check(arg, labels_only=expr.func == "info" and place == 1)
            if arg.kind is not wanted:
                self.fail(
                    f'expected type {wanted.value} in call to function "{expr.func}", got {arg.kind.value}',
                    arg.span,
                )
        if expr.func == "info" and len(expr.args) > 1:
            self._label_selector(expr.args[1])

    def _count(self, expr: Call) -> None:
        signature = SIGNATURES[expr.func]
        given, wanted = len(expr.args), len(signature.args)
        if signature.extra == 0:
            if given != wanted:
                self.fail(f'expected {wanted} argument(s) in call to "{expr.func}", got {given}', expr.span)
            return
        least = wanted - 1
        if given < least:
            self.fail(
                f'expected at least {least} argument(s) in call to "{expr.func}", got {given}', expr.span
            )
        most = least + signature.extra
        if signature.extra > 0 and given > most:
            self.fail(f'expected at most {most} argument(s) in call to "{expr.func}", got {given}', expr.span)

    def _label_selector(self, expr: Expr) -> None:
        if not isinstance(expr, Selector):
            self.fail("expected label selectors only", expr.span)
        if expr.name:
            self.fail("expected label selectors only, got vector selector instead", expr.span)

    def _selector(self, expr: Selector, *, labels_only: bool) -> None:
        if expr.name:
            twice = next((m for m in expr.matchers[:-1] if m.name == NAME), None)
            if twice is not None:
                self.fail(f'metric name must not be set twice: "{expr.name}" or "{twice.value}"', expr.span)
            return
        if not labels_only and all(matcher.matches("") for matcher in expr.matchers):
            self.fail("vector selector must contain at least one non-empty matcher", expr.span)
