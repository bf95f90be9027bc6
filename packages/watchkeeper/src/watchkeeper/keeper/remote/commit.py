"""Group commit: many writers wait for one flush."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PACE_SECONDS = 0.1
ENOUGH_SAMPLES = 4000


class Commit:
    """Say when what was appended is on the disk; flushes come every `pace` seconds, sooner when many wait.

    A flush costs a sync of the disk whatever it holds, and each makes a frame of the store's journal: many
    small frames would have rows sealed before they are worth it.
    """

    def __init__(
        self, flush: Callable[[], None], pace: float = PACE_SECONDS, enough: int = ENOUGH_SAMPLES
    ) -> None:
        self._flush = flush
        self._pace = pace
        self._enough = enough
        self._last = -pace
        self._samples = 0
        self._many = asyncio.Event()
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None

    async def durable(self, samples: int = 0) -> None:
        """Return once all that was appended before this call is on the disk; raises what the flush does."""
        self._samples += samples
        if self._samples >= self._enough:
            self._many.set()
        if self._next is None:
            self._next = asyncio.create_task(self._round())
        await asyncio.shield(self._next)

    async def _round(self) -> None:
        async with self._turn:
            clock = asyncio.get_running_loop().time
            await self._gather(self._last + self._pace - clock())
            self._next = None  # whoever comes from here on may have appended too late for this flush
            self._last, self._samples = clock(), 0
            self._many.clear()
            await asyncio.to_thread(self._flush)

    async def _gather(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._many.wait()
        except TimeoutError:
            pass
