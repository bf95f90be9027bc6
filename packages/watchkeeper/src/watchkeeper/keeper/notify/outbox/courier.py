"""One line's courier: it takes parcels through the stages, up to the sender's width at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from watchkeeper.keeper.notify.channels.sender import Sender
from watchkeeper.keeper.notify.outbox.parcel import Line, Parcel
from watchkeeper.keeper.notify.outbox.queue import Queue
from watchkeeper.keeper.notify.outbox.record import Record
from watchkeeper.keeper.notify.outbox.stages import Attempt, Mute, Wait


class Courier:
    """Carries the parcels of one line; a group's parcels in order."""

    def __init__(
        self, line: Line, sender: Sender, mute: Mute, record: Record, clock: Callable[[], float]
    ) -> None:
        self.line = line
        self.queue = Queue()
        self._wait = Wait(sender)
        self._mute = mute
        self._attempt = Attempt(sender)
        self._record = record
        self._clock = clock
        self._seen = clock()
        self._under_way: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()

    @property
    def failing(self) -> str:
        """Return why the last try failed; nothing where it did not."""
        return self._wait.failing

    def put(self, parcel: Parcel) -> None:
        """Take a parcel."""
        self.queue.put(parcel)
        self._wake.set()

    def hurry(self, parcel: Parcel) -> None:
        """Try a parcel that waits now, and what stands before it in its group."""
        self.queue.hurry(parcel, self._clock())
        self._wait.at_once()
        self._wake.set()

    def drop(self, parcel: Parcel) -> None:
        """Give up a parcel that another one takes the place of, unless it is on its way already."""
        if not self.queue.under_way(parcel):
            self.queue.drop(parcel)

    async def run(self) -> None:
        """Carry until cancelled; sends that are under way are cancelled, too."""
        try:
            while True:
                self._wake.clear()
                self.start(self._clock())
                await self._rest(self._pause(self._clock()))
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
        self._set_back(now)
        begun = 0
        while self._may_begin(now) and (parcel := self.queue.due(now)) is not None:
            self.queue.begin(parcel)
            self._wait.begin(now)
            task = asyncio.create_task(self._carry(parcel))
            self._under_way.add(task)
            task.add_done_callback(self._over)
            begun += 1
        return begun

    def _set_back(self, now: float) -> None:
        """Let no page wait because the clock was set back."""
        if now < self._seen:
            self.queue.sooner(self._seen - now)
            self._wait.sooner(self._seen - now)
        self._seen = now

    def _may_begin(self, now: float) -> bool:
        return self._wait.seconds(now) <= 0 and self._wait.room(len(self._under_way))

    def _pause(self, now: float) -> float | None:
        """Return the seconds until something may begin; None where only a parcel or an end can tell."""
        due = self.queue.next_due()
        if due is None or not self._wait.room(len(self._under_way)):
            return None
        return max(due - now, self._wait.seconds(now))

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
        if self._mute.stops(parcel):
            await self._record.close([parcel], "muted", self._clock())
            self.queue.drop(parcel)
            return
        self._record.begun(parcel)
        error = await self._attempt(parcel)
        again = None
        if error is None:
            await self._record.taken(parcel, self._clock())
            await self._record.close(self.queue.outdated(parcel), "dropped", self._clock())
        else:
            again = await self._record.missed(parcel, error, self._clock())
        self._wait.over(error, again)
        if again is None:
            self.queue.drop(parcel)
        else:
            self.queue.back(again)
