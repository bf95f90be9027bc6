"""What each channel is still owed: rows beyond its cursor, told in order, tried again when refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchkeeper.keeper.notify.channel import Channel, Telling
from watchkeeper.keeper.notify.cursor import Cursor
from watchkeeper.keeper.notify.errors import ChannelError

LOG = logging.getLogger("watchkeeper.notify")

BATCH = 100
LONGEST_WAIT = 60.0

Owed = Callable[[int, int], tuple[list[Telling], int]]
"""(after row, at most) -> (tellings, last row looked at)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one try: error is empty when the channel took it."""

    channel: str
    telling: Telling
    error: str = ""
    first: bool = False


class Outbox:
    """Deliver at least once: a crash between telling and noting it tells again, never loses."""

    def __init__(self, channels: Sequence[Channel], cursor: Cursor, owed: Owed) -> None:
        self._channels = channels
        self._cursor = cursor
        self._owed = owed
        self._failures = {channel.name: 0 for channel in channels}
        self._not_before = {channel.name: 0.0 for channel in channels}
        self._told = max((cursor.of(channel.name) for channel in channels), default=0)

    async def deliver(self, now: float) -> list[Delivery]:
        """Tell every channel what it is owed; `now` is any steady clock in seconds."""
        tries: list[Delivery] = []
        for channel in self._channels:
            if now >= self._not_before[channel.name]:
                tries += await self._deliver(channel, now)
        return tries

    async def direct(self, telling: Telling) -> list[Delivery]:
        """Tell something whose row could not be written: once, as well as can be."""
        return [await self._try(channel, telling) for channel in self._channels]

    async def _deliver(self, channel: Channel, now: float) -> list[Delivery]:
        after = self._cursor.of(channel.name)
        tellings, looked_at = self._owed(after, BATCH)
        tries = []
        for telling in tellings:
            delivery = await self._try(channel, telling)
            tries.append(delivery)
            if delivery.error and not self._give_up(channel, delivery, now):
                return tries
            self._cursor.advance(channel.name, telling.row)
        if looked_at > self._cursor.of(channel.name):
            self._cursor.advance(channel.name, looked_at)
        return tries

    async def _try(self, channel: Channel, telling: Telling) -> Delivery:
        first = telling.row > self._told
        try:
            await channel.send(telling)
        except ChannelError as error:
            return self._failed(channel, telling, error, error.retryable)
        except Exception as error:  # a broken channel must not stop the judging
            return self._failed(channel, telling, error, False)
        self._failures[channel.name] = 0
        self._told = max(self._told, telling.row)
        return Delivery(channel.name, telling, "", first)

    def _failed(self, channel: Channel, telling: Telling, error: Exception, retryable: bool) -> Delivery:
        self._failures[channel.name] = self._failures[channel.name] + 1 if retryable else 0
        LOG.warning("channel %s did not take row %d: %s", channel.name, telling.row, error)
        return Delivery(channel.name, telling, str(error) or type(error).__name__)

    def _give_up(self, channel: Channel, delivery: Delivery, now: float) -> bool:
        """Return whether the row is to be passed over; else set when to try again."""
        failures = self._failures[channel.name]
        if failures == 0:
            return True
        self._not_before[channel.name] = now + min(LONGEST_WAIT, 2.0 ** (failures - 1))
        return False
