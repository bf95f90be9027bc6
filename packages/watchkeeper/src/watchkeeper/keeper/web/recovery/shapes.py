"""The shapes of what is answered."""

from __future__ import annotations

from typing import Literal

import msgspec

from watchkeeper.keeper.notify.outbox import Fate
from watchkeeper.keeper.verification import VerificationTold


class AlertTold(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as a notification told it."""

    name: str
    bot: str
    firing: bool
    summary: str


class UndeliveredRow(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that its channel has not taken; Unix seconds, null where there is none.

    fate: `waiting` is tried again soon, `refused` seldom (the message or the key is at fault), `given up`
    not any more (after five days), `stranded` when its channel is configured again. alerts holds the first
    five, count is how many there are.
    """

    row: int
    channel: str
    fate: Fate
    at: float
    reason: str
    alerts: list[AlertTold]
    count: int
    tries: int
    error: str
    next_try: float | None
    given_up_at: float | None


class UndeliveredRows(msgspec.Struct, frozen=True, kw_only=True):
    """What did not get through, the newest first; count is how many there are in all."""

    undelivered: list[UndeliveredRow]
    count: int


class Hurried(msgspec.Struct, frozen=True, kw_only=True):
    """The row that is tried now; whether it gets through shows in its alert's story."""

    row: int


class Verifying(msgspec.Struct, frozen=True, kw_only=True):
    """The verification in the envelope of Prometheus' admin API."""

    status: Literal["success"] = "success"
    data: VerificationTold
