"""What the API reads, and the threads that queries run in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from starlette.requests import Request

from watchkeeper.keeper.heap import give_back
from watchkeeper.keeper.promql import Engine, TooManyQueries, TooManySamples
from watchkeeper.keeper.rules import GroupMemory
from watchkeeper.keeper.scrape import Family, TargetStatus
from watchkeeper.keeper.store import Series, Store
from watchkeeper.keeper.store import TooManySamples as StoreHoldsMore
from watchkeeper.keeper.web.prometheus.envelope import Canceled
from watchkeeper.keeper.web.prometheus.quick import Quick

T = TypeVar("T")
WORKERS = 2
MOST_WAITING = 64
TIDY_SECONDS = 1.0


class Ruled(Protocol):
    """What is known of the rules."""

    @property
    def memories(self) -> Sequence[GroupMemory]: ...
    @property
    def interval_ms(self) -> int: ...


@dataclass(slots=True)
class Bounded:
    """The store as one query sees it: what it reads is counted, and refused beyond a bound."""

    store: Store
    most: int
    held: int = 0

    def select(self, matchers: Sequence[Any], start_ms: int, end_ms: int, /) -> list[Series]:
        """Return the matching series; raises TooManySamples before more than the bound are held."""
        try:
            found = self.store.select(matchers, start_ms, end_ms, max_samples=self.most - self.held)
        except StoreHoldsMore:
            raise TooManySamples from None
        self.held += sum(len(series.times) for series in found)
        return found


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that the API answers from; times are Unix seconds."""

    store: Store
    engine: Engine
    now: Callable[[], float]
    version: str
    started: float
    targets: Callable[[], list[TargetStatus]]
    metadata: Callable[[], dict[str, list[Family]]]
    sayings: Callable[[], list[tuple[tuple[tuple[str, str], ...], dict[str, Family]]]]
    rules: Ruled
    flags: Callable[[], dict[str, str]]
    config: Callable[[], str]
    data: Path
    retention: str = ""
    external_labels: tuple[tuple[str, str], ...] = ()

    def now_ms(self) -> int:
        """Return the time in milliseconds."""
        return int(self.now() * 1000)

    def bounded(self, most: int) -> Bounded:
        """Return the store for one query that may read `most` samples."""
        return Bounded(self.store, min(most, self.engine.limits.samples))


@dataclass(slots=True)
class Running:
    """The queries under way: a few threads, a bounded queue before them.

    A query ends early when its time is over or its client has gone; both are asked for between its steps.
    """

    timeout: float
    waiting: int = 0
    quick: Quick = field(default_factory=Quick)
    tidying: asyncio.TimerHandle | None = None
    pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(WORKERS, thread_name_prefix="query")
    )

    async def run(self, request: Request, limit: float | None, work: Callable[[Callable[[], bool]], T]) -> T:
        """Run `work(expired)` beside the loop; `limit` in seconds can only shorten the time allowed.

        Raises TooManyQueries, and Canceled once nobody waits for the answer.
        """
        if self.waiting >= MOST_WAITING:
            raise TooManyQueries(MOST_WAITING)
        due = time.monotonic() + min(self.timeout, self.timeout if limit is None else limit)
        gone = asyncio.create_task(_gone(request))
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self.pool, work, lambda: gone.done() or time.monotonic() > due
            )
        except Exception as error:
            if gone.done():
                raise Canceled("query was canceled in expression evaluation") from error
            raise
        finally:
            self.waiting -= 1
            gone.cancel()

    def tidy(self) -> None:
        """Give memory back in a moment; asked for again meanwhile, it is done once.

        Done at once it would take the interpreter from the answer that is being written: 30 ms.
        """
        if self.tidying is None:
            self.tidying = asyncio.get_running_loop().call_later(TIDY_SECONDS, self._tidied)

    def _tidied(self) -> None:
        self.tidying = None
        self.pool.submit(give_back)

    def close(self) -> None:
        """Let go of the threads; what runs ends by itself."""
        if self.tidying is not None:
            self.tidying.cancel()
        self.pool.shutdown(wait=False, cancel_futures=True)


async def _gone(request: Request) -> None:
    """Return when the client hangs up; the body has been read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
