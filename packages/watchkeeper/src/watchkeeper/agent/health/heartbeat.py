"""A sign of life that the watched loop gives by itself; its absence is a deadlock."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from threading import get_ident
from typing import Self

from watchkeeper.agent.clock import Clock
from watchkeeper.agent.profiling.dump import Dumps, parsed

STDLIB = str(Path(os.__file__).parent)  # the module sysconfig would cost half a megabyte


class Heartbeat:
    """The sign of life of one loop or thread; judged from its first beat on.

    limit: seconds without a beat after which the loop counts as hung. on_lag takes the lateness of each tick
    of a followed loop, offer is called after it.
    """

    __slots__ = (
        "_asyncio_loop",
        "_at",
        "_follower",
        "_now",
        "_offer",
        "_on_lag",
        "every",
        "limit",
        "name",
        "thread",
    )

    def __init__(
        self,
        name: str,
        limit: float,
        clock: Clock | None = None,
        on_lag: Callable[[float], None] | None = None,
        offer: Callable[[], None] | None = None,
    ) -> None:
        if not limit > 0:
            raise ValueError(f"the limit of heartbeat {name!r} must be above 0: {limit}")
        self.name = name
        self.limit = limit
        self._now = (clock or Clock()).steady
        self._on_lag = on_lag
        self._offer = offer
        self._at: float | None = None
        self.every = 0.0  # seconds between two beats of a followed loop
        self.thread = 0  # the identity of a followed loop's thread
        self._asyncio_loop: asyncio.AbstractEventLoop | None = None
        self._follower = 0  # the present follower's number; an older one ends itself

    def beat(self) -> None:
        """Say that the loop lives; call it wherever the loop comes round."""
        self._at = self._now()

    def rest(self) -> None:
        """Judge no more, until the next beat: the loop ends or pauses on purpose."""
        self._follower += 1
        self._at = None

    def follow(self, loop: asyncio.AbstractEventLoop, every: float = 0.1) -> Self:
        """Beat from inside `loop` each `every` seconds and measure how late the loop comes; thread-safe.

        A stall of D seconds shows as D minus at most `every`.
        """
        self._follower += 1
        self._asyncio_loop = loop
        self.every = every
        loop.call_soon_threadsafe(self._first_tick, loop, every, self._follower)
        return self

    def age(self) -> float | None:
        """Return the seconds since the last beat; None before the first one."""
        at = self._at
        return None if at is None else max(0.0, self._now() - at)

    def last(self) -> float | None:
        """Return when the last beat was, by the steady clock; None before the first one and at rest."""
        return self._at

    def loop(self) -> asyncio.AbstractEventLoop | None:
        """Return the loop that it follows."""
        return self._asyncio_loop

    def complaint(self) -> str:
        """Return why the loop counts as hung, and where it stands; empty while it lives."""
        age = self.age()
        if age is None or age <= self.limit:
            return ""
        where = standing(self.thread)
        return f"{self.name}: no heartbeat for {age:.1f} s (limit {self.limit:g} s){where and ', ' + where}"

    def tasks(self) -> int | None:
        """Return how many tasks the followed loop has; None when it follows none."""
        if self._asyncio_loop is None:
            return None
        try:
            return len(asyncio.all_tasks(self._asyncio_loop))
        except RuntimeError:  # the set of tasks kept changing under the count
            return None

    def _first_tick(self, loop: asyncio.AbstractEventLoop, every: float, follower: int) -> None:
        self.thread = get_ident()
        self._tick(loop, every, follower, loop.time())

    def _tick(self, loop: asyncio.AbstractEventLoop, every: float, follower: int, due: float) -> None:
        if follower != self._follower:
            return
        self.beat()
        now = loop.time()
        if self._on_lag is not None:
            self._on_lag(max(0.0, now - due))
        if self._offer is not None:
            self._offer()
        loop.call_at(now + every, self._tick, loop, every, follower, now + every)


def standing(thread: int) -> str:
    """Say at which line a thread stands: the innermost frame outside the standard library."""
    dumps = Dumps()
    try:
        stack = parsed(dumps.take().get(thread, b""))
    finally:
        dumps.close()
    ours = next((frame for frame in stack if _outside_stdlib(frame.file)), stack[0] if stack else None)
    if ours is None:
        return ""
    return f"at {Path(ours.file).name}:{ours.line} in {ours.function.rpartition('.')[2]}"


def _outside_stdlib(path: str) -> bool:
    return not path.startswith(("<", STDLIB)) or "site-packages" in path
