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
from watchkeeper.keeper.notify.errors import OutboxUnwritable, Undeliverable
from watchkeeper.keeper.notify.message.view import ACKNOWLEDGED
from watchkeeper.keeper.notify.outbox import rows
from watchkeeper.keeper.notify.outbox.backoff import interruption
from watchkeeper.keeper.notify.outbox.commits import Commits
from watchkeeper.keeper.notify.outbox.courier import Courier
from watchkeeper.keeper.notify.outbox.delivery import Delivery, deliveries
from watchkeeper.keeper.notify.outbox.flightlog import FlightLog
from watchkeeper.keeper.notify.outbox.parcel import Line, Parcel, parcel_of
from watchkeeper.keeper.notify.outbox.record import KEEP_SECONDS, Record, Told, quiet
from watchkeeper.keeper.notify.outbox.stages import Mute, Muted, never
from watchkeeper.keeper.notify.outbox.undelivered import Standing, Undelivered, undelivered

LOG = logging.getLogger("watchkeeper.notify")

LONGEST_SECONDS = 3600.0
# The dispatcher keeps the pages of a group's escalation apart under this name.
ESCALATION = "/escalation"


class Outbox:
    """The couriers of all lines over one file. Times are Unix seconds."""

    def __init__(
        self,
        path: Path,
        senders: Mapping[Line, Sender],
        clock: Callable[[], float],
        told: Told = quiet,
        muted: Muted = never,
        chance: Callable[[], float] = random,
    ) -> None:
        """Open the file and take up what was owed; raises OutboxUnwritable.

        told hears what became of each notification; muted says whether one that waits was silenced.
        """
        self._path = path
        self._db = db = rows.connect(path)
        self._flights = taken_over(path.with_suffix(".flight"), db, clock())
        self._commits = Commits(db)
        self._clock = clock
        self._record = Record(self._commits, self._flights, told, chance)
        self.tally = self._record.tally
        self._couriers = {
            line: Courier(line, sender, Mute(muted), self._record, clock) for line, sender in senders.items()
        }
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
            # A clock that was set back must not hold a page for days.
            courier.put(replace(parcel, not_before=min(parcel.not_before, now + LONGEST_SECONDS)))

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

    def told_up_to(self, slot: Slot, end: int) -> int:
        """Return the last row that a slot was told of, or is owed; a slot that is new begins at `end`.

        Where rows begin again (their file is new) it begins at their end, too. The beginning is written,
        so that a crash before the first telling forgets nothing; raises OutboxUnwritable. To be asked
        before anything is put: it does without the thread that writes.
        """
        told = rows.last_row(self._db, slot)
        if told is not None and told <= end:
            return told
        try:
            rows.begin(self._db, slot, end, self._clock())
        except Error as error:
            raise OutboxUnwritable(f"the outbox cannot be written: {error}") from error
        return end

    def waiting(self) -> list[Parcel]:
        """Return what is owed now, the oldest first."""
        return sorted((p for courier in self._couriers.values() for p in courier.queue), key=lambda p: p.row)

    def failing(self) -> dict[Line, str]:
        """Return the lines whose last try failed, and why."""
        return {line: courier.failing for line, courier in self._couriers.items() if courier.failing}

    async def undelivered(self) -> list[Undelivered]:
        """Return what did not get through so far, the newest first; raises OutboxUnreadable."""
        standing = Standing(lambda line: line in self._couriers, self.failing())
        return await asyncio.to_thread(undelivered, self._path, standing)

    async def again(self, row: int) -> None:
        """Try a notification that was not delivered now; one that was given up is owed again.

        Raises Undeliverable where there is none, or no channel for it, and OutboxUnwritable.
        """
        if self._hurried(row):
            return
        parcel = await self._commits.do(lambda db: rows.undelivered(db, row), durable=False)
        if parcel is None:
            raise Undeliverable(f"row {row} is not among what was not delivered", known=False)
        courier = self._couriers.get(parcel.line)
        if courier is None:
            raise Undeliverable(f"{parcel.line} is no longer configured", known=True)
        # False: somebody else was quicker, and it is on its way.
        if await self._commits.do(lambda db: rows.reopen(db, row)):
            courier.put(parcel)
            courier.hurry(parcel)

    def _hurried(self, row: int) -> bool:
        """Let a parcel that is owed go out now; False where it is none."""
        for courier in self._couriers.values():
            found = next((one for one in courier.queue if one.row == row), None)
            if found is not None:
                courier.hurry(found)
                return True
        return False

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

    async def acknowledged(self, group_key: str, who: str) -> int:
        """Tell every channel that was told that a group fires that somebody has taken it on; return how many.

        PagerDuty's incident is acknowledged, chats and mailboxes hear who it was. Raises OutboxUnwritable.
        """
        root = group_key.removesuffix(ESCALATION)
        told = await self._commits.do(lambda db: rows.last_of(db, (root, root + ESCALATION)), durable=False)
        now = self._clock()
        words = [
            replace(one, at=now, reason=ACKNOWLEDGED, people=(who,), urgency="")
            for one in told
            if one.status == "firing"
        ]
        await self.put(words)
        return len(words)

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

    async def deliveries(self, fingerprint: str, count: int = 100) -> list[Delivery]:
        """Return what became of the last notifications of an alert, the oldest first.

        Raises OutboxUnreadable.
        """
        return await asyncio.to_thread(deliveries, self._path, fingerprint, count)

    def close(self) -> None:
        """Let go of the files."""
        self._commits.close()
        self._flights.close()

    async def _forget_daily(self) -> None:
        while True:
            await asyncio.sleep(86_400)
            with suppress(OutboxUnwritable):
                await self.forget()


def taken_over(path: Path, db: Connection, now: float) -> FlightLog:
    """Open the log of flights, and write in the rows what the last life could only note."""
    try:
        log = FlightLog(path)
        rows.take_over(db, log.last_life(), now, interruption)
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
