"""Results of queries, and their form in Prometheus' HTTP API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .labels import Labels
from .quoting import decimal, general
from .series import Floats, Ints


@dataclass(frozen=True, slots=True)
class Sample:
    """One series at one time (milliseconds)."""

    labels: Labels
    time: int
    value: float


@dataclass(frozen=True, slots=True)
class Points:
    """One series over time: times in milliseconds, values of the same length."""

    labels: Labels
    times: Ints
    values: Floats


@dataclass(frozen=True, slots=True)
class Result:
    """The value of a query: `samples` for scalar and vector, `series` for matrix, `text` for string."""

    type: Literal["scalar", "vector", "matrix", "string"]
    time: int
    samples: list[Sample] = field(default_factory=list)
    series: list[Points] = field(default_factory=list)
    text: str = ""
    warnings: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)


def to_json(result: Result) -> bytes:
    """Render a result as the `data` object of the HTTP API: {"resultType": ..., "result": ...}."""
    match result.type:
        case "scalar":
            body = _pair(result.time, result.samples[0].value)
        case "string":
            body = f"[{_seconds(result.time)},{json.dumps(result.text, ensure_ascii=False)}]"
        case "vector":
            body = _list(
                f'{{"metric":{_metric(sample.labels)},"value":{_pair(sample.time, sample.value)}}}'
                for sample in result.samples
            )
        case "matrix":
            body = _matrix(result.series)
    return f'{{"resultType":"{result.type}","result":{body}}}'.encode("utf-8", "replace")


def _list(items: Iterable[str]) -> str:
    return "[" + ",".join(items) + "]"


def _metric(labels: Labels) -> str:
    return json.dumps(dict(labels), ensure_ascii=False, separators=(",", ":"))


def _seconds(time_ms: int) -> str:
    whole, rest = divmod(abs(time_ms), 1000)
    sign = "-" if time_ms < 0 else ""
    return f"{sign}{whole}.{rest:03d}" if rest else f"{sign}{whole}"


def number(value: float) -> str:
    """Render a float as the API does: positional from 1e-6 to 1e21, with an exponent beyond."""
    if value != 0 and not 1e-6 <= abs(value) < 1e21:
        return _exponential(value)
    return decimal(value)


def _exponential(value: float) -> str:
    text = general(value) if value == value and abs(value) != np.inf else decimal(value)
    return text


def _pair(time_ms: int, value: float) -> str:
    return f'[{_seconds(time_ms)},"{number(value)}"]'


def _matrix(series: list[Points]) -> str:
    heads: dict[int, str] = {}
    rows = (f'{{"metric":{_metric(points.labels)},"values":[{_values(points, heads)}]}}' for points in series)
    return _list(rows)


def _values(points: Points, heads: dict[int, str]) -> str:
    texts = [_short(value) for value in points.values.tolist()]
    times = points.times.tolist()
    for time in times:
        if time not in heads:
            heads[time] = f'[{_seconds(time)},"'
    return ",".join([f'{heads[time]}{text}"]' for time, text in zip(times, texts, strict=True)])


def _short(value: float) -> str:
    # The common forms need no second look: repr is exact and positional between 1e-4 and 1e16.
    text = repr(value)
    if text.endswith(".0"):
        return text[:-2]
    return text if "e" not in text and "n" not in text else number(value)
