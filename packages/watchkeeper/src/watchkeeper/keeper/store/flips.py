"""Flips: changes of state, one durable row each."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.keeper.store.errors import StoreUnwritable

_TABLE = """
CREATE TABLE IF NOT EXISTS flips (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, subject TEXT NOT NULL, from_state TEXT NOT NULL,
  to_state TEXT NOT NULL, reason TEXT NOT NULL, severity TEXT NOT NULL)
"""
_COLUMNS = "at, subject, from_state, to_state, reason, severity"
# Alerts are found at once however many other rows came after: SQLite alone would sort all of them by subject.
_ALERTS = "subject >= 'alert/' AND subject < 'alert0'"
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS flips_subject ON flips (subject, id)",
    f"CREATE INDEX IF NOT EXISTS flips_alerts ON flips (id) WHERE {_ALERTS}",
)
# From one subject to the next through the index: the cost grows with the subjects, not with their rows.
_LAST_OF_ALERTS = f"""
WITH RECURSIVE known (name) AS (
  SELECT MIN(subject) FROM flips WHERE {_ALERTS}
  UNION ALL SELECT (SELECT MIN(subject) FROM flips WHERE subject > name AND subject < 'alert0')
  FROM known WHERE name IS NOT NULL)
SELECT (SELECT MAX(id) FROM flips WHERE subject = name) FROM known WHERE name IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Flip:
    """A subject went from one state to another at a Unix time (seconds)."""

    at: float
    subject: str
    from_state: str
    to_state: str
    reason: str
    severity: str


class Flips:
    """The rows of all flips, in `events.db`; one lock serves writers and readers of any thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, folder: Path) -> Flips:
        """Open (and make, if need be) the rows in a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(folder / "events.db", isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            # FULL: the row is on the disk before the alarm is told, also through a power cut.
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA cache_size=-256")
            db.execute(_TABLE)
            for index in _INDEXES:
                db.execute(index)
        except sqlite3.Error as error:
            db.close()
            raise StoreUnwritable(f"cannot open {folder / 'events.db'}: {error}") from error
        return cls(db)

    def append(self, flip: Flip) -> int:
        """Write a flip and return its row number; it is committed on return, or StoreUnwritable is raised."""
        row = (flip.at, flip.subject, flip.from_state, flip.to_state, flip.reason, flip.severity)
        with self._lock:
            try:
                cursor = self._db.execute(f"INSERT INTO flips ({_COLUMNS}) VALUES (?,?,?,?,?,?)", row)
            except sqlite3.Error as error:
                raise StoreUnwritable(f"flip of {flip.subject} not written: {error}") from error
        return int(cursor.lastrowid or 0)

    def recent(self, count: int) -> list[Flip]:
        """Return the last flips, the newest first."""
        return self._read(f"SELECT {_COLUMNS} FROM flips ORDER BY id DESC LIMIT ?", count)

    def alerts(self, count: int) -> list[Flip]:
        """Return the last rows of alerts, the newest first."""
        rows = f"flips INDEXED BY flips_alerts WHERE {_ALERTS}"
        return self._read(f"SELECT {_COLUMNS} FROM {rows} ORDER BY id DESC LIMIT ?", count)

    def alerts_in(self, state: str, count: int) -> list[Flip]:
        """Return the last row of each alert that is in a state now, the newest first."""
        inside = f"id IN ({_LAST_OF_ALERTS}) AND to_state = ?"
        sql = f"SELECT {_COLUMNS} FROM flips WHERE {inside} ORDER BY id DESC LIMIT ?"
        return self._read(sql, state, count)

    def changes(self, count: int) -> list[Flip]:
        """Return the last rows of everything but alerts, the newest first."""
        # Without the plus signs SQLite might sort all of them by the index of subjects.
        others = "NOT (+subject >= 'alert/' AND +subject < 'alert0')"
        return self._read(f"SELECT {_COLUMNS} FROM flips WHERE {others} ORDER BY id DESC LIMIT ?", count)

    def after(self, row: int, count: int) -> list[tuple[int, Flip]]:
        """Return (row number, flip) beyond a row number, the oldest first."""
        with self._lock:
            sql = f"SELECT id, {_COLUMNS} FROM flips WHERE id > ? ORDER BY id LIMIT ?"
            return [(number, Flip(*rest)) for number, *rest in self._db.execute(sql, (row, count))]

    def of(self, subject: str, count: int) -> list[Flip]:
        """Return the last flips of one subject, the newest first."""
        sql = f"SELECT {_COLUMNS} FROM flips WHERE subject = ? ORDER BY id DESC LIMIT ?"
        return self._read(sql, subject, count)

    def below(self, prefix: str, start: float, end: float, count: int) -> list[Flip]:
        """Return the newest flips of the subjects below a prefix, such as `component/bot/`, oldest first.

        Those at [start, end) in Unix seconds, and before them the last earlier one of each subject.
        """
        beyond = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        newest = (
            f"SELECT {_COLUMNS} FROM flips WHERE subject >= ? AND subject < ? AND at >= ? AND at < ? "
            "ORDER BY id DESC LIMIT ?"
        )
        earlier = (
            f"SELECT {_COLUMNS} FROM flips WHERE id IN "
            "(SELECT MAX(id) FROM flips WHERE subject >= ? AND subject < ? AND at < ? GROUP BY subject)"
        )
        found = self._read(newest, prefix, beyond, start, end, count)
        found += self._read(earlier, prefix, beyond, start)
        return sorted(found, key=lambda flip: flip.at)

    def state(self) -> dict[str, Flip]:
        """Return the last flip of every subject: what was known when the rows were last written."""
        sql = f"SELECT {_COLUMNS} FROM flips WHERE id IN (SELECT MAX(id) FROM flips GROUP BY subject)"
        return {flip.subject: flip for flip in self._read(sql)}

    def expire(self, before: float) -> int:
        """Remove flips older than a Unix time, except the last of each subject; return how many."""
        sql = "DELETE FROM flips WHERE at < ? AND id NOT IN (SELECT MAX(id) FROM flips GROUP BY subject)"
        with self._lock:
            return self._db.execute(sql, (before,)).rowcount

    def snapshot(self, folder: Path) -> None:
        """Write a consistent copy of the rows into another folder."""
        folder.mkdir(parents=True, exist_ok=True)
        target = sqlite3.connect(folder / "events.db")
        with self._lock:
            self._db.backup(target)
        target.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _read(self, sql: str, *arguments: object) -> list[Flip]:
        with self._lock:
            return [Flip(*row) for row in self._db.execute(sql, arguments)]
