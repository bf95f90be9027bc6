"""The alert desk: where alerts and the words of people come in, and tellings go out.

The order is that of every alarm: take in, write, act. Nobody is answered and nothing is told before what
follows from it is on the disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from watchkeeper.keeper.alerts import (
    Acknowledgement,
    Alerting,
    AlertInvalid,
    AlertView,
    Change,
    Dispatcher,
    GroupView,
    Memory,
    Notification,
    Posted,
    Silence,
    alert_views,
    group_views,
    incident_views,
    over_views,
)
from watchkeeper.keeper.alerts.changes import Event
from watchkeeper.keeper.alerts.incidents import Incident
from watchkeeper.keeper.alerts.silences import check_new
from watchkeeper.keeper.alertstore import AlertStoreUnwritable

LOG = logging.getLogger("watchkeeper.alerts")

MOST_ALERTS = 50_000
# So many alerts are taken in before others get a turn on the loop: about 5 ms.
TURN = 200
LONGEST_REST = 30.0

Carry = Callable[[Sequence[Notification]], Awaitable[None]]
"""Takes notifications into hands that will not lose them; the outbox's `put`."""


class Rows(Protocol):
    """What keeps the changes, and the story of each alert."""

    def write(self, changes: Iterable[Change], now: float) -> None: ...

    def timeline(self, fingerprint: str, count: int = 200) -> list[Event]: ...

    def expire(self, before: float) -> int: ...


class TooManyAlerts(Exception):
    """More alerts than are kept; nothing of the post was taken."""


@dataclass(slots=True)
class AlertTally:
    """What is counted."""

    received: int = 0
    invalid: int = 0
    unwritten: int = 0


class AlertDesk:
    """A dispatcher at work over its rows. Times are Unix seconds."""

    def __init__(
        self,
        alerting: Alerting,
        rows: Rows,
        memory: Memory,
        carry: Carry,
        clock: Callable[[], float],
        most: int = MOST_ALERTS,
    ) -> None:
        self.started = clock()
        self.dispatcher = Dispatcher(alerting, self.started, memory)
        self.tally = AlertTally()
        self._rows = rows
        self._carry = carry
        self._clock = clock
        self._most = most
        self._unwritten: list[Change] = []
        self._writing = asyncio.Lock()
        self._wake = asyncio.Event()

    @property
    def alerting(self) -> Alerting:
        """Return the configuration at work."""
        return self.dispatcher.alerting

    def now(self) -> float:
        return self._clock()

    # Alerts

    async def post(self, posted: Sequence[Posted]) -> list[AlertInvalid]:
        """Take alerts in; return why others were refused. On return the good ones are on the disk.

        Raise TooManyAlerts where they are more than can be kept, AlertStoreUnwritable where the disk
        refuses them; they are told all the same.
        """
        kept = len(self.dispatcher.register.alerts)
        if kept + len(posted) > self._most and kept + self._fresh(posted) > self._most:
            raise TooManyAlerts(f"at most {self._most} alerts are kept, and {kept} are")
        refused: list[AlertInvalid] = []
        for start in range(0, len(posted), TURN):
            refused += self.dispatcher.receive(posted[start : start + TURN], self._clock())
            await asyncio.sleep(0)
        self.tally.received += len(posted)
        self.tally.invalid += len(refused)
        await self._commit()
        self._wake.set()
        return refused

    def _fresh(self, posted: Sequence[Posted]) -> int:
        known = self.dispatcher.register.alerts
        return sum(known.get(tuple(sorted(one.labels.items()))) is None for one in posted)

    def alerts(self) -> list[AlertView]:
        """Return the alerts that are not over."""
        return alert_views(self.dispatcher, self._clock())

    def over(self) -> list[AlertView]:
        """Return the alerts that are over and not forgotten yet, the last one first."""
        return over_views(self.dispatcher, self._clock())

    def groups(self) -> list[GroupView]:
        """Return the groups that hold such alerts."""
        return group_views(self.dispatcher, self._clock())

    def incidents(self) -> list[Incident]:
        """Return the incidents of the alerts that fire and are not muted, the oldest first."""
        return incident_views(self.dispatcher, self._clock())

    def timeline(self, fingerprint: str) -> list[Event]:
        """Return the last events of an alert, the oldest first."""
        return self._rows.timeline(fingerprint)

    def silences_of(self, fingerprint: str) -> list[Silence]:
        """Return the silences that mute, muted or will mute an alert; raise AlertUnknown.

        A silence that had ended before the alert began is none of its story.
        """
        kept = self.dispatcher.register.alerts.find(fingerprint)
        found = self.dispatcher.silences.meant_for(kept.labels)
        return [one for one in found if one.ends_at >= kept.alert.starts_at]

    async def forget(self, age: float) -> int:
        """Remove what timelines hold that is older than so many seconds; return how many events.

        Raises AlertStoreUnwritable.
        """
        return await asyncio.to_thread(self._rows.expire, self._clock() - age)

    # The words of people

    def silences(self) -> list[Silence]:
        return list(self.dispatcher.silences)

    def silence(self, id: str) -> Silence:
        """Return a silence; raise SilenceUnknown."""
        return self.dispatcher.silences.get(id)

    async def put_silence(self, silence: Silence) -> Silence:
        """Keep or change a silence; raise SilenceInvalid, SilenceUnknown, AlertStoreUnwritable."""
        now = self._clock()
        check_new(silence, now)
        kept = self.dispatcher.silence(silence, now, str(uuid4()))
        await self._commit()
        return kept

    async def expire_silence(self, id: str) -> None:
        """End a silence; raise SilenceUnknown, AlertStoreUnwritable."""
        self.dispatcher.expire_silence(id, self._clock())
        await self._commit()

    async def acknowledge(
        self, fingerprint: str, who: str, until: float | None = None, note: str = ""
    ) -> None:
        """Let somebody take an alert on; raise AlertUnknown, AlertStoreUnwritable."""
        self.dispatcher.acknowledge(Acknowledgement(fingerprint, who, self._clock(), until, note))
        await self._commit()
        self._wake.set()

    async def unacknowledge(self, fingerprint: str, who: str) -> None:
        """Let an alert go again; raise AlertUnknown, AlertStoreUnwritable."""
        self.dispatcher.register.alerts.find(fingerprint)
        self.dispatcher.unacknowledge(fingerprint, self._clock(), who)
        await self._commit()
        self._wake.set()

    async def resolve(self, fingerprint: str, who: str) -> None:
        """End an alert by somebody's word; raise AlertUnknown, AlertStoreUnwritable."""
        self.dispatcher.resolve(fingerprint, self._clock(), who)
        await self._commit()
        self._wake.set()

    # Time

    async def run(self) -> None:
        """Tell what must be told, when it must be told, until cancelled."""
        while True:
            self._wake.clear()
            await self.step()
            rest = min(LONGEST_REST, self.dispatcher.due() - self._clock())
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, rest)):
                    await self._wake.wait()

    async def step(self) -> int:
        """Do what is due now; return how many notifications were handed on.

        Where the disk refuses the rows the tellings go out all the same: silence is worse.
        """
        due = self.dispatcher.tick(self._clock())
        with suppress(AlertStoreUnwritable):
            await self._commit()
        if due:
            await self._carry(due)
            self.dispatcher.handed(due, self._clock())
            with suppress(AlertStoreUnwritable):
                await self._commit()
        return len(due)

    async def _commit(self) -> None:
        """Write what has changed; callers that come meanwhile share the next write."""
        async with self._writing:
            changes = [*self._unwritten, *self.dispatcher.changes()]
            try:
                await asyncio.to_thread(self._rows.write, changes, self._clock())
            except AlertStoreUnwritable as error:
                self._unwritten = changes
                self.tally.unwritten += 1
                LOG.error("%d changes wait to be written: %s", len(changes), error)
                raise
            self._unwritten = []
