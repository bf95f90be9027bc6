"""What did not get through: notifications that a channel did not take, or that were given up.

It is read on a connection of its own, as deliveries are: who looks must never hold up who pages.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.errors import OutboxUnreadable
from watchkeeper.keeper.notify.outbox.parcel import Line, line_of, unpacked

Fate = Literal["waiting", "refused", "given up", "stranded"]
# So many of the newest rows of each kind are looked through.
LOOKED_THROUGH = 1000
_COLUMNS = "id, body, state, tries, error, not_before, done_at"
# Two partial indexes find both kinds at once, however many rows were delivered.
_OWED = f"SELECT {_COLUMNS} FROM outbox WHERE state IN ('open', 'refused') ORDER BY id DESC LIMIT ?"
_GIVEN_UP = f"SELECT {_COLUMNS} FROM outbox WHERE state = 'dropped' AND error <> '' ORDER BY id DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A notification that its channel has not taken; times are Unix seconds, 0 where there is none.

    fate is `waiting` (tried again soon), `refused` (by a fault of the message or the key: tried again
    seldom), `given up` (after five days), or `stranded`: its channel is not configured any more.
    """

    row: int
    line: Line
    notification: Notification
    fate: Fate
    tries: int
    error: str
    next_try: float
    done_at: float


class Standing(NamedTuple):
    """What of the lines matters here: which there are, and why some fail."""

    known: Callable[[Line], bool]
    failing: dict[Line, str]


def undelivered(path: Path, standing: Standing) -> list[Undelivered]:
    """Return what did not get through, the newest first; raises OutboxUnreadable."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            rows = [row for sql in (_OWED, _GIVEN_UP) for row in db.execute(sql, (LOOKED_THROUGH,))]
    except sqlite3.Error as error:
        raise OutboxUnreadable(f"cannot read {path.name}: {error}") from error
    rows.sort(reverse=True)
    return [one for row in rows if (one := _of(standing, *row)) is not None]


def _of(
    standing: Standing,
    row: int,
    body: bytes,
    state: str,
    tries: int,
    error: str,
    next_try: float,
    done: float,
) -> Undelivered | None:
    """Return a row; None for one that is only on its way, and for one that cannot be read."""
    try:
        told: Any = unpacked(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    line = line_of(told.slot)
    fate = _fate(standing, line, state, tries)
    if fate is None:
        return None
    waits = fate in ("waiting", "refused")
    why = error or standing.failing.get(line, "")
    return Undelivered(row, line, told, fate, tries, why, next_try if waits else 0.0, done)


def _fate(standing: Standing, line: Line, state: str, tries: int) -> Fate | None:
    if state == "dropped":
        return "given up"
    if not standing.known(line):
        return "stranded"
    if state == "refused":
        return "refused"
    return "waiting" if tries or line in standing.failing else None
