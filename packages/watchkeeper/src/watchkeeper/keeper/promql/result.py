"""Results of queries, and their form in Prometheus' HTTP API."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import msgspec

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
            body = f'[{_seconds(result.time)},"{decimal(result.samples[0].value)}"]'
        case "string":
            body = f"[{_seconds(result.time)},{json.dumps(result.text, ensure_ascii=False)}]"
        case "vector":
            body = _vector(result.samples)
        case "matrix":
            body = _matrix(result.series)
    return f'{{"resultType":"{result.type}","result":{body}}}'.encode("utf-8", "replace")


def _list(items: Iterable[str]) -> str:
    return "[" + ",".join(items) + "]"


def _metric(labels: Labels) -> str:
    try:
        return msgspec.json.encode(dict(labels)).decode()
    except UnicodeEncodeError:  # bytes that were no UTF-8; they are replaced at the end
        return json.dumps(dict(labels), ensure_ascii=False, separators=(",", ":"))


def _seconds(time_ms: int) -> str:
    whole, rest = divmod(abs(time_ms), 1000)
    sign = "-" if time_ms < 0 else ""
    return f"{sign}{whole}.{rest:03d}" if rest else f"{sign}{whole}"


def number(value: float) -> str:
    """Render a float as the API does: positional from 1e-6 to 1e21, with an exponent beyond."""
    if value != 0 and not 1e-6 <= abs(value) < 1e21:
        return general(value)
    return decimal(value)


def _vector(samples: list[Sample]) -> str:
    times = {time: _seconds(time) for time in {sample.time for sample in samples}}
    texts = _texts([sample.value for sample in samples])
    return _list(
        f'{{"metric":{_metric(sample.labels)},"value":[{times[sample.time]},"{text}"]}}'
        for sample, text in zip(samples, texts, strict=True)
    )


def _matrix(series: list[Points]) -> str:
    heads: dict[bytes, list[str]] = {}
    rows = []
    for points in series:
        # Most rows have the same times, so their texts are made once.
        key = points.times.tobytes()
        known = heads.get(key)
        if known is None:
            known = heads[key] = _heads(points.times)
        rows.append(f'{{"metric":{_metric(points.labels)},"values":[{_values(points.values, known)}]}}')
    return _list(rows)


def _heads(times: Ints) -> list[str]:
    return [f'"],[{_seconds(time)},"' for time in times.tolist()]


def _values(values: Floats, heads: list[str]) -> str:
    if not heads:
        return ""
    parts = [""] * (2 * len(heads))
    parts[0::2], parts[1::2] = heads, _texts(values.tolist())
    return "".join(parts)[3:] + '"]'


def _texts(values: list[float]) -> list[str]:
    # msgspec writes the shortest exact digits in C; exponents, NaN and infinities need another form here.
    if not values:
        return []
    text = msgspec.json.encode(values).decode()
    if "e" in text or "n" in text:
        return [number(value) for value in values]
    return (text[1:-1] + ",").replace(".0,", ",")[:-1].split(",")
