"""When groups are evaluated: each at its own offset, missed rounds counted. The one module with a clock."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from watchkeeper.keeper.promql import Sample
from watchkeeper.keeper.promql.labels import xxh64

from .evaluate import STALE, Setting, evaluate
from .outcome import GroupMemory, Outcome, carried
from .restore import Tolerance, restore
from .rule import Group

_log = logging.getLogger(__name__)

DEFAULT_INTERVAL_MS = 60_000


def first_slot(key: str, interval: int, now: int) -> int:
    """Return the first time from now on at which a group is due; groups are spread over the interval."""
    offset = xxh64(key.encode()) % interval
    return now + (offset - now) % interval


def next_slot(slot: int, now: int, interval: int) -> tuple[int, int]:
    """Return the time after `slot` at which a group is due, and how many were missed in between."""
    passed = max(1, (now - slot) // interval)
    return slot + passed * interval, passed - 1


def unix_ms() -> int:
    """Return the time in milliseconds."""
    return time.time_ns() // 1_000_000


Run = Callable[[Callable[[], Outcome]], Awaitable[Outcome]]


class Schedule:
    """Evaluate groups at their times until cancelled, and tell every outcome.

    `told` is called in the loop's thread after each evaluation. Evaluations run one at a time beside the
    loop (`run`), so that the page and the probes go on answering.
    """

    def __init__(
        self,
        setting: Setting,
        told: Callable[[Outcome], None],
        *,
        interval: int = DEFAULT_INTERVAL_MS,
        clock: Callable[[], int] = unix_ms,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        run: Run = asyncio.to_thread,
    ) -> None:
        self.setting = setting
        self.memories: list[GroupMemory] = []
        self.errors = 0
        self._told = told
        self._interval = interval
        self._clock = clock
        self._sleep = sleep
        self._run = run
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()

    def load(self, groups: Sequence[Group], tolerance: Tolerance | None = None) -> None:
        """Take other groups; rules that stay keep their alerts, new ones get back what the store knows."""
        known = {memory.group.key for memory in self.memories}
        self.memories, ended = carried(self.memories, groups)
        now = self._clock()
        if ended:
            self.setting.append([Sample(labels, now, STALE) for labels in sorted(ended)])
        for memory in self.memories:
            if memory.group.key not in known:
                restore(memory, self.setting.store, now, tolerance or Tolerance())
        self._changed.set()

    async def follow(self) -> None:
        """Evaluate all groups at their times; starts anew with what `load` brings."""
        while True:
            self._changed.clear()
            tasks = [asyncio.create_task(self._follow(memory)) for memory in self.memories]
            try:
                await self._changed.wait()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, memory: GroupMemory) -> None:
        interval = memory.group.interval or self._interval
        slot = first_slot(memory.group.key, interval, self._clock())
        while True:
            await self._sleep(max(0, slot - self._clock()) / 1000)
            await self._evaluate(memory, slot)
            slot, missed = next_slot(slot, self._clock(), interval)
            memory.missed += missed

    async def _evaluate(self, memory: GroupMemory, slot: int) -> None:
        try:
            async with self._turn:
                outcome = await self._whole(self._run(lambda: evaluate(memory, self.setting, slot)))
            self._told(outcome)
        except Exception:  # one bad round must not end the group's watch
            self.errors += 1
            _log.exception("the group %s could not be evaluated", memory.group.key)

    async def _whole(self, round_: Awaitable[Outcome]) -> Outcome:
        """Wait for an evaluation to its end, though cancelled: a thread cannot be stopped, and whoever
        cancels is about to close the store or to evaluate the same rules anew."""
        work = asyncio.ensure_future(round_)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            raise
