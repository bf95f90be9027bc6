"""The tree of a parsed expression. Positions are offsets into the query text."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, NamedTuple

from watchkeeper.keeper.steady import steady

from .regexes import compiled


class Kind(Enum):
    """Name the type of an expression's value, in the documentation's words."""

    SCALAR = "scalar"
    VECTOR = "instant vector"
    MATRIX = "range vector"
    STRING = "string"
    NONE = "none"


class Span(NamedTuple):
    """Mark a part of the query text."""

    start: int
    end: int


class Matcher(NamedTuple):
    """Select by one label. The pattern of `=~` and `!~` is fully anchored."""

    name: str
    op: Literal["=", "!=", "=~", "!~"]
    value: str

    def matches(self, value: str) -> bool:
        """Tell whether a label of this value is selected."""
        hit = (
            value == self.value
            if self.op in ("=", "!=")
            else steady(compiled(self.value)).fullmatch(value) is not None
        )
        return hit is (self.op in ("=", "=~"))


@dataclass(frozen=True, slots=True)
class Duration:
    """Stand for a length of time: a number of seconds, or arithmetic to be done once the step is known.

    `op` is one of number, step, range, neg, min, max, + - * / % ^.
    """

    op: str
    value: float = 0.0
    terms: tuple[Duration, ...] = ()
    wrapped: bool = False


At = int | Literal["start", "end"] | None


@dataclass(frozen=True, slots=True)
class Number:
    span: Span
    value: float
    duration: bool = False
    kind = Kind.SCALAR


@dataclass(frozen=True, slots=True)
class String:
    span: Span
    value: str
    kind = Kind.STRING


@dataclass(frozen=True, slots=True)
class Selector:
    """Select series at one time each; `at` is in milliseconds."""

    span: Span
    name: str
    matchers: tuple[Matcher, ...]
    offset: Duration | None = None
    at: At = None
    anchored: bool = False
    smoothed: bool = False
    kind = Kind.VECTOR


@dataclass(frozen=True, slots=True)
class Range:
    """Select the samples of a window before each time."""

    span: Span
    selector: Selector
    length: Duration
    kind = Kind.MATRIX


@dataclass(frozen=True, slots=True)
class Subquery:
    """Evaluate an expression on a grid of its own and take windows of the result."""

    span: Span
    expr: Expr
    length: Duration
    step: Duration | None
    offset: Duration | None = None
    at: At = None
    kind = Kind.MATRIX


@dataclass(frozen=True, slots=True)
class Paren:
    span: Span
    expr: Expr

    @property
    def kind(self) -> Kind:
        return self.expr.kind


@dataclass(frozen=True, slots=True)
class Unary:
    span: Span
    op: str
    expr: Expr

    @property
    def kind(self) -> Kind:
        return self.expr.kind


@dataclass(frozen=True, slots=True)
class Matching:
    """Say how the series of two vectors find each other.

    `many` is the side with several series for each match: none, left or right. Fill values stand in
    for an absent left or right series.
    """

    on: bool = False
    labels: tuple[str, ...] = ()
    many: Literal["none", "left", "right"] = "none"
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    span: Span
    op: str
    left: Expr
    right: Expr
    as_bool: bool = False
    matching: Matching = field(default_factory=Matching)

    @property
    def kind(self) -> Kind:
        both = self.left.kind is Kind.SCALAR and self.right.kind is Kind.SCALAR
        return Kind.SCALAR if both else Kind.VECTOR


@dataclass(frozen=True, slots=True)
class Aggregate:
    span: Span
    op: str
    expr: Expr
    param: Expr | None
    grouping: tuple[str, ...]
    without: bool
    kind = Kind.VECTOR


@dataclass(frozen=True, slots=True)
class Call:
    span: Span
    func: str
    args: tuple[Expr, ...]
    kind: Kind


Expr = Number | String | Selector | Range | Subquery | Paren | Unary | Binary | Aggregate | Call

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
SET_OPERATORS = frozenset({"and", "or", "unless"})


def bare(expr: Expr) -> Expr:
    """Take off the parentheses around an expression."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr
