"""The engine: from a query text to a result, within limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from .annotations import Annotations
from .context import Context, Options
from .errors import BadRange, EvaluationError, TooManyQueries
from .evaluator import Evaluator
from .extended import bounded_samples
from .labels import anonymous
from .parser import parse
from .result import Points, Result, Sample
from .series import Grid, Queryable, Vector, merged
from .syntax import Expr, Kind, bare


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a query; None means no bound. The defaults are Prometheus' own.

    `samples` counts samples read and points made; `points` is the most steps of a range query;
    `queries` the most that run at one time.
    """

    samples: int = 50_000_000
    points: int | None = 11_000
    queries: int = 20


class Engine:
    """Answer queries over any store that can select series."""

    def __init__(self, limits: Limits | None = None, options: Options | None = None) -> None:
        self.limits = limits or Limits()
        self.options = options or Options()
        self._running: list[None] = []

    def instant(
        self,
        store: Queryable,
        query: str | Expr,
        time_ms: int,
        *,
        lookback_ms: int | None = None,
        expired: Callable[[], bool] | None = None,
        text: str = "",
    ) -> Result:
        """Evaluate at one time. `expired` is asked now and then whether the query's time is over.

        `text` is what a parsed query was read from: annotations name their place in it.
        Raises ParseError and EvaluationError.
        """
        with self._slot():
            expr, text = _read(query, text)
            grid = Grid(time_ms, 1000, 1)
            context = self._context(store, text, grid, time_ms, lookback_ms, expired, is_range=False)
            with _guarded():
                return self._instant(expr, context)

    def range(
        self,
        store: Queryable,
        query: str | Expr,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        *,
        lookback_ms: int | None = None,
        expired: Callable[[], bool] | None = None,
        text: str = "",
    ) -> Result:
        """Evaluate from start to end (inclusive) every step; the result is a matrix.

        `text` is what a parsed query was read from: annotations name their place in it.
        Raises ParseError, EvaluationError and BadRange.
        """
        with self._slot():
            expr, text = _read(query, text)
            grid = self._grid(expr, start_ms, end_ms, step_ms)
            context = self._context(store, text, grid, end_ms, lookback_ms, expired, is_range=True)
            with _guarded():
                return self._range(expr, context)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        # Append and pop are atomic, so threads need no lock to count the running queries.
        self._running.append(None)
        try:
            if len(self._running) > self.limits.queries:
                raise TooManyQueries(self.limits.queries)
            yield
        finally:
            self._running.pop()

    def _grid(self, expr: Expr, start_ms: int, end_ms: int, step_ms: int) -> Grid:
        if step_ms <= 0:
            raise BadRange(
                "zero or negative query resolution step widths are not accepted. Try a positive integer"
            )
        if end_ms < start_ms:
            raise BadRange("end timestamp must not be before start time")
        if expr.kind not in (Kind.VECTOR, Kind.SCALAR):
            kind = expr.kind.value
            raise BadRange(
                f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
            )
        count = (end_ms - start_ms) // step_ms + 1
        if self.limits.points is not None and count > self.limits.points:
            raise BadRange(
                f"exceeded maximum resolution of {self.limits.points:,} points per timeseries. "
                "Try decreasing the query resolution (?step=XX)"
            )
        return Grid(start_ms, step_ms, count)

    def _context(
        self,
        store: Queryable,
        text: str,
        grid: Grid,
        end: int,
        lookback_ms: int | None,
        expired: Callable[[], bool] | None,
        *,
        is_range: bool,
    ) -> Context:
        options = self.options
        if lookback_ms is not None:
            options = Options(
                lookback_ms, options.subquery_step_ms, options.delayed_names, options.typed_labels
            )
        return Context(store, options, grid, end, is_range, self.limits.samples, Annotations(text), expired)

    def _instant(self, expr: Expr, context: Context) -> Result:
        ev, grid, notes = Evaluator(context), context.grid, context.annotations
        at = grid.start
        if expr.kind is Kind.STRING:
            return Result("string", at, text=ev.string(expr))
        if expr.kind is Kind.SCALAR:
            value = float(ev.scalar(expr, grid)[0])
            return Result(
                "scalar", at, [Sample((), at, value)], warnings=notes.warnings(), infos=notes.infos()
            )
        if expr.kind is Kind.MATRIX:
            return self._windows(bare(expr), context, ev)
        vector = _named(ev.vector(expr, grid))
        samples = [
            Sample(labels, at, value)
            for labels, value, present in zip(
                vector.labels, vector.values[:, 0].tolist(), vector.present[:, 0].tolist(), strict=True
            )
            if present
        ]
        return Result("vector", at, samples, warnings=notes.warnings(), infos=notes.infos())

    def _windows(self, expr: Expr, context: Context, ev: Evaluator) -> Result:
        windows = ev.windows(expr, context.grid)
        series = []
        for row, labels in enumerate(windows.labels):
            part = slice(int(windows.lo[row, 0]), int(windows.hi[row, 0]))
            times, values = windows.times[part], windows.values[part]
            if windows.anchored or windows.smoothed:
                times, values = bounded_samples(windows, row)
            if times.size:
                shown = anonymous(labels) if windows.drops[row] else labels
                series.append(Points(shown, times, values))
        series.sort(key=lambda points: points.labels)
        notes = context.annotations
        return Result(
            "matrix", context.grid.start, series=series, warnings=notes.warnings(), infos=notes.infos()
        )

    def _range(self, expr: Expr, context: Context) -> Result:
        ev, grid, notes = Evaluator(context), context.grid, context.annotations
        times = grid.times
        if expr.kind is Kind.SCALAR:
            series = [Points((), times, ev.scalar(expr, grid))]
        else:
            vector = _named(ev.vector(expr, grid))
            series = [
                Points(labels, times, values)
                if present.all()
                else Points(labels, times[present], values[present])
                for labels, values, present in zip(vector.labels, vector.values, vector.present, strict=True)
                if present.any()
            ]
            series.sort(key=lambda points: points.labels)
        return Result("matrix", grid.start, series=series, warnings=notes.warnings(), infos=notes.infos())


@contextmanager
def _guarded() -> Iterator[None]:
    """Let floats overflow and divide by zero silently, and name the depth that Python cannot follow."""
    with np.errstate(all="ignore"):
        try:
            yield
        except RecursionError:
            raise EvaluationError("expression is nested too deeply") from None


def _read(query: str | Expr, text: str) -> tuple[Expr, str]:
    return (parse(query), query) if isinstance(query, str) else (query, text)


def _named(vector: Vector) -> Vector:
    """Drop the names whose removal was put off."""
    if not any(vector.drops):
        return merged(vector)
    labels = [
        anonymous(labels) if drop else labels
        for labels, drop in zip(vector.labels, vector.drops, strict=True)
    ]
    return merged(Vector(labels, vector.values, vector.present, [False] * len(vector)))
