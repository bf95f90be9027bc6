"""One line's courier: it carries parcels to one sender, and says what became of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from watchkeeper.keeper.notify.channels.sender import Sender
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.outbox.parcel import Line, Parcel
from watchkeeper.keeper.notify.outbox.queue import Queue
from watchkeeper.keeper.notify.pace import Pace

LOG = logging.getLogger("watchkeeper.notify")

Outcome = Callable[[Parcel, ChannelError | None], Awaitable[Parcel | None]]
"""(parcel, what went wrong) -> the parcel to try again, or None where it is done."""


class Courier:
    """Carries the parcels of one line, up to the sender's width at once; a group's parcels in order.

    While the line fails, one parcel at a time probes it: a channel that is down is not hammered by all
    that waits for it.
    """

    def __init__(self, line: Line, sender: Sender, outcome: Outcome, clock: Callable[[], float]) -> None:
        self.line = line
        self.queue = Queue()
        self._sender = sender
        self._outcome = outcome
        self._clock = clock
        self._pace = Pace(sender.limit)
        self._under_way: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._not_before = 0.0
        self.failing = ""

    def put(self, parcel: Parcel) -> None:
        """Take a parcel."""
        self.queue.put(parcel)
        self._wake.set()

    def drop(self, parcel: Parcel) -> None:
        """Give up a parcel that another one takes the place of, unless it is on its way already."""
        if not self.queue.under_way(parcel):
            self.queue.drop(parcel)

    def outdated(self, parcel: Parcel) -> list[Parcel]:
        """Drop and return the refused parcels that are older than one that was taken."""
        return self.queue.outdated(parcel)

    async def run(self) -> None:
        """Carry until cancelled; sends that are under way are cancelled, too."""
        try:
            while True:
                self._wake.clear()
                self.start(self._clock())
                await self._rest(self.pause(self._clock()))
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    def start(self, now: float) -> int:
        """Begin every send that may begin now; return how many."""
        begun = 0
        while self._free(now) and (parcel := self.queue.due(now)) is not None:
            self.queue.begin(parcel)
            self._pace.take(now)
            task = asyncio.create_task(self._carry(parcel))
            self._under_way.add(task)
            task.add_done_callback(self._over)
            begun += 1
        return begun

    def pause(self, now: float) -> float | None:
        """Return the seconds until something may begin; None where only a parcel or an end can tell."""
        due = self.queue.next_due()
        if due is None or len(self._under_way) >= self._width():
            return None
        return max(due - now, self._not_before - now, self._pace.delay(now), 0.0)

    def _free(self, now: float) -> bool:
        waits = now < self._not_before or self._pace.delay(now) > 0
        return not waits and len(self._under_way) < self._width()

    def _width(self) -> int:
        return 1 if self.failing else self._sender.width

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()

    async def _rest(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _carry(self, parcel: Parcel) -> None:
        error = await self._try(parcel)
        again = await self._outcome(parcel, error)
        if again is None:
            self.queue.drop(parcel)
        else:
            self.queue.back(again)
            if not again.refused:
                # What the channel itself cannot do now holds for all that waits for it.
                self._not_before = again.not_before
        self.failing = str(error) if error is not None else ""

    async def _try(self, parcel: Parcel) -> ChannelError | None:
        try:
            async with asyncio.timeout(self._sender.timeout):
                await self._sender.send(parcel.notification, parcel.key)
        except ChannelError as error:
            return error
        except TimeoutError:
            return ChannelError(f"no answer within {self._sender.timeout:g} s", reason="timeout")
        except Exception as error:  # a sender with a fault of its own must not stop the others
            LOG.exception("channel %s failed on %s", self.line, parcel.slot.group_key)
            return ChannelError(f"{type(error).__name__}: {error}", retryable=False)
        return None
