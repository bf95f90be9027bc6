"""The outbox's rows in SQLite: `outbox.db`.

A row is open until its channel took it (sent), a newer row said all of it (replaced), or it is of no
use any more (dropped). One that the channel refused by its own fault (refused) is tried again, seldom:
a key that was wrong may be put right.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from sqlite3 import Connection

import msgspec

from watchkeeper.keeper.alerts.groups import ROW, Entry, Notification, Slot
from watchkeeper.keeper.alerts.groups.log import expiry
from watchkeeper.keeper.notify.errors import OutboxUnwritable
from watchkeeper.keeper.notify.message.view import ACKNOWLEDGED
from watchkeeper.keeper.notify.outbox.flightlog import LastLife
from watchkeeper.keeper.notify.outbox.parcel import Parcel, packed, unpacked

LOG = logging.getLogger("watchkeeper.notify")

_TABLES = """
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, group_key TEXT NOT NULL,
  receiver TEXT NOT NULL, channel TEXT NOT NULL, place INTEGER NOT NULL, at REAL NOT NULL,
  reason TEXT NOT NULL, body BLOB NOT NULL, state TEXT NOT NULL DEFAULT 'open',
  tries INTEGER NOT NULL DEFAULT 0, interruptions INTEGER NOT NULL DEFAULT 0,
  not_before REAL NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '', done_at REAL NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS outbox_open ON outbox (id) WHERE state IN ('open', 'refused');
CREATE INDEX IF NOT EXISTS outbox_given_up ON outbox (id) WHERE state = 'dropped' AND error <> '';
CREATE INDEX IF NOT EXISTS outbox_slot ON outbox (group_key, receiver, channel, place, id);
"""
_INSERT = (
    "INSERT INTO outbox (key, group_key, receiver, channel, place, at, reason, body) VALUES (?,?,?,?,?,?,?,?)"
    " ON CONFLICT (key) DO NOTHING RETURNING id"
)
_OWED = "state IN ('open', 'refused')"
_GIVEN_UP = "state = 'dropped' AND error <> ''"
# Words of an acknowledgement are not words of a group, nor are single changes of an alert.
_SAID = f"state IN ('sent', 'open', 'refused') AND reason NOT IN ('{ACKNOWLEDGED}', '{ROW}')"
_OPEN = (
    "SELECT id, key, body, tries, interruptions, not_before, error, state = 'refused' FROM outbox"
    f" WHERE {_OWED} ORDER BY id"
)


def connect(path: Path) -> Connection:
    """Open the file, making it when it is new; raises OutboxUnwritable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        # FULL: a page that was promised outlives a power cut; many share one commit.
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA cache_size=-512")
        db.executescript(_TABLES)
    except sqlite3.Error as error:
        db.close()
        raise OutboxUnwritable(f"cannot open {path}: {error}") from error
    return db


def insert(db: Connection, parcel: Parcel) -> int | None:
    """Write a parcel and return its row, None where a row of this key is there already."""
    slot, notification = parcel.slot, parcel.notification
    row = db.execute(
        _INSERT,
        (parcel.key, slot.group_key, slot.receiver, slot.channel, slot.place, notification.at,
         notification.reason, packed(notification)),
    ).fetchone()  # fmt: skip
    return None if row is None else int(row[0])


def close(db: Connection, rows: Iterable[int], state: str, at: float, error: str = "") -> None:
    """Say what became of rows; a row that is closed stays as it is."""
    sql = f"UPDATE outbox SET state = ?, done_at = ?, error = ? WHERE id = ? AND {_OWED}"
    db.executemany(sql, [(state, at, error, row) for row in rows])


def postpone(db: Connection, parcel: Parcel) -> None:
    """Write when a parcel is tried again."""
    sql = f"UPDATE outbox SET state = ?, tries = ?, not_before = ?, error = ? WHERE id = ? AND {_OWED}"
    state = "refused" if parcel.refused else "open"
    db.execute(sql, (state, parcel.tries, parcel.not_before, parcel.error, parcel.row))


def undelivered(db: Connection, row: int) -> Parcel | None:
    """Return a notification that is owed or was given up, None where the row is neither."""
    sql = (
        f"SELECT key, body, tries, interruptions, error FROM outbox WHERE id = ? AND ({_OWED} OR {_GIVEN_UP})"
    )
    found = db.execute(sql, (row,)).fetchone()
    if found is None:
        return None
    key, body, tries, interruptions, error = found
    return Parcel(row, key, unpacked(body), tries, interruptions, 0.0, error)


def reopen(db: Connection, row: int) -> bool:
    """Owe a notification again that was given up; tell whether it was."""
    sql = f"UPDATE outbox SET state = 'open', done_at = 0, not_before = 0 WHERE id = ? AND {_GIVEN_UP}"
    return db.execute(sql, (row,)).rowcount > 0


def take_over(db: Connection, last: LastLife, now: float, pause: Callable[[int], float]) -> None:
    """Mark what the last life saw taken, and let those wait that were on their way when it ended."""
    db.execute("BEGIN IMMEDIATE")
    close(db, last.taken, "sent", now)
    for row in last.in_the_air:
        found = db.execute("SELECT interruptions + 1 FROM outbox WHERE id = ?", (row,)).fetchone()
        if found is not None:
            sql = f"UPDATE outbox SET interruptions = ?, not_before = ? WHERE id = ? AND {_OWED}"
            db.execute(sql, (found[0], now + pause(found[0]), row))
    db.execute("COMMIT")


def owed(db: Connection) -> list[Parcel]:
    """Return the parcels that are owed, the oldest first; a row that cannot be read is named and left."""
    found = []
    for row, key, body, *rest in db.execute(_OPEN):
        try:
            notification = unpacked(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as broken:
            LOG.error("row %d of the outbox cannot be read: %s", row, broken)
            continue
        tries, interruptions, not_before, error, refused = rest
        found.append(Parcel(row, key, notification, tries, interruptions, not_before, error, bool(refused)))
    return found


def last_words(db: Connection) -> dict[Slot, Entry]:
    """Return what each slot was told last, or is owed."""
    sql = (
        "SELECT group_key, receiver, channel, place, body FROM outbox WHERE id IN (SELECT MAX(id) FROM"
        f" outbox WHERE {_SAID} GROUP BY group_key, receiver, channel, place)"
    )
    found = {}
    for group_key, receiver, channel, place, body in db.execute(sql):
        told = unpacked(body)
        expires_at = expiry(told.at, told.repeat_interval)
        slot = Slot(group_key, receiver, channel, place)
        found[slot] = Entry(told.firing, told.resolved, told.at, expires_at)
    return found


def last_row(db: Connection, slot: Slot) -> int | None:
    """Return the row that the newest notification of a slot tells of, None where there is none."""
    sql = (
        "SELECT body FROM outbox WHERE group_key = ? AND receiver = ? AND channel = ? AND place = ?"
        " ORDER BY id DESC LIMIT 1"
    )
    found = db.execute(sql, (slot.group_key, slot.receiver, slot.channel, slot.place)).fetchone()
    return None if found is None else unpacked(found[0]).row


def begin(db: Connection, slot: Slot, row: int, now: float) -> None:
    """Write that a slot has heard of the rows up to one, by a closed notification that tells nothing."""
    nothing = Notification(now, slot, (), (), frozenset(), frozenset(), ROW, row=row)
    key = f"begin/{slot.receiver}/{slot.channel}/{slot.place}/{now}"
    number = insert(db, Parcel(0, key, nothing))
    close(db, [number] if number else [], "sent", now)


def last_of(db: Connection, groups: Iterable[str]) -> list[Notification]:
    """Return the last notification of every slot of some groups."""
    sql = (
        "SELECT body FROM outbox WHERE id IN (SELECT MAX(id) FROM outbox WHERE group_key = ? AND"
        f" {_SAID} GROUP BY receiver, channel, place)"
    )
    return [unpacked(body) for group in groups for (body,) in db.execute(sql, (group,))]


def forget(db: Connection, before: float) -> int:
    """Remove closed rows older than a Unix time, except the last of each slot; return how many."""
    sql = (
        f"DELETE FROM outbox WHERE NOT {_OWED} AND done_at < ? AND id NOT IN"
        " (SELECT MAX(id) FROM outbox GROUP BY group_key, receiver, channel, place)"
    )
    return db.execute(sql, (before,)).rowcount


def recent(db: Connection, count: int) -> list[tuple[int, str, str, str, float, int, str]]:
    """Return (row, line, group key, state, at, tries, error) of the last rows, the newest first."""
    sql = (
        "SELECT id, receiver || '/' || channel || '[' || place || ']', group_key, state, at, tries, error"
        " FROM outbox ORDER BY id DESC LIMIT ?"
    )
    return list(db.execute(sql, (count,)))
