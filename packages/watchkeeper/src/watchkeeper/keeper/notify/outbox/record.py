"""The last stage: what became of a try is written, and heard by whoever asked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.errors import ChannelError, OutboxUnwritable
from watchkeeper.keeper.notify.outbox import rows
from watchkeeper.keeper.notify.outbox.backoff import backoff, refusal_pause
from watchkeeper.keeper.notify.outbox.commits import Commits
from watchkeeper.keeper.notify.outbox.flightlog import FlightLog
from watchkeeper.keeper.notify.outbox.parcel import Parcel
from watchkeeper.keeper.notify.outbox.tally import Tally

LOG = logging.getLogger("watchkeeper.notify")

# After five days nobody wants to be called for it.
KEEP_SECONDS = 120 * 3600.0

Told = Callable[[Notification, ChannelError | None], None]
"""Hears of every parcel that was taken (error is None) or refused by a fault of the message or the key."""


def quiet(notification: Notification, error: ChannelError | None) -> None:
    """Hear nothing."""


class Record:
    """Writes outcomes. Times are Unix seconds; chance in [0, 1) spreads the pauses."""

    def __init__(self, commits: Commits, flights: FlightLog, told: Told, chance: Callable[[], float]) -> None:
        self._commits = commits
        self._flights = flights
        self._told = told
        self._chance = chance
        self.tally = Tally()

    def begun(self, parcel: Parcel) -> None:
        """Note that a parcel goes out."""
        self._flights.begin(parcel.row)

    async def taken(self, parcel: Parcel, now: float) -> None:
        """Note it at once, and mark it when the commits come to it."""
        self._flights.end(parcel.row, taken=True)
        self.tally.took(parcel)
        await self.close([parcel], "sent", now)
        self._flights.marked(parcel.row)
        self._told(parcel.notification, None)

    async def missed(self, parcel: Parcel, error: ChannelError, now: float) -> Parcel | None:
        """Return the parcel to be tried again, with its time; None where it is given up."""
        self._flights.end(parcel.row, taken=False)
        self.tally.missed(parcel, error)
        if now - parcel.notification.at > KEEP_SECONDS:
            say(parcel, error, "is given up after five days")
            await self.close([parcel], "dropped", now, str(error))
            return None
        again = parcel.failed(str(error), now + self._pause(parcel, error), not error.retryable)
        if again.refused:
            self.tally.refused[parcel.line] += 1
            say(parcel, error, "is refused")
            self._told(parcel.notification, error)
        else:
            LOG.warning("%s did not take %s, try %d: %s", parcel.line, parcel.group, again.tries, error)
        await self._postpone(again)
        return again

    async def close(self, parcels: Sequence[Parcel], state: str, now: float, error: str = "") -> None:
        """Mark rows as done; a disk that refuses is said, and costs a repeat after a restart."""
        numbers = [parcel.row for parcel in parcels if parcel.row]
        if not numbers:
            return
        try:
            # Lost in a power cut it makes a repeat; waited for, it would make one of many a crash.
            await self._commits.do(lambda db: rows.close(db, numbers, state, now, error), durable=False)
        except OutboxUnwritable as failure:
            LOG.error("rows %s are %s and cannot be marked so: %s", numbers, state, failure)

    def _pause(self, parcel: Parcel, error: ChannelError) -> float:
        if not error.retryable:
            return refusal_pause(parcel.tries + 1)
        return backoff(parcel.tries + 1, self._chance(), error.retry_after)

    async def _postpone(self, parcel: Parcel) -> None:
        if not parcel.row:
            return
        try:
            await self._commits.do(lambda db: rows.postpone(db, parcel), durable=False)
        except OutboxUnwritable as failure:
            LOG.error("row %d: its next try cannot be written: %s", parcel.row, failure)


def say(parcel: Parcel, error: ChannelError, what: str) -> None:
    """Let a page that a channel does not take stand in the log in full."""
    alerts = [f"{one.status} {dict(one.labels)}" for one in parcel.notification.alerts[:20]]
    LOG.error("%s: a page of %s %s: %s; it said %s", parcel.line, parcel.group, what, error, alerts)
