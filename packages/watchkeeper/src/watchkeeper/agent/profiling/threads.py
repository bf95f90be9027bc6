"""Samples of threads by a thread: their present stacks, each with the CPU time since the sample before.

The kernel's clock of each thread (clock_gettime(2)) says who ran at all; a thread that did not is no sample.
The identity of such a clock is made of the thread's number in the kernel, so asking for a thread that has
ended is an error and nothing worse. Where there are no such clocks, every thread counts as running.
"""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import clock_gettime_ns
from types import FrameType

Take = Callable[[str, FrameType | None, int], None]
PER_THREAD, SCHEDULED = 4, 2  # of include/linux/posix-timers.h


@dataclass(slots=True)
class Known:
    """A thread that was seen: its name, its clock, and what that clock said."""

    name: str
    clock: int | None
    spent: int


def clock_of(native: int | None) -> int | None:
    """Return the CPU clock of a thread by its number in the kernel; None where there is none."""
    return None if native is None or sys.platform != "linux" else ~native << 3 | PER_THREAD | SCHEDULED


class Threads:
    """The threads of this process but for those left out, by their identities."""

    def __init__(self, take: Take, period: float, leave_out: set[int]) -> None:
        self._take = take
        self._period = int(period * 1e9)
        self._leave_out = leave_out
        self._known: dict[int, Known] = {}

    def sample(self) -> bool:
        """Take one sample of each thread that ran; tell whether there was one."""
        ran, frames = False, sys._current_frames()
        for identity, frame in frames.items():
            if identity not in self._leave_out and (spent := self._spent(identity)) > 0:
                self._take(self._known[identity].name, frame, spent)
                ran = True
        if len(self._known) > len(frames):
            self._known = {one: self._known[one] for one in frames if one in self._known}
        return ran

    def _spent(self, identity: int) -> int:
        """Return the nanoseconds of CPU that a thread spent since its last sample; 0 for the first one."""
        known = self._known.get(identity) or self._met(identity)
        if known.clock is None:
            return self._period
        try:
            now = clock_gettime_ns(known.clock)
        except OSError:  # it ended, and another one has its identity now
            self._met(identity)
            return 0
        spent, known.spent = now - known.spent, now
        return spent

    def _met(self, identity: int) -> Known:
        thread = next((one for one in threading.enumerate() if one.ident == identity), None)
        clock = clock_of(thread.native_id if thread else None)
        known = Known(thread.name if thread else f"thread {identity}", clock, now_of(clock))
        self._known[identity] = known
        return known


def now_of(clock: int | None) -> int:
    """Return what a clock says; 0 where its thread has ended."""
    try:
        return 0 if clock is None else clock_gettime_ns(clock)
    except OSError:
        return 0
