"""The file `alerts.db`."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from watchkeeper.keeper.alerts.changes import Change, Event, Memory
from watchkeeper.keeper.alerts.errors import AlertsError
from watchkeeper.keeper.alertstore.errors import AlertStoreUnwritable
from watchkeeper.keeper.alertstore.rows import READERS, TABLES, latest

LOG = logging.getLogger("watchkeeper.alerts")

_TIMELINE = """
CREATE TABLE IF NOT EXISTS timeline (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, fingerprint TEXT NOT NULL,
  kind TEXT NOT NULL, detail TEXT NOT NULL, who TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS timeline_fingerprint ON timeline (fingerprint, id);
DROP INDEX IF EXISTS timeline_at;
CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 0), at REAL NOT NULL);
"""
_KEPT = "CREATE TABLE IF NOT EXISTS {} (key BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;"
_EVENT = "INSERT INTO timeline (at, fingerprint, kind, detail, who) VALUES (?,?,?,?,?)"
# Rows are in the order of their times, so the first that stays tells which go: no index is kept for that.
_EXPIRE = (
    "DELETE FROM timeline WHERE id < COALESCE("
    "(SELECT id FROM timeline WHERE at >= ? ORDER BY id LIMIT 1), 9223372036854775807)"
)
# How long the clock may stand still where nothing is written (seconds).
CLOCK_SECONDS = 10.0


class AlertStore:
    """What a dispatcher asked to keep; one lock serves threads.

    `write` makes changes durable in one transaction before anybody acts on them; `memory` is what a
    new dispatcher begins with.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._lock = threading.Lock()
        self._clock = 0.0
        self.unreadable = 0

    @classmethod
    def open(cls, folder: Path) -> AlertStore:
        """Open the file in a folder, or make it; one that is no database is put aside.

        Raises AlertStoreUnwritable.
        """
        path = folder / "alerts.db"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                return cls(connected(path))
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                put_aside(path, error)
                return cls(connected(path))
        except (OSError, sqlite3.Error) as error:
            raise AlertStoreUnwritable(f"cannot open {path}: {error}") from error

    def write(self, changes: Iterable[Change], now: float) -> None:
        """Write changes; they are on the disk on return. Raises AlertStoreUnwritable, all or nothing.

        now (Unix seconds) is kept as the time at which this was known to be true.
        """
        rows, events = latest(changes)
        if not rows and not events and now - self._clock < CLOCK_SECONDS:
            return
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._write_rows(rows.values())
                self._db.executemany(_EVENT, [(e.at, e.fingerprint, e.kind, e.detail, e.who) for e in events])
                self._db.execute("INSERT OR REPLACE INTO clock VALUES (0, ?)", (now,))
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._undo()
                raise AlertStoreUnwritable(f"alerts not written: {error}") from error
        self._clock = now

    def _undo(self) -> None:
        try:
            self._db.execute("ROLLBACK")
        except sqlite3.Error:
            pass  # the failed statement has ended the transaction already

    def _write_rows(self, rows: Iterable[Any]) -> None:
        keep: dict[str, list[tuple[bytes, bytes]]] = {table: [] for table in TABLES}
        drop: dict[str, list[tuple[bytes]]] = {table: [] for table in TABLES}
        for row in rows:
            if row.body is None:
                drop[row.table].append((row.key,))
            else:
                keep[row.table].append((row.key, row.body))
        for table in TABLES:
            self._db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?,?)", keep[table])
            self._db.executemany(f"DELETE FROM {table} WHERE key = ?", drop[table])

    def memory(self) -> Memory:
        """Return what was written; a row that cannot be read is counted, said and passed over."""
        with self._lock:
            found = {table: self._read(table) for table in TABLES}
            clock = self._db.execute("SELECT at FROM clock").fetchone()
        return Memory(
            standings=tuple(found["alerts"]),
            groups=tuple(found["groups"]),
            log=dict(found["log"]),
            silences=tuple(found["silences"]),
            acknowledgements=tuple(found["acknowledgements"]),
            runs=tuple(found["runs"]),
            at=clock[0] if clock else 0.0,
        )

    def _read(self, table: str) -> list[Any]:
        found = []
        for key, body in self._db.execute(f"SELECT key, body FROM {table}"):
            try:
                found.append(READERS[table](key, body))
            except (msgspec.DecodeError, AlertsError) as error:
                self.unreadable += 1
                LOG.error("a row of %s cannot be read and is passed over: %s", table, error)
        return found

    def timeline(self, fingerprint: str, count: int = 200) -> list[Event]:
        """Return the last events of an alert, the oldest first."""
        sql = "SELECT at, fingerprint, kind, detail, who FROM timeline WHERE fingerprint = ?"
        with self._lock:
            rows = self._db.execute(f"{sql} ORDER BY id DESC LIMIT ?", (fingerprint, count)).fetchall()
        return [Event(*row) for row in reversed(rows)]

    def events(self, count: int = 200) -> list[Event]:
        """Return the last events of all alerts, the oldest first."""
        sql = "SELECT at, fingerprint, kind, detail, who FROM timeline ORDER BY id DESC LIMIT ?"
        with self._lock:
            return [Event(*row) for row in reversed(self._db.execute(sql, (count,)).fetchall())]

    def expire(self, before: float) -> int:
        """Remove the events older than a Unix time; return how many. Raises AlertStoreUnwritable."""
        with self._lock:
            try:
                return self._db.execute(_EXPIRE, (before,)).rowcount
            except sqlite3.Error as error:
                raise AlertStoreUnwritable(f"timelines not shortened: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()


def connected(path: Path) -> sqlite3.Connection:
    """Open the file and make what it lacks."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        # FULL: what a client was told is kept outlives a power cut; a post is one commit.
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA cache_size=-1024")
        db.executescript("".join(_KEPT.format(table) for table in TABLES) + _TIMELINE)
    except sqlite3.Error:
        db.close()
        raise
    return db


def put_aside(path: Path, error: Exception) -> None:
    """Keep a damaged file under another name: a keeper without memory is better than none."""
    LOG.error("%s is damaged (%s): it is put aside, alerting begins anew", path, error)
    for suffix in ("", "-wal", "-shm"):
        old = path.with_name(path.name + suffix)
        if old.exists():
            old.replace(path.with_name(f"{path.name}.damaged{suffix}"))
