"""The venue's time in milliseconds: the wall's, the wall's times a speed, or moved by hand."""

from __future__ import annotations

import asyncio
import heapq
import time
from itertools import count
from typing import Protocol


class Clock(Protocol):
    """Where the venue's time comes from."""

    def now(self) -> int:
        """Return the venue's time in milliseconds since 1970."""

    async def sleep(self, seconds: float) -> None:
        """Wait for a span of the venue's time."""


class WallClock:
    """The wall clock from a start on, running at a speed."""

    def __init__(self, speed: float = 1.0, start: int | None = None) -> None:
        self._speed = speed
        self._start = start if start is not None else time.time_ns() // 1_000_000
        self._from = time.monotonic()

    def now(self) -> int:
        """Return the venue's time in milliseconds since 1970."""
        return self._start + int((time.monotonic() - self._from) * 1000 * self._speed)

    async def sleep(self, seconds: float) -> None:
        """Wait for a span of the venue's time."""
        await asyncio.sleep(seconds / self._speed)


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: int) -> None:
        self._now = start
        self._order = count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._asleep = asyncio.Event()

    def now(self) -> int:
        """Return the venue's time in milliseconds since 1970."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved far enough."""
        wake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + round(seconds * 1000), next(self._order), wake))
        self._asleep.set()
        await wake

    async def somebody_sleeps(self) -> None:
        """Return when somebody waits for the clock: then moving it has an effect."""
        while not self._sleepers:
            self._asleep.clear()
            await self._asleep.wait()

    def move(self, to: int) -> None:
        """Set the time and wake those whose time has come; time never goes back."""
        self._now = max(self._now, to)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            wake = heapq.heappop(self._sleepers)[2]
            if not wake.done():
                wake.set_result(None)
