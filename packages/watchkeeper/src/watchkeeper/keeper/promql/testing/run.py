"""Running a script's commands and judging the answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from ..context import Options
from ..engine import Engine, Limits
from ..errors import NativeHistogramRefused, PromqlError
from ..functions import TIME_BOUND
from ..labels import BUCKET, NAME, Labels, replaced, value_of, without
from ..parser import parse
from ..printer import render
from ..result import Points, Result, Sample
from ..syntax import Aggregate, Binary, Call, Expr, Paren, Range, Selector, Subquery, Unary
from .compare import Mismatch, check_annotations, check_result
from .memory import MemoryStore
from .notation import Native
from .script import Clear, Eval, Load, Unreadable, commands

_OPTIONS = Options(delayed_names=True)
_QUERY_BOUND = TIME_BOUND | {"start", "end", "range", "step"}
_MINUTE = 60_000
# What resolves otherwise in a range query.
_OF_QUERY_TIMES = re.compile(r"\b(start|end|range|step)\(\)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case, and why."""

    line: int
    expr: str
    status: Literal["passed", "failed", "skipped"]
    reason: str = ""


def run_script(text: str) -> Iterator[Outcome]:
    """Run a script; yield an outcome for each evaluation.

    A case that selects or expects native histograms is skipped. Every instant query runs again with
    its time fixed by `@` at other evaluation times, and as the middle step of a range query.
    """
    store = MemoryStore()
    engine = Engine(Limits(points=None), _OPTIONS)
    for command in commands(text):
        match command:
            case Load():
                load(store, command)
            case Clear():
                store.clear()
            case Unreadable():
                yield Outcome(command.line, command.text, "failed", command.reason)
            case Eval():
                yield _outcome(engine, store, command)


def load(store: MemoryStore, command: Load) -> None:
    """Put a load command's series into the store."""
    for labels, points in command.series.items():
        times = range(0, command.step * len(points), command.step)
        samples = list(zip(times, points, strict=True))
        store.add(labels, [(time, point) for time, point in samples if isinstance(point, float)])
        native = [time for time, point in samples if isinstance(point, Native)]
        if native:
            store.add_native(labels, native)
        if command.with_nhcb and (base := _nhcb_base(labels)) is not None:
            store.add_native(base, [time for time, point in samples if isinstance(point, float)])


def _nhcb_base(labels: Labels) -> Labels | None:
    name = value_of(labels, NAME)
    for suffix in ("_bucket", "_count", "_sum"):
        if name.endswith(suffix):
            return replaced(without(labels, {BUCKET}), NAME, name.removesuffix(suffix))
    return None


def _outcome(engine: Engine, store: MemoryStore, case: Eval) -> Outcome:
    native = any(isinstance(point, Native) for points in case.series.values() for point in points)
    if native:
        return Outcome(case.line, case.expr, "skipped", "expects native histograms")
    try:
        _run(engine, store, case)
    except NativeHistogramRefused as refused:
        return Outcome(case.line, case.expr, "skipped", str(refused))
    except Mismatch as mismatch:
        return Outcome(case.line, case.expr, "failed", str(mismatch))
    except Exception as error:  # whatever breaks is this case's failure, not the end of the run
        return Outcome(case.line, case.expr, "failed", f"{type(error).__name__}: {error}")
    return Outcome(case.line, case.expr, "passed")


def _run(engine: Engine, store: MemoryStore, case: Eval) -> None:
    if case.is_range:
        _judge(case, lambda: engine.range(store, case.expr, case.start, case.end, case.step))
        return
    expr = parse(case.expr)
    queries = [(case.expr, case.start)]
    if not any(call.func in _QUERY_BOUND for call in calls_of(expr)):
        fixed = render(placed(expr, case.start))
        queries += [(fixed, time) for time in _other_times(case.start)]
    for query, time in queries:
        _run_instant(engine, store, case, query, time)


def _other_times(time: int) -> list[int]:
    return [-1000, 0, 1000] if time == 0 else [-10 * time, 0, int(time / 5), time, 10 * time]


def _run_instant(engine: Engine, store: MemoryStore, case: Eval, query: str, time: int) -> None:
    result = _judge(case, lambda: engine.instant(store, query, time))
    if result is None or case.windows is not None or case.text is not None or case.ordered:
        return
    if _OF_QUERY_TIMES.search(query):
        return
    whole = engine.range(store, query, time - _MINUTE, time + _MINUTE, _MINUTE)
    check_result(case, _middle(whole, result, time))


def _judge(case: Eval, evaluate: Callable[[], Result]) -> Result | None:
    try:
        result = evaluate()
    except NativeHistogramRefused:
        raise
    except PromqlError as error:
        if case.fails and all(expected.met_by(str(error)) for expected in case.fails):
            return None
        raise Mismatch(f"unexpected error: {error}") from error
    if case.fails:
        raise Mismatch("expected an error but got none")
    check_annotations(case, result)
    check_result(case, result)
    return result


def _middle(whole: Result, like: Result, time: int) -> Result:
    samples = [_sample(points, time) for points in whole.series if time in points.times]
    return replace(like, time=time, samples=samples)


def _sample(points: Points, time: int) -> Sample:
    return Sample(points.labels, time, float(points.values[points.times == time][0]))


def placed(expr: Expr, time: int) -> Expr:
    """Fix the evaluation time of every selector and subquery that has none."""
    match expr:
        case Selector() | Subquery():
            return expr if isinstance(expr.at, int) else replace(expr, at=time)
        case Range(selector=selector):
            fixed = selector if isinstance(selector.at, int) else replace(selector, at=time)
            return replace(expr, selector=fixed)
        case Paren() | Unary():
            return replace(expr, expr=placed(expr.expr, time))
        case Aggregate():
            param = None if expr.param is None else placed(expr.param, time)
            return replace(expr, expr=placed(expr.expr, time), param=param)
        case Binary():
            return replace(expr, left=placed(expr.left, time), right=placed(expr.right, time))
        case Call():
            return replace(expr, args=_placed_args(expr, time))
        case _:
            return expr


def _placed_args(call: Call, time: int) -> tuple[Expr, ...]:
    labels_only = call.func == "info"
    return tuple(arg if labels_only and place else placed(arg, time) for place, arg in enumerate(call.args))


def calls_of(expr: Expr) -> Iterator[Call]:
    """Yield the calls of an expression, without those inside subqueries that fix their time."""
    match expr:
        case Call():
            yield expr
            for arg in expr.args:
                yield from calls_of(arg)
        case Binary():
            yield from calls_of(expr.left)
            yield from calls_of(expr.right)
        case Aggregate():
            yield from calls_of(expr.expr)
            if expr.param is not None:
                yield from calls_of(expr.param)
        case Paren() | Unary():
            yield from calls_of(expr.expr)
        case Subquery() if expr.at is None:
            yield from calls_of(expr.expr)
        case _:
            pass
