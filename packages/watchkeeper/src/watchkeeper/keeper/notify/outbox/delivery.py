"""What became of the notifications of one alert: to whom, through which channel, with what result.

It is read on a connection of its own: who looks must never hold up who pages.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.errors import OutboxUnreadable
from watchkeeper.keeper.notify.outbox.parcel import unpacked

# So many of the newest rows are looked through. Bodies are JSON that holds the fingerprints; rows of one
# alert are not told apart by an index, because a row may speak of thousands.
LOOKED_THROUGH = 5000
_FOUND = (
    "SELECT body, state, tries, error, not_before, done_at FROM"
    " (SELECT * FROM outbox ORDER BY id DESC LIMIT ?) WHERE instr(body, ?) ORDER BY id DESC LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notification and what became of it.

    state is open, sent, refused, replaced, muted or dropped; next_try and done_at (Unix seconds) are 0
    where there is none.
    """

    notification: Notification
    state: str
    tries: int
    error: str
    next_try: float
    done_at: float


def deliveries(path: Path, fingerprint: str, count: int) -> list[Delivery]:
    """Return the newest deliveries that speak of an alert, the oldest first; raise OutboxUnreadable."""
    quoted = f'"{fingerprint}"'.encode()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            rows = db.execute(_FOUND, (LOOKED_THROUGH, quoted, count)).fetchall()
    except sqlite3.Error as error:
        raise OutboxUnreadable(f"cannot read {path.name}: {error}") from error
    return [one for row in reversed(rows) if (one := delivery(*row)) is not None]


def delivery(
    body: bytes, state: str, tries: int, error: str, not_before: float, done_at: float
) -> Delivery | None:
    """Return a row as a delivery; None where it cannot be read, which the outbox says at its start."""
    try:
        told: Any = unpacked(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    # `tries` counts those that were not taken.
    tried = tries + (state == "sent")
    return Delivery(told, state, tried, error, 0.0 if done_at else not_before, done_at)
