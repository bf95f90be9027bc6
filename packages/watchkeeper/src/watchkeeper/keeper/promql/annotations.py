"""Warnings and infos that accompany a result, with the place in the query they are about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from .errors import line_and_column
from .quoting import general, quote
from .syntax import Span

_HISTOGRAM_DOC = "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile"


@dataclass(slots=True)
class _Repair:
    """What was repaired in one histogram's buckets, over all steps."""

    least: float
    most: float
    difference: float
    first_ms: int
    last_ms: int
    count: int


@dataclass(slots=True)
class Annotations:
    """Collect the annotations of one query; equal ones count once."""

    query: str
    _warnings: dict[str, None] = field(default_factory=dict)
    _infos: dict[str, None] = field(default_factory=dict)
    _repairs: dict[tuple[str, int], _Repair] = field(default_factory=dict)

    def warn(self, text: str, span: Span) -> None:
        """Add a warning about a place."""
        self._warnings[f"PromQL warning: {text} ({line_and_column(self.query, span.start)})"] = None

    def info(self, text: str, span: Span) -> None:
        """Add an info about a place."""
        self._infos[f"PromQL info: {text} ({line_and_column(self.query, span.start)})"] = None

    def repaired(
        self,
        metric: str,
        span: Span,
        bounds: tuple[float, float],
        difference: float,
        times: tuple[int, int, int],
    ) -> None:
        """Note that a classic histogram's counts fell; `times` is first and last step and their number."""
        known = self._repairs.get((metric, span.start))
        if known is None:
            self._repairs[metric, span.start] = _Repair(*bounds, difference, *times)
            return
        known.least, known.most = min(known.least, bounds[0]), max(known.most, bounds[1])
        known.difference = max(known.difference, difference)
        known.first_ms, known.last_ms = min(known.first_ms, times[0]), max(known.last_ms, times[1])
        known.count += times[2]

    def warnings(self) -> list[str]:
        """Return the warnings, rendered."""
        return list(self._warnings)

    def infos(self) -> list[str]:
        """Return the infos, rendered."""
        repairs = [self._rendered(metric, start, known) for (metric, start), known in self._repairs.items()]
        return [*self._infos, *repairs]

    def _rendered(self, metric: str, start: int, known: _Repair) -> str:
        name = f" for metric name {quote(metric)}" if metric else ""
        return (
            "PromQL info: input to histogram_quantile needed to be fixed for monotonicity "
            f"(see {_HISTOGRAM_DOC}){name}, from buckets {general(known.least)} to {general(known.most)}, "
            f"with a max diff of {general(known.difference, 2)}, over {known.count} samples "
            f"from {_utc(known.first_ms)} to {_utc(known.last_ms)} ({line_and_column(self.query, start)})"
        )


def _utc(time_ms: int) -> str:
    return datetime.fromtimestamp(int(time_ms / 1000), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bad_quantile(value: float) -> str:
    """Say that a quantile is none."""
    return f"quantile value should be between 0 and 1, got {general(value)}"


def bad_ratio(value: float, used: float) -> str:
    """Say that a ratio is none, and what is used."""
    return f"ratio value should be between -1 and 1, got {general(value)}, capping to {general(used)}"


def bad_bucket(metric: str, label: str) -> str:
    """Say that a histogram's bucket has no bound."""
    name = f" for metric name {quote(metric)}" if metric else ""
    return f'bucket label "le" is missing or has a malformed value of {quote(label)}{name}'


def no_counter(metric: str) -> str:
    """Say that a rate is taken of something that looks like no counter."""
    return f"metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {quote(metric)}"


def no_counter_type(metric: str, kind: str) -> str:
    """Say that a rate is taken of something whose type label is not a counter's."""
    return (
        'metric might not be a counter, __type__ label is not set to "counter" or "histogram", '
        f"got {quote(kind)}: {quote(metric)}"
    )


def incompatible_floats(op: str) -> str:
    """Say that an operator has no meaning for floats."""
    return f"incompatible sample types encountered for binary operator {quote(op)}: float {op} float"


SORT_INEFFECTIVE = "sort is ineffective for range queries since results are always ordered by labels"
