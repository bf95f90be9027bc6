"""A timer on the main thread's CPU time, whose signal takes a sample exactly where that thread is.

A thread that samples others gets the interpreter's lock only when they let go of it, which a bot on an event
loop does where it waits: every sample would show the selector (benchmarks/sampler.py shows it). So the main
thread, where such a loop usually runs, is sampled by a signal while it spends CPU time, and never while idle.

The signal is SIGURG, as in Go's runtime: its default is to be ignored, so a leftover one does no harm. The
timer is a POSIX one (timer_create(2), SIGEV_THREAD_ID; Linux): it aims at one thread, and neither a fork nor
an exec inherits it. Interrupted system calls are restarted.
"""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from time import thread_time_ns
from types import FrameType
from typing import Any

LOG = logging.getLogger("watchkeeper.agent")
SIGEV_THREAD_ID = 4
CLOCK_THREAD_CPUTIME_ID = 3
Take = Callable[[str, FrameType | None, int], None]


def free() -> bool:
    """Tell whether this is the main thread of a Linux process that leaves SIGURG alone."""
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return False
    handler = signal.getsignal(signal.SIGURG)
    owner = getattr(handler, "__self__", None)
    return handler in (signal.SIG_DFL, signal.SIG_IGN) or (isinstance(owner, CpuTimer) and owner.stopped)


class CpuTimer:
    """Samples the main thread each `period` seconds of its CPU time; needs `free()` when it starts."""

    def __init__(self, take: Take, period: float) -> None:
        self._take = take
        self._period = period
        self._before = 0
        self._timer: Any = None
        self._library: Any = None
        self.failed = 0

    def start(self) -> bool:
        """Start; tell whether the system has such a timer."""
        try:
            self._timer = self._made()
        except (OSError, AttributeError, ImportError) as error:
            LOG.info("no CPU timer, a thread samples instead: %s", error)
            return False
        signal.signal(signal.SIGURG, self._on_signal)
        signal.siginterrupt(signal.SIGURG, False)
        self._before = thread_time_ns()
        self._set(self._period)
        return True

    @property
    def stopped(self) -> bool:
        """Tell whether it does not run, though its handler may have stayed."""
        return self._timer is None

    def stop(self) -> None:
        """Stop; the handler goes too where this is the main thread, else it stays and does nothing."""
        if self._timer is None:
            return
        self._library.timer_delete(self._timer)
        self._timer = None
        with suppress(ValueError):
            if signal.getsignal(signal.SIGURG) == self._on_signal:
                signal.signal(signal.SIGURG, signal.SIG_DFL)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Take a sample; runs between two instructions of the bot, so it takes no lock and raises nothing."""
        try:
            now = thread_time_ns()
            spent, self._before = now - self._before, now
            self._take("MainThread", frame, spent)
        except Exception:
            self.failed += 1

    def _made(self) -> Any:
        import ctypes  # half a megabyte that only this needs

        class Event(ctypes.Structure):
            """struct sigevent of Linux, 64 bytes."""

            _fields_ = (
                ("value", ctypes.c_void_p),
                ("number", ctypes.c_int),
                ("notify", ctypes.c_int),
                ("thread", ctypes.c_int),
                ("rest", ctypes.c_int * 11),
            )

        self._library = ctypes.CDLL(None, use_errno=True)
        event = Event(None, signal.SIGURG, SIGEV_THREAD_ID, threading.get_native_id())
        timer = ctypes.c_void_p()
        create = self._library.timer_create
        if create(CLOCK_THREAD_CPUTIME_ID, ctypes.byref(event), ctypes.byref(timer)) != 0:
            raise OSError(ctypes.get_errno(), "timer_create failed")
        return timer

    def _set(self, period: float) -> None:
        import ctypes

        seconds, rest = int(period), int(period % 1 * 1e9)
        times = (ctypes.c_long * 4)(seconds, rest, seconds, rest)  # struct itimerspec: interval, first
        self._library.timer_settime(self._timer, 0, ctypes.byref(times), None)
