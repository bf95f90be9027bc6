"""The stages of a parcel's way out: mute, wait, attempt. What comes after them is the record.

Dedup comes before them all: a telling has a key, and the rows take each key once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.channels.sender import Sender
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.outbox.parcel import Parcel
from watchkeeper.keeper.notify.pace import Pace

LOG = logging.getLogger("watchkeeper.notify")

Muted = Callable[[Notification], bool]


def never(notification: Notification) -> bool:
    """Mute nothing."""
    return False


@dataclass(frozen=True, slots=True)
class Mute:
    """Asks again, before every further try, whether somebody has silenced the page meanwhile.

    Before the first try the dispatcher has asked already.
    """

    muted: Muted = never

    def stops(self, parcel: Parcel) -> bool:
        return parcel.tries > 0 and self.muted(parcel.notification)


class Wait:
    """When a line may be used: its pace, and the pause of a line that fails.

    While it fails, one parcel at a time probes it: a channel that is down is not hammered by all that
    waits for it.
    """

    def __init__(self, sender: Sender) -> None:
        self._pace = Pace(sender.limit)
        self._width = sender.width
        self._not_before = 0.0
        self.failing = ""

    def seconds(self, now: float) -> float:
        """Return how long to wait for a turn."""
        return max(self._not_before - now, self._pace.delay(now), 0.0)

    def room(self, under_way: int) -> bool:
        """Return whether one more may be under way."""
        return under_way < (1 if self.failing else self._width)

    def at_once(self) -> None:
        """Let a line that fails be tried before its pause is over."""
        self._not_before = 0.0

    def sooner(self, seconds: float) -> None:
        """Let the pause be over so much sooner: the clock was set back."""
        self._not_before -= seconds

    def begin(self, now: float) -> None:
        self._pace.take(now)

    def over(self, error: ChannelError | None, again: Parcel | None) -> None:
        """Take note of what became of a try: what the channel cannot do now holds for all that waits."""
        self.failing = "" if error is None else str(error) or error.reason
        if again is not None and not again.refused:
            self._not_before = again.not_before


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, bounded in time; whatever goes wrong comes out as an error that says whether to retry."""

    sender: Sender

    async def __call__(self, parcel: Parcel) -> ChannelError | None:
        """Return None where the channel took it."""
        try:
            async with asyncio.timeout(self.sender.timeout):
                await self.sender.send(parcel.notification, parcel.key)
        except ChannelError as error:
            return error
        except TimeoutError:
            return ChannelError(f"no answer within {self.sender.timeout:g} s", reason="timeout")
        except Exception as error:  # a sender with a fault of its own must not stop the others
            LOG.exception("channel %s failed on %s", parcel.line, parcel.group)
            return ChannelError(f"{type(error).__name__}: {error}", retryable=False)
        return None
