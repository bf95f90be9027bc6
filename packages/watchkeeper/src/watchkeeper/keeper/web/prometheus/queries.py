"""Queries: instant and range, formatting, exemplars."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.promql import (
    BadRange,
    ParseError,
    QueryTimeout,
    Result,
    TooManySamples,
    parse,
    to_json,
)
from watchkeeper.keeper.promql.printer import render
from watchkeeper.keeper.promql.syntax import Expr, Kind
from watchkeeper.keeper.web.prometheus.envelope import BadData, success
from watchkeeper.keeper.web.prometheus.form import Form
from watchkeeper.keeper.web.prometheus.moments import parse_duration
from watchkeeper.keeper.web.prometheus.quick import LATEST_SECONDS, MOST_SAMPLES, Key
from watchkeeper.keeper.web.prometheus.source import Bounded, Running, Source

Expired = Callable[[], bool]
Evaluate = Callable[[Source, Bounded, Expired], Result]
Work = Callable[[Expired, int], "Answer"]
TRUNCATED = "results truncated due to limit"
MOST_POINTS = 11_000
MANY_SAMPLES = 500_000  # 8 MB


def source_of(request: Request) -> Source:
    source: Source = request.app.state.prometheus
    return source


def running_of(request: Request) -> Running:
    running: Running = request.app.state.running
    return running


async def query(request: Request) -> Response:
    """Answer an instant query."""
    form, source = await Form.of(request), source_of(request)
    at = form.time("time", source.now_ms())
    timeout, lookback = form.duration("timeout"), lookback_of(form)
    limit, expr, text = form.count("limit"), expression(form), form.text("query")

    def evaluate(source: Source, store: Bounded, expired: Expired) -> Result:
        return source.engine.instant(store, expr, at, lookback_ms=lookback, expired=expired, text=text)

    work = worked(source, form, evaluate, limit)
    if timeout is None:
        return told(await quickly(request, work, (text, lookback), at))
    return told(await beside(request, work, timeout))


async def query_range(request: Request) -> Response:
    """Answer a range query."""
    form = await Form.of(request)
    start, end, step = spread(form)
    timeout, lookback = form.duration("timeout"), lookback_of(form)
    limit, expr, text = form.count("limit"), ranged(expression(form)), form.text("query")

    def evaluate(source: Source, store: Bounded, expired: Expired) -> Result:
        return source.engine.range(
            store, expr, start, end, step, lookback_ms=lookback, expired=expired, text=text
        )

    return told(await beside(request, worked(source_of(request), form, evaluate, limit), timeout))


def ranged(expr: Expr) -> Expr:
    """Refuse expressions that have no value at each step."""
    if expr.kind not in (Kind.VECTOR, Kind.SCALAR):
        text = (
            f'invalid expression type "{expr.kind.value}" for range query, must be Scalar or instant Vector'
        )
        raise BadData.of("query", text)
    return expr


def spread(form: Form) -> tuple[int, int, int]:
    """Return start, end and step in milliseconds; raises BadData."""
    start, end = form.time("start"), form.time("end")
    if end < start:
        raise BadData.of("end", "end timestamp must not be before start time")
    try:
        step = parse_duration(form.text("step"))
    except ValueError as error:
        raise BadData.of("step", error) from None
    if step <= 0:
        text = "zero or negative query resolution step widths are not accepted. Try a positive integer"
        raise BadData.of("step", text)
    if (end - start) // step > MOST_POINTS:
        raise BadRange(
            f"exceeded maximum resolution of {MOST_POINTS:,} points per timeseries. "
            "Try decreasing the query resolution (?step=XX)"
        )
    return start, end, step


def lookback_of(form: Form) -> int | None:
    """Return the lookback in milliseconds, None (or zero) for the engine's own; raises BadData."""
    given = form.text("lookback_delta")
    if not given:
        return None
    try:
        return parse_duration(given) or None
    except ValueError as error:
        raise BadData(f"error parsing lookback delta duration: {error}") from None


def expression(form: Form) -> Expr:
    """Return the parsed query; raises BadData."""
    try:
        return parse(form.text("query"))
    except ParseError as error:
        raise BadData.of("query", error) from None


@dataclass(frozen=True, slots=True)
class Answer:
    """A result rendered: `took` is the seconds of processor time for it, `held` the samples read."""

    result: Result
    data: bytes
    took: float
    held: int


def worked(source: Source, form: Form, evaluate: Evaluate, limit: int) -> Work:
    """Return what evaluates and renders; on a thread, too: a large matrix takes long to write."""
    began, wants_stats = time.perf_counter(), bool(form.text("stats"))

    def work(expired: Expired, most: int) -> Answer:
        store, entered, spent = source.bounded(most), time.perf_counter(), time.thread_time()
        result = truncated(evaluate(source, store, expired), limit)
        evaluated = time.perf_counter()
        data = to_json(result)
        if wants_stats:
            stats = statistics(store, entered - began, evaluated - entered)
            data = data[:-1] + b',"stats":' + msgspec.json.encode(stats) + b"}"
        return Answer(result, data, time.thread_time() - spent, store.held)

    return work


async def quickly(request: Request, work: Work, key: Key, at: int) -> Answer:
    """Evaluate on the loop what was quick lately, else beside it, and remember how long it took."""
    quick = running_of(request).quick
    if quick.expects(key, at):
        due = time.perf_counter() + LATEST_SECONDS
        try:
            answer = work(lambda: time.perf_counter() > due, MOST_SAMPLES)
            quick.learn(key, at, answer.took)
            return answer
        except (QueryTimeout, TooManySamples):
            quick.forget(key)
    answer = await beside(request, work, None)
    quick.learn(key, at, answer.took)
    return answer


async def beside(request: Request, work: Work, timeout: int | None) -> Answer:
    """Evaluate on a thread; timeout in milliseconds."""
    source, running = source_of(request), running_of(request)
    seconds, most = None if timeout is None else timeout / 1000, source.engine.limits.samples
    answer = await running.run(request, seconds, lambda expired: work(expired, most))
    if answer.held > MANY_SAMPLES:
        running.tidy()
    return answer


def told(answer: Answer) -> Response:
    return success(answer.data, answer.result.warnings, answer.result.infos)


def truncated(result: Result, limit: int) -> Result:
    """Keep at most `limit` series, saying so in a warning; 0 keeps all."""
    size = len(result.samples) + len(result.series)
    if not limit or size <= limit or result.type not in ("vector", "matrix"):
        return result
    warnings = [*result.warnings, TRUNCATED]
    return replace(result, samples=result.samples[:limit], series=result.series[:limit], warnings=warnings)


def statistics(store: Bounded, queued: float, evaluated: float) -> dict[str, Any]:
    """Return the figures of one query in Prometheus' form; preparation and sorting are within evaluation."""
    return {
        "timings": {
            "evalTotalTime": evaluated,
            "resultSortTime": 0,
            "queryPreparationTime": 0,
            "innerEvalTime": evaluated,
            "execQueueTime": queued,
            "execTotalTime": queued + evaluated,
        },
        "samples": {"totalQueryableSamples": store.held, "peakSamples": store.held},
    }


async def format_query(request: Request) -> Response:
    """Answer the query in its canonical form."""
    return success(render(expression(await Form.of(request))))


async def query_exemplars(request: Request) -> Response:
    """Answer no exemplars: the store keeps none."""
    form = await Form.of(request)
    expression(form)
    if form.time("end", 2**53) < form.time("start", 0):
        raise BadData.of("end", "end timestamp must not be before start timestamp")
    return success([])
