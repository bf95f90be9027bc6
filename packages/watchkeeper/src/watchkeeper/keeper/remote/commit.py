"""Group commit: many writers wait for one flush."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PACE_SECONDS = 0.1


class Commit:
    """Say when what was appended is on the disk; flushes come at most every `pace` seconds.

    A flush costs a sync of the disk whatever it holds, and each makes a frame of the store's journal.
    """

    def __init__(self, flush: Callable[[], None], pace: float = PACE_SECONDS) -> None:
        self._flush = flush
        self._pace = pace
        self._last = -pace
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None

    async def durable(self) -> None:
        """Return once all that was appended before this call is on the disk; raises what the flush does."""
        if self._next is None:
            self._next = asyncio.create_task(self._round())
        await asyncio.shield(self._next)

    async def _round(self) -> None:
        async with self._turn:
            clock = asyncio.get_running_loop().time
            await asyncio.sleep(max(0.0, self._last + self._pace - clock()))
            self._next = None  # whoever comes from here on may have appended too late for this flush
            self._last = clock()
            await asyncio.to_thread(self._flush)
