"""The file `profiles.db`: profiles in pprof's format, the oldest of which make room."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchkeeper.keeper.profiles.errors import ProfilesUnwritable

_TABLE = """
CREATE TABLE IF NOT EXISTS profiles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, bot TEXT NOT NULL, began INTEGER NOT NULL, duration INTEGER NOT NULL,
  total INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS profiles_bot ON profiles (bot, began);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One profile without its body: began and duration in nanoseconds (Unix), total of its main kind."""

    bot: str
    began: int
    duration: int
    total: int
    bytes: int


class ProfileShelf:
    """The profiles of all bots; one lock serves threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, folder: Path) -> ProfileShelf:
        """Open the file in a data folder, or make it; raises ProfilesUnwritable."""
        path = folder / "profiles.db"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")
            db.execute("PRAGMA journal_mode=WAL")
            # NORMAL: a power cut may cost the last minute, which nobody was told of.
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute("PRAGMA cache_size=-256")
            db.executescript(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise ProfilesUnwritable(f"cannot open {path}: {error}") from error
        return cls(db)

    def add(self, bot: str, began: int, duration: int, total: int, body: bytes) -> None:
        """Keep a profile; raises ProfilesUnwritable."""
        sql = "INSERT INTO profiles (bot, began, duration, total, body) VALUES (?,?,?,?,?)"
        with self._lock:
            try:
                self._db.execute(sql, (bot, began, duration, total, body))
            except sqlite3.Error as error:
                raise ProfilesUnwritable(f"profile of {bot} not written: {error}") from error

    def last_end(self, bot: str) -> int:
        """Return where the last profile of a bot ended, in Unix nanoseconds; 0 where there is none."""
        sql = "SELECT began + duration FROM profiles WHERE bot = ? ORDER BY began DESC LIMIT 1"
        found = self._read(sql, bot)
        return int(found[0][0]) if found else 0

    def kept(self, bot: str, start: int, end: int, count: int) -> list[Kept]:
        """Return the newest profiles of a bot (of all: empty) that touch [start, end] in nanoseconds."""
        sql = (
            "SELECT bot, began, duration, total, LENGTH(body) FROM profiles "
            "WHERE (? = '' OR bot = ?) AND began < ? AND began + duration > ? ORDER BY began DESC LIMIT ?"
        )
        return [Kept(*row) for row in self._read(sql, bot, bot, end, start, count)]

    def bodies(self, bot: str, start: int, end: int, count: int) -> list[bytes]:
        """Return the newest bodies of a bot that touch [start, end] in nanoseconds."""
        sql = (
            "SELECT body FROM profiles WHERE bot = ? AND began < ? AND began + duration > ? "
            "ORDER BY began DESC LIMIT ?"
        )
        return [row[0] for row in self._read(sql, bot, end, start, count)]

    def expire(self, before: int, most_bytes: int) -> int:
        """Remove what began before a time, and the oldest beyond a size; return how many.

        Raises ProfilesUnwritable.
        """
        beyond = (
            "DELETE FROM profiles WHERE began < ? OR id IN (SELECT id FROM (SELECT id, "
            "SUM(LENGTH(body)) OVER (ORDER BY began DESC, id DESC) AS size FROM profiles) WHERE size > ?)"
        )
        with self._lock:
            try:
                gone = self._db.execute(beyond, (before, most_bytes)).rowcount
                self._db.execute("PRAGMA incremental_vacuum").fetchall()
            except sqlite3.Error as error:
                raise ProfilesUnwritable(f"old profiles not removed: {error}") from error
        return gone

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _read(self, sql: str, *values: object) -> Any:
        with self._lock:
            return self._db.execute(sql, values).fetchall()
