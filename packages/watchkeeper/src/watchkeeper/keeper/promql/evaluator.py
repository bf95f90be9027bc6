"""Walking the tree: each kind of expression becomes arrays over all steps at once."""

from __future__ import annotations

import numpy as np

from . import aggregation, arithmetic, matching
from .annotations import bad_quantile, bad_ratio, incompatible_floats
from .calls import called
from .context import Context
from .errors import EvaluationError
from .labelling import is_label_name
from .labels import digest
from .quoting import general, quote
from .selectors import instant
from .series import Floats, Grid, Scalar, Vector, empty
from .syntax import (
    SET_OPERATORS,
    Aggregate,
    Binary,
    Call,
    Expr,
    Kind,
    Number,
    Paren,
    Range,
    Selector,
    String,
    Subquery,
    Unary,
)
from .windows import Windows, of_range, of_subquery, subquery_grid

_MOST_INT64 = 2.0**63
_CHOOSING = frozenset({"topk", "bottomk", "limitk"})


class Evaluator:
    """Evaluate expressions for one query."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def vector(self, expr: Expr, grid: Grid) -> Vector:
        """Evaluate an expression of type instant vector."""
        self.context.check_time()
        if grid.count == 0:  # a subquery whose window holds none of its own steps
            return empty(0)
        match expr:
            case Selector():
                return instant(self.context, expr, grid)
            case Paren():
                return self.vector(expr.expr, grid)
            case Unary():
                inner = self.vector(expr.expr, grid)
                if expr.op == "+":
                    return inner
                return inner.valued(-inner.values).unnamed(delayed=self.context.delayed)
            case Binary():
                return self._binary(expr, grid)
            case Aggregate():
                return self._aggregate(expr, grid)
            case Call():
                result = called(self, expr, grid)
                assert isinstance(result, Vector)
                return result
            case _:
                raise EvaluationError(f"unexpected expression of type {expr.kind.value}")

    def scalar(self, expr: Expr, grid: Grid) -> Scalar:
        """Evaluate an expression of type scalar: one number per step."""
        match expr:
            case Number():
                return np.full(grid.count, expr.value)
            case Paren():
                return self.scalar(expr.expr, grid)
            case Unary():
                inner = self.scalar(expr.expr, grid)
                return -inner if expr.op == "-" else inner
            case Binary():
                return arithmetic.between_scalars(
                    expr.op, self.scalar(expr.left, grid), self.scalar(expr.right, grid)
                )
            case Call():
                result = called(self, expr, grid)
                assert isinstance(result, np.ndarray)
                return result
            case _:
                raise EvaluationError(f"unexpected expression of type {expr.kind.value}")

    def string(self, expr: Expr) -> str:
        """Return the text of a string literal."""
        while isinstance(expr, Paren):
            expr = expr.expr
        assert isinstance(expr, String)
        return expr.value

    def windows(self, expr: Expr, grid: Grid) -> Windows:
        """Evaluate an expression of type range vector."""
        while isinstance(expr, Paren):
            expr = expr.expr
        if isinstance(expr, Range):
            return of_range(self.context, expr, grid)
        assert isinstance(expr, Subquery)
        own, _, _ = subquery_grid(self.context, expr, grid)
        self.context.charge(own.count)
        inner = self.vector(expr.expr, own)
        return of_subquery(self.context, expr, grid, inner, own)

    def _binary(self, expr: Binary, grid: Grid) -> Vector:
        delayed = self.context.delayed
        left_scalar = expr.left.kind is Kind.SCALAR
        if left_scalar or expr.right.kind is Kind.SCALAR:
            sides = (expr.left, expr.right) if left_scalar else (expr.right, expr.left)
            scalar, vector = self.scalar(sides[0], grid), self.vector(sides[1], grid)
            result = arithmetic.with_scalar(expr, vector, scalar, scalar_left=left_scalar, delayed=delayed)
            self._check_trim(expr, len(vector) > 0)
            return result
        left, right = self.vector(expr.left, grid), self.vector(expr.right, grid)
        if expr.op in SET_OPERATORS:
            return matching.set_operation(expr.op, left, right, expr.matching)
        result = matching.operation(expr, left, right, delayed=delayed)
        self._check_trim(expr, len(left) > 0 and len(right) > 0)
        return result

    def _check_trim(self, expr: Binary, used: bool) -> None:
        if expr.op in arithmetic.TRIMS and used:
            self.context.annotations.info(incompatible_floats(expr.op), expr.span)

    def _aggregate(self, expr: Aggregate, grid: Grid) -> Vector:
        if expr.op == "count_values":
            return self._counted(expr, grid)
        param = np.zeros(grid.count) if expr.param is None else self.scalar(expr.param, grid)
        vector = self.vector(expr.expr, grid)
        if expr.op in _CHOOSING:
            return self._chosen(expr, vector, param)
        if expr.op == "limit_ratio":
            return self._sampled(expr, vector, param)
        if expr.op == "quantile":
            self._check_quantile(expr, param)
        return aggregation.reduced(vector, expr, param)

    def _counted(self, expr: Aggregate, grid: Grid) -> Vector:
        assert expr.param is not None
        label = self.string(expr.param)
        if not is_label_name(label):
            raise EvaluationError(f"invalid label name {quote(label)}")
        vector = self.vector(expr.expr, grid)
        return aggregation.counted_values(vector, expr, label, self.context.charge)

    def _chosen(self, expr: Aggregate, vector: Vector, k: Scalar) -> Vector:
        if k.size == 0 or k.max() < 1:
            return vector.rows([])
        if np.isnan(k).any():
            raise EvaluationError("Parameter value is NaN")
        if k.min() <= -_MOST_INT64:
            raise EvaluationError(f"Scalar value {general(float(k.min()))} underflows int64")
        if k.max() >= _MOST_INT64:
            raise EvaluationError(f"Scalar value {general(float(k.max()))} overflows int64")
        if expr.op == "limitk":
            return aggregation.limited(vector, expr, k)
        return aggregation.ranked(vector, expr, k, largest=expr.op == "topk")

    def _sampled(self, expr: Aggregate, vector: Vector, ratio: Scalar) -> Vector:
        assert expr.param is not None
        if np.isnan(ratio).any():
            raise EvaluationError("Ratio value is NaN")
        for value, bound in ((ratio.max(initial=-1), 1.0), (ratio.min(initial=1), -1.0)):
            if abs(value) > 1 and value * bound > 0:
                self.context.annotations.warn(bad_ratio(float(value), bound), expr.param.span)
        offsets: Floats = np.array([digest(labels) for labels in vector.labels], dtype=np.float64) / 2.0**64
        return aggregation.sampled(vector, ratio, offsets)

    def _check_quantile(self, expr: Aggregate, wanted: Scalar) -> None:
        assert expr.param is not None
        extremes = [np.nan] if np.isnan(wanted).any() else []
        numbers = wanted[~np.isnan(wanted)]
        extremes += [value for value in numbers.max(initial=0, keepdims=True).tolist() if value > 1]
        extremes += [value for value in numbers.min(initial=1, keepdims=True).tolist() if value < 0]
        for value in extremes:
            self.context.annotations.warn(bad_quantile(value), expr.param.span)
