"""A notification on its way through one channel."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import msgspec

from watchkeeper.keeper.alerts.groups import ROW, Notification, Slot
from watchkeeper.keeper.notify.message.view import ACKNOWLEDGED

# What stays to be told, whatever comes after it.
LASTING = frozenset({ACKNOWLEDGED, ROW})
# A group label or an annotation may hold a lone surrogate, which no encoding can write.
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Notification)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notification and what has become of it so far.

    row is its number in the outbox, 0 where the disk refused it; not_before is the Unix time of the
    next try; interruptions counts the crashes that may have happened while it was being sent.
    """

    row: int
    key: str
    notification: Notification
    tries: int = 0
    interruptions: int = 0
    not_before: float = 0.0
    error: str = ""
    refused: bool = False

    @property
    def slot(self) -> Slot:
        return self.notification.slot

    @property
    def group(self) -> str:
        return self.notification.slot.group_key

    @property
    def line(self) -> Line:
        return line_of(self.slot)

    def stored_as(self, row: int) -> Parcel:
        return replace(self, row=row)

    def failed(self, error: str, not_before: float, refused: bool = False) -> Parcel:
        """Return it after a try that was not taken; refused where the message itself is at fault."""
        tries = self.tries + 1
        return replace(self, tries=tries, error=error, not_before=not_before, refused=refused)

    def says_all_of(self, older: Parcel) -> bool:
        """Return whether a person who gets this one misses nothing of an older one.

        What fires in the older one must fire in this one, too: a page that says only `resolved` does
        not stand for one that said `firing`.
        """
        mine, theirs = self.notification, older.notification
        if LASTING & {mine.reason, theirs.reason}:
            return False
        if theirs.people != mine.people or theirs.urgency != mine.urgency:
            return False
        told = {alert.fingerprint for alert in mine.alerts}
        return theirs.firing <= mine.firing and {alert.fingerprint for alert in theirs.alerts} <= told


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One entry of a receiver, on which parcels of many groups go out."""

    receiver: str
    channel: str
    place: int = 0

    def __str__(self) -> str:
        return f"{self.receiver}/{self.channel}[{self.place}]"


def line_of(slot: Slot) -> Line:
    """Return the line of a slot."""
    return Line(slot.receiver, slot.channel, slot.place)


def parcel_of(notification: Notification) -> Parcel:
    """Return a notification that nobody has seen yet."""
    return Parcel(0, key_of(notification), notification)


def key_of(notification: Notification) -> str:
    """Return the name of a telling: the same slot, time, reason and alerts have the same name."""
    slot = notification.slot
    parts = [slot.group_key, slot.receiver, slot.channel, str(slot.place), repr(notification.at)]
    parts += [notification.reason, *notification.people, *sorted(notification.firing), "/"]
    parts += sorted(notification.resolved)
    parts += ["row", str(notification.row)] if notification.row else []
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def packed(notification: Notification) -> bytes:
    """Return a notification as bytes."""
    return _ENCODER.encode(notification)


def unpacked(body: bytes) -> Notification:
    """Return a notification from its bytes; raises msgspec.DecodeError."""
    return _DECODER.decode(body)
