"""Samples of threads by a thread: their present stacks, each with the CPU time since the sample before.

The kernel's clock of each thread (clock_gettime(2)) says who ran at all; a thread that did not is no sample,
and where none ran, no stack is looked at. The identity of such a clock is made of the thread's number in the
kernel, so asking for a thread that has ended is an error and nothing worse. Where there are no such clocks,
every thread counts as running.

A look at the stacks costs more than what most threads of a bot spend between two samples. So what a thread
spends adds up until it is a tenth of the period, and the sample that is due then carries all of it.
"""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import clock_gettime_ns

from watchkeeper.agent.profiling.dump import Block, Dumps

Take = Callable[[str, Block, int], None]
PER_THREAD, SCHEDULED = 4, 2  # of include/linux/posix-timers.h
WORTH = 10  # a look is due once a thread has spent this part of the period


@dataclass(slots=True)
class Known:
    """A thread's clock, and what it said when the thread was sampled."""

    clock: int | None
    told: int


class Threads:
    """The threads of this process but for those left out, by their identities."""

    def __init__(self, take: Take, dumps: Dumps, period: float, leave_out: set[int]) -> None:
        self._take = take
        self._dumps = dumps
        self._period = int(period * 1e9)
        self._leave_out = leave_out
        self._known: dict[int, Known] = {}  # by their numbers in the kernel

    def sample(self) -> bool:
        """Take one sample of each thread that spent enough; tell whether there was one."""
        threads = [one for one in threading.enumerate() if one.ident not in self._leave_out]
        ran = [(one, spent) for one in threads if (spent := self._spent(one.native_id or 0)) > 0]
        if len(self._known) > len(threads):
            living = {one.native_id for one in threads}
            self._known = {number: known for number, known in self._known.items() if number in living}
        if ran:
            self._look(ran)
        return bool(ran)

    def _look(self, ran: list[tuple[threading.Thread, int]]) -> None:
        blocks = self._dumps.take()
        for thread, spent in ran:
            if (block := blocks.get(thread.ident or 0)) is not None:
                self._take(thread.name, block, spent)

    def _spent(self, number: int) -> int:
        """Return the nanoseconds of CPU since a thread's last sample; 0 while they are not worth a look."""
        known = self._known.get(number)
        if known is None:
            clock = clock_of(number)
            self._known[number] = Known(clock, now_of(clock))
            return 0
        if known.clock is None:
            return self._period
        now = now_of(known.clock)
        spent = now - known.told
        if 0 <= spent * WORTH < self._period:
            return 0
        known.told = now
        return spent


def clock_of(number: int) -> int | None:
    """Return the CPU clock of a thread by its number in the kernel; None where there is none."""
    return ~number << 3 | PER_THREAD | SCHEDULED if number and sys.platform == "linux" else None


def now_of(clock: int | None) -> int:
    """Return what a clock says; 0 where its thread has ended."""
    try:
        return 0 if clock is None else clock_gettime_ns(clock)
    except OSError:
        return 0
