"""Lets the agent's threads have the GIL where the bot's loop never rests.

A loop that always has work still polls its sockets between two rounds, and lets the GIL go for a microsecond.
A waiting thread is woken each time, comes too late, and starts to wait anew; its demand for the GIL, due
after 5 ms, is never made (CPython 3.11, `take_gil`). So a saturated bot can keep a probe waiting for seconds.
The tick of a followed loop therefore makes room: where the loop was busy most of the time since the last
tick, it sleeps for a moment, and as long as the agent works, up to a bound.
"""

import asyncio
import selectors
from time import perf_counter, sleep, thread_time

BUSY = 0.5  # of the time since the last tick, on the processor
REST = 50e-6  # seconds; the system makes about 0.1 ms of it
MOST = 0.002  # seconds per tick


class Turn:
    """Whether the agent's loop works, and the room that the bot's loop makes for it."""

    __slots__ = ("_seen", "working")

    def __init__(self) -> None:
        self.working = False  # written by the agent's thread
        self._seen = (0.0, 0.0)

    def offer(self) -> None:
        """Make room if this thread was busy since the last call; runs on the bot's loop."""
        now, used = perf_counter(), thread_time()
        before, used_before = self._seen
        self._seen = (now, used)
        if used - used_before > BUSY * (now - before):
            sleep(REST)
            while self.working and perf_counter() - now < MOST:
                sleep(REST)

    def loop(self) -> asyncio.SelectorEventLoop:
        """Return a loop for the agent that says when it works.

        The selector loop by name: the bot's loop policy (uvloop, say) is the bot's.
        """
        return asyncio.SelectorEventLoop(_Selector(self))


class _Selector(selectors.DefaultSelector):
    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._turn.working = timeout == 0
        found = super().select(timeout)
        self._turn.working = True
        return found
