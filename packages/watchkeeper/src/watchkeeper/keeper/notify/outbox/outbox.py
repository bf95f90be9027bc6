"""The outbox: what it takes is on the disk before it is sent, and stays until a channel took it.

Delivery is at least once. A crash between a send and its record sends again, under the same key; one
crash makes one repeat at most.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import random
from sqlite3 import Connection, Error

from watchkeeper.keeper.alerts.groups import Entry, Notification, Slot
from watchkeeper.keeper.notify.channels.sender import Sender
from watchkeeper.keeper.notify.errors import ChannelError, OutboxUnwritable
from watchkeeper.keeper.notify.outbox import rows
from watchkeeper.keeper.notify.outbox.backoff import backoff, interruption, refusal_pause
from watchkeeper.keeper.notify.outbox.commits import Commits
from watchkeeper.keeper.notify.outbox.courier import Courier
from watchkeeper.keeper.notify.outbox.parcel import Line, Parcel, parcel_of
from watchkeeper.keeper.notify.outbox.sentlog import SentLog
from watchkeeper.keeper.notify.outbox.tally import Tally

LOG = logging.getLogger("watchkeeper.notify")

KEEP_SECONDS = 120 * 3600.0
LONGEST_SECONDS = 3600.0

Told = Callable[[Notification, ChannelError | None], None]
"""Hears of every parcel that was taken (error is None) or refused by a fault of the message or the key."""


def quiet(notification: Notification, error: ChannelError | None) -> None:
    """Hear nothing."""


class Outbox:
    """The couriers of all lines over one file. Times are Unix seconds."""

    def __init__(
        self,
        path: Path,
        senders: Mapping[Line, Sender],
        clock: Callable[[], float],
        told: Told = quiet,
        chance: Callable[[], float] = random,
    ) -> None:
        """Open the file and take up what was owed; raises OutboxUnwritable."""
        db = rows.connect(path)
        self._sent = sent_before(path.with_suffix(".sent"), db, clock())
        self._commits = Commits(db)
        self._clock = clock
        self._told = told
        self._chance = chance
        self._marking = 0
        self.tally = Tally()
        self._couriers = {
            line: Courier(line, sender, self._outcome, clock) for line, sender in senders.items()
        }
        rows.interrupted(db, clock())
        self._take_up(rows.owed(db))
        self._words = rows.last_words(db)

    def _take_up(self, parcels: Iterable[Parcel]) -> None:
        """Queue what was owed when the keeper ended; a line that is no longer configured keeps its rows."""
        now = self._clock()
        for parcel in parcels:
            courier = self._couriers.get(parcel.line)
            if courier is None:
                LOG.warning("%s is owed a page and is no longer configured", parcel.line)
                continue
            earliest = now + interruption(parcel.interruptions)
            # A clock that was set back must not hold a page for days.
            latest = now + LONGEST_SECONDS
            courier.put(replace(parcel, not_before=min(max(parcel.not_before, earliest), latest)))

    def last_words(self, log: Mapping[Slot, Entry] | None = None) -> dict[Slot, Entry]:
        """Return what each slot had been told, or was owed, when the file was opened; the later of both logs.

        A dispatcher that begins with them does not ask again for what is in the outbox already: its own
        log may lack what was handed over right before a crash.
        """
        words = dict(log or {})
        for slot, entry in self._words.items():
            if slot not in words or words[slot].at < entry.at:
                words[slot] = entry
        return words

    def waiting(self) -> list[Parcel]:
        """Return what is owed now, the oldest first."""
        return sorted((p for courier in self._couriers.values() for p in courier.queue), key=lambda p: p.row)

    def failing(self) -> dict[Line, str]:
        """Return the lines whose last try failed, and why."""
        return {line: courier.failing for line, courier in self._couriers.items() if courier.failing}

    async def put(self, notifications: Sequence[Notification]) -> None:
        """Take notifications; on return they are on the disk, and on their way.

        Where the disk refuses them they go out all the same: silence is worse than a repeat.
        """
        parcels = [parcel_of(one) for one in notifications if self._known(one)]
        if not parcels:
            return
        covered = {parcel.key: self._covered(parcel) for parcel in parcels}
        now = self._clock()
        try:
            taken = await self._commits.do(
                lambda db: [insert(db, one, covered[one.key], now) for one in parcels]
            )
        except OutboxUnwritable as error:
            LOG.error("%d pages go out unwritten: %s", len(parcels), error)
            self.tally.unwritten += len(parcels)
            taken = list(parcels)
        for parcel in taken:
            if parcel is not None:
                self._hand_out(parcel, covered[parcel.key])

    def _known(self, notification: Notification) -> bool:
        line = parcel_of(notification).line
        if line not in self._couriers:
            LOG.error("no channel %s for %s", line, notification.group_key)
        return line in self._couriers

    def _covered(self, parcel: Parcel) -> list[Parcel]:
        return self._couriers[parcel.line].queue.covered(parcel)

    def _hand_out(self, parcel: Parcel, covered: Iterable[Parcel]) -> None:
        courier = self._couriers[parcel.line]
        for older in covered:
            courier.drop(older)
            self.tally.replaced += 1
        courier.put(parcel)

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            for courier in self._couriers.values():
                group.create_task(courier.run(), name=f"courier {courier.line}")
            group.create_task(self._forget_daily(), name="outbox housekeeping")

    async def step(self) -> int:
        """Begin what may begin now and wait for it; return how many sends that were."""
        begun = sum(courier.start(self._clock()) for courier in self._couriers.values())
        for courier in self._couriers.values():
            await courier.settle()
        return begun

    async def flush(self, seconds: float) -> int:
        """Send what is owed for so many seconds at most; return how much is still owed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self.step():
                    pass
        return len(self.waiting())

    async def forget(self) -> int:
        """Remove rows that were done long ago; return how many."""
        before = self._clock() - KEEP_SECONDS
        return await self._commits.do(lambda db: rows.forget(db, before))

    async def recent(self, count: int) -> list[tuple[int, str, str, str, float, int, str]]:
        """Return (row, line, group key, state, at, tries, error) of the last rows, the newest first."""
        return await self._commits.do(lambda db: rows.recent(db, count))

    def close(self) -> None:
        """Let go of the files."""
        self._commits.close()
        self._sent.close()

    async def _forget_daily(self) -> None:
        while True:
            await asyncio.sleep(86_400)
            with suppress(OutboxUnwritable):
                await self.forget()

    async def _outcome(self, parcel: Parcel, error: ChannelError | None) -> Parcel | None:
        """Write what became of a parcel; return it where it is to be tried again."""
        now = self._clock()
        if error is None:
            self.tally.took(parcel)
            await self._mark_sent(parcel, now)
            await self._close(self._couriers[parcel.line].outdated(parcel), "dropped", now)
            self._told(parcel.notification, None)
            return None
        self.tally.missed(parcel, error)
        if now - parcel.notification.at > KEEP_SECONDS:
            self._say(parcel, error, "is given up after five days")
            await self._close([parcel], "dropped", now, str(error))
            return None
        again = parcel.failed(str(error), now + self._pause(parcel, error), not error.retryable)
        if again.refused:
            self.tally.refused[parcel.line] += 1
            self._say(parcel, error, "is refused")
            self._told(parcel.notification, error)
        else:
            LOG.warning("%s did not take %s, try %d: %s", parcel.line, parcel.group, again.tries, error)
        await self._write(again)
        return again

    def _pause(self, parcel: Parcel, error: ChannelError) -> float:
        if not error.retryable:
            return refusal_pause(parcel.tries + 1)
        return backoff(parcel.tries + 1, self._chance(), error.retry_after)

    async def _mark_sent(self, parcel: Parcel, now: float) -> None:
        """Note the row at once, and mark it when the commits come to it."""
        if parcel.row:
            self._sent.note(parcel.row)
        self._marking += 1
        await self._close([parcel], "sent", now)
        self._marking -= 1
        if self._sent.full() and not self._marking:
            self._sent.clear()

    def _say(self, parcel: Parcel, error: ChannelError, what: str) -> None:
        """Let a page that a channel does not take stand in the log in full."""
        alerts = [f"{one.status} {dict(one.labels)}" for one in parcel.notification.alerts[:20]]
        LOG.error("%s: a page of %s %s: %s; it said %s", parcel.line, parcel.group, what, error, alerts)

    async def _close(self, parcels: Sequence[Parcel], state: str, now: float, error: str = "") -> None:
        numbers = [parcel.row for parcel in parcels if parcel.row]
        if not numbers:
            return
        try:
            # Lost in a power cut it makes a repeat; waited for, it would make one of many a crash.
            await self._commits.do(lambda db: rows.close(db, numbers, state, now, error), durable=False)
        except OutboxUnwritable as failure:
            LOG.error("rows %s are %s and cannot be marked so: %s", numbers, state, failure)

    async def _write(self, parcel: Parcel) -> None:
        if not parcel.row:
            return
        try:
            await self._commits.do(lambda db: rows.postpone(db, parcel), durable=False)
        except OutboxUnwritable as failure:
            LOG.error("row %d: its next try cannot be written: %s", parcel.row, failure)


def sent_before(path: Path, db: Connection, now: float) -> SentLog:
    """Open the log of what was sent, and mark in the rows what the last life could only note."""
    try:
        log = SentLog(path)
        rows.close(db, log.rows(), "sent", now)
        log.clear()
    except (OSError, Error) as error:
        raise OutboxUnwritable(f"cannot open {path}: {error}") from error
    return log


def insert(db: Connection, parcel: Parcel, covered: Sequence[Parcel], now: float) -> Parcel | None:
    """Write a parcel and close those it says all of; None where it was written before."""
    row = rows.insert(db, parcel)
    if row is None:
        return None
    rows.close(db, [older.row for older in covered if older.row], "replaced", now)
    return parcel.stored_as(row)
