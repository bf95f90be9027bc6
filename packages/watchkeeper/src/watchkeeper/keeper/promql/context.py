"""What holds for one query: its times, its limits, its store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .annotations import Annotations
from .durations import milliseconds_of
from .errors import NativeHistogramRefused, QueryTimeout, TooManySamples
from .labels import text
from .regexes import translated
from .series import Grid, Ints, Queryable, Series
from .syntax import At, Duration, Matcher


@dataclass(frozen=True, slots=True)
class Options:
    """How the language is to behave; the defaults are Prometheus' own.

    `delayed_names` drops metric names at the end of a query only; `typed_labels` judges counters by the
    label __type__; `subquery_step_ms` is the step of a subquery that names none.
    """

    lookback_ms: int = 300_000
    subquery_step_ms: int = 60_000
    delayed_names: bool = False
    typed_labels: bool = False


@dataclass(slots=True)
class Context:
    """One running query. `end` may lie beyond the last step; `expired` says whether its time is over."""

    store: Queryable
    options: Options
    grid: Grid
    end: int
    is_range: bool
    max_samples: int
    annotations: Annotations
    expired: Callable[[], bool] | None = None
    samples: int = field(default=0, init=False)

    @property
    def delayed(self) -> bool:
        """Whether names are dropped at the end."""
        return self.options.delayed_names

    def check_time(self) -> None:
        """Raise QueryTimeout when the query's time is over."""
        if self.expired is not None and self.expired():
            raise QueryTimeout

    def charge(self, samples: int) -> None:
        """Count samples held in memory. Raises TooManySamples beyond the limit."""
        self.samples += samples
        if self.samples > self.max_samples:
            raise TooManySamples

    def length(self, duration: Duration | None, *, negative: bool = False) -> int:
        """Return a duration of the expression in milliseconds."""
        step = self.grid.step / 1000 if self.is_range else 0.0
        return milliseconds_of(duration, step, (self.end - self.grid.start) / 1000, negative=negative)

    def references(self, at: At, offset: Duration | None, grid: Grid) -> Ints:
        """Return the times that a selector looks at for each step: one alone where `at` fixes it."""
        if at is None and offset is None:
            return grid.times
        shift = self.length(offset, negative=True)
        if at is None:
            return grid.times - shift
        fixed = self.grid.start if at == "start" else self.end if at == "end" else at
        return np.array([fixed - shift], dtype=np.int64)

    def fetch(self, matchers: Sequence[Matcher], start: int, end: int) -> list[Series]:
        """Read series from the store, charge their samples, refuse native histograms."""
        self.check_time()
        found = list(self.store.select([_for_store(matcher) for matcher in matchers], start, end))
        for series in found:
            if getattr(series, "native", False):
                raise NativeHistogramRefused(text(series.labels))
        return found


def _for_store(matcher: Matcher) -> Matcher:
    if matcher.op in ("=", "!="):
        return matcher
    return Matcher(matcher.name, matcher.op, translated(matcher.value))
