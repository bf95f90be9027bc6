"""One series each: counter, gauge, histogram.

The fast path takes no lock. `self._value += amount` is exact under a GIL build because CPython switches
threads only at calls, backward jumps and function entry, none of which lies between the load and the store
of two exact floats. So every amount is coerced before the `+=`, never inside it. Builds without a GIL get
the classes of `locked.py`. `benchmarks/instruments.py` holds the proof, with a control that loses counts.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from math import nan
from time import perf_counter, time
from typing import Any, ParamSpec, Self, TypeVar

from watchkeeper.agent.errors import BadAmount

P = ParamSpec("P")
R = TypeVar("R")


def amount_of(value: object) -> float:
    """Coerce to an exact float; raise `BadAmount` for what is not a number."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as error:
        raise BadAmount(f"{value!r} is not a number") from error


class Counter:
    """A series that only grows."""

    __slots__ = ("_value", "head")

    def __init__(self, head: str) -> None:
        self.head = head  # the exposition's line up to the value, written once
        self._value = 0.0

    def inc(self, amount: float | None = None) -> None:
        """Add `amount`, one when absent; raise `BadAmount` when it is negative or no number."""
        if amount is None:
            self._value += 1.0
            return
        if amount.__class__ is not float:
            amount = amount_of(amount)
        if not amount >= 0.0:
            raise BadAmount(f"a counter cannot grow by {amount!r}")
        self._value += amount

    def value(self) -> float:
        """Return the present count."""
        return self._value

    def mark(self) -> float:
        """Return what changes whenever the series moves."""
        return self._value

    def raise_to(self, total: float) -> None:
        """Take over a total that something else counts; only the collectors call this."""
        self._value = float(total)


class Gauge:
    """A series that goes up and down."""

    __slots__ = ("_function", "_value", "head")

    def __init__(self, head: str) -> None:
        self.head = head
        self._value = 0.0
        self._function: Callable[[], float] | None = None

    def set(self, value: float) -> None:
        """Set the value; raise `BadAmount` when it is no number."""
        self._value = value if value.__class__ is float else amount_of(value)

    def inc(self, amount: float = 1.0) -> None:
        """Add `amount`; raise `BadAmount` when it is no number."""
        if amount.__class__ is not float:
            amount = amount_of(amount)
        self._value += amount

    def dec(self, amount: float = 1.0) -> None:
        """Take `amount` away; raise `BadAmount` when it is no number."""
        if amount.__class__ is not float:
            amount = amount_of(amount)
        self._value -= amount

    def set_to_current_time(self) -> None:
        """Set to the present Unix time in seconds."""
        self._value = time()

    def set_function(self, function: Callable[[], float]) -> None:
        """Read the value from `function` at each scrape, on the agent's thread."""
        self._function = function

    def value(self) -> float:
        """Return the present value; NaN when its function fails, for a scrape must not."""
        if self._function is None:
            return self._value
        try:
            return float(self._function())
        except Exception:
            return nan

    def mark(self) -> float:
        """Return what changes whenever the series moves; a function never rests."""
        return self._value if self._function is None else nan


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One observation of a bucket: what it is linked to, its value, its Unix time."""

    labels: Mapping[str, str]
    value: float
    at: float


class Histogram:
    """A series of observations sorted into buckets."""

    __slots__ = ("_bounds", "_counts", "_exemplars", "_sum", "head")

    def __init__(self, head: str, bounds: tuple[float, ...]) -> None:
        self.head = head
        self._exemplars: dict[int, Exemplar] = {}
        self._bounds = bounds  # shared by the family, ascending, without +Inf
        self._counts = [0] * (len(bounds) + 1)  # per bucket, not cumulative; the last one is +Inf
        self._sum = 0.0

    def observe(self, value: float, exemplar: Mapping[str, str] | None = None) -> None:
        """Count one observation; NaN lands in the last bucket and makes the sum NaN.

        exemplar: labels that link the bucket to a trace (`Tracer.exemplar`), 128 characters at most.
        """
        if value.__class__ is not float:
            value = amount_of(value)
        bucket = bisect_left(self._bounds, value) if value == value else -1
        self._counts[bucket] += 1
        self._sum += value
        if exemplar is not None and value == value:
            self._exemplars[bucket] = Exemplar(exemplar, value, time())

    def exemplars(self) -> "dict[int, Exemplar]":
        """Return the newest exemplar of each bucket that has one, by the bucket's place."""
        return self._exemplars.copy()

    def time(self) -> "Timer":
        """Return a context manager, or a decorator, that observes the seconds spent inside."""
        return Timer(self)

    def value(self) -> tuple[list[int], float]:
        """Return the counts per bucket, cumulative with +Inf last, and the sum."""
        total, cumulative = 0, []
        for count in self._counts.copy():
            total += count
            cumulative.append(total)
        return cumulative, self._sum

    def bounds(self) -> tuple[float, ...]:
        """Return the buckets' upper bounds without +Inf."""
        return self._bounds

    def mark(self) -> float:
        """Return what changes whenever the series moves."""
        return sum(self._counts)


class Timer:
    """Observes the seconds between entering and leaving; also when an exception leaves."""

    __slots__ = ("_histogram", "_start")

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram

    def __enter__(self) -> Self:
        self._start = perf_counter()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._histogram.observe(perf_counter() - self._start)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate `function`: each call is observed on its own, a coroutine until it has ended."""
        if iscoroutinefunction(function):
            return self._around_coroutine(function)

        @wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            with Timer(self._histogram):
                return function(*args, **kwargs)

        return timed

    def _around_coroutine(self, function: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(function)
        async def timed(*args: P.args, **kwargs: P.kwargs) -> Any:
            with Timer(self._histogram):
                return await function(*args, **kwargs)

        return timed
