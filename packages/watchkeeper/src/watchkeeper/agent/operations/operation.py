"""One operation: counted and timed, as a context manager or as a decorator of functions and coroutines."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractContextManager, aclosing
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from time import perf_counter
from typing import Any, ParamSpec, Self, TypeVar

from watchkeeper.agent.metrics.instruments import Counter, Histogram

P = ParamSpec("P")
R = TypeVar("R")

KEPT = 1000  # the last runs, of which percentiles and trend are taken
DEFAULT_TARGET = 0.1


class Operation:
    """The account of one operation. target: the seconds within which 95 of 100 runs should end.

    Counts are exact under threads for the same reason as an instrument's; without a GIL a lock is taken.
    """

    __slots__ = (
        "_lock",
        "_recent",
        "count",
        "errors",
        "failures",
        "longest",
        "name",
        "seconds",
        "shortest",
        "target",
        "total",
    )

    def __init__(
        self,
        name: str,
        target: float,
        seconds: Histogram,
        failures: Counter,
        lock: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.name = name
        self.target = target
        self.seconds = seconds
        self.failures = failures
        self.count = 0
        self.errors = 0
        self.total = 0.0
        self.shortest = float("inf")
        self.longest = 0.0
        self._recent: deque[float] = deque(maxlen=KEPT)
        self._lock = lock

    def ran(self, seconds: float, failed: bool = False) -> None:
        """Take in one run."""
        if self._lock is not None:
            with self._lock:
                self._add(seconds, failed)
        else:
            self._add(seconds, failed)
        self.seconds.observe(seconds)

    def recent(self) -> list[float]:
        """Return the seconds of the last runs, oldest first."""
        return list(self._recent.copy())

    def _add(self, seconds: float, failed: bool) -> None:
        self.count += 1
        self.total += seconds
        if seconds < self.shortest:
            self.shortest = seconds
        if seconds > self.longest:
            self.longest = seconds
        if failed:
            self.errors += 1
            self.failures.inc()
        self._recent.append(seconds)


class Run:
    """One run under way; an exception that leaves it is an error, and what calls `fail`.

    As a decorator, each call is a run.
    """

    __slots__ = ("_failed", "_operation", "_start")

    def __init__(self, operation: Operation) -> None:
        self._operation = operation

    def fail(self) -> None:
        """Count this run as an error although nothing is raised: an order refused, an answer of no use."""
        self._failed = True

    def __enter__(self) -> Self:
        self._failed = False
        self._start = perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        # GeneratorExit and cancellation are ends that somebody wanted, no errors.
        failed = self._failed or (kind is not None and issubclass(kind, Exception))
        self._operation.ran(perf_counter() - self._start, failed)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate `function`; a coroutine or a generator runs until it has ended, its waits among it."""
        if iscoroutinefunction(function):
            return self._around_coroutine(function)
        if isgeneratorfunction(function):
            return self._around_generator(function)
        if isasyncgenfunction(function):
            return self._around_async_generator(function)

        @wraps(function)
        def measured(*args: P.args, **kwargs: P.kwargs) -> R:
            with Run(self._operation):
                return function(*args, **kwargs)

        return measured

    def _around_coroutine(self, function: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(function)
        async def measured(*args: P.args, **kwargs: P.kwargs) -> Any:
            with Run(self._operation):
                return await function(*args, **kwargs)

        return measured

    def _around_generator(self, function: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(function)
        def measured(*args: P.args, **kwargs: P.kwargs) -> Generator[Any, Any, Any]:
            with Run(self._operation):
                return (yield from function(*args, **kwargs))

        return measured

    def _around_async_generator(self, function: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(function)
        async def measured(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[Any]:
            with Run(self._operation):
                async with aclosing(function(*args, **kwargs)) as values:
                    async for value in values:
                        yield value

        return measured
