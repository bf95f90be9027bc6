"""What a channel is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from watchkeeper.keeper.alerts import Notice


@dataclass(frozen=True, slots=True)
class Telling:
    """A notice and the number of its row: the same row told twice is the same telling."""

    row: int
    notice: Notice


class Channel(Protocol):
    """One way to tell people."""

    name: str

    async def send(self, telling: Telling) -> None:
        """Tell it, or raise ChannelError."""


def stamp(at: float) -> str:
    """Return a Unix time as RFC 3339 in UTC, in milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def document(telling: Telling) -> dict[str, object]:
    """Return what is told, ready for JSON. endsAt is null while the alert fires."""
    alert = telling.notice.alert
    return {
        "time": stamp(telling.notice.at),
        "status": alert.status,
        "fingerprint": alert.fingerprint,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": stamp(alert.starts_at),
        "endsAt": None if alert.ends_at is None else stamp(alert.ends_at),
        "row": telling.row,
    }
