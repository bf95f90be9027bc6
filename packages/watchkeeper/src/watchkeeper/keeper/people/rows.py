"""The file `people.db`: one connection, one lock, every write on the disk when it returns."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from watchkeeper.keeper.people.errors import PeopleUnwritable

_TABLES = """
CREATE TABLE IF NOT EXISTS users (
  name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, disabled INTEGER NOT NULL,
  created REAL NOT NULL, changed REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
  key BLOB PRIMARY KEY, user TEXT NOT NULL, csrf TEXT NOT NULL, started REAL NOT NULL, ends REAL NOT NULL,
  address TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_user ON sessions (user);
CREATE TABLE IF NOT EXISTS tokens (
  id TEXT PRIMARY KEY, key BLOB NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
  created REAL NOT NULL, ends REAL, used REAL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_user ON tokens (user);
CREATE TABLE IF NOT EXISTS trail (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
  way TEXT NOT NULL, address TEXT NOT NULL, action TEXT NOT NULL, resource TEXT NOT NULL,
  result TEXT NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL, correlation TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS trail_actor ON trail (actor, id);
"""


class Rows:
    """The rows of this room; one lock serves readers and writers of any thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, folder: Path) -> Rows:
        """Open the file in a folder, or make it, readable by its owner alone; raises PeopleUnwritable."""
        path = folder / "people.db"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
        except (OSError, sqlite3.Error) as error:
            raise PeopleUnwritable(f"cannot open {path}: {error}") from error
        try:
            db.execute("PRAGMA journal_mode=WAL")
            # FULL: a session that was ended stays ended, and a trail stays whole, through a power cut.
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA cache_size=-256")
            db.executescript(_TABLES)
        except sqlite3.Error as error:
            db.close()
            raise PeopleUnwritable(f"cannot open {path}: {error}") from error
        return cls(db)

    def read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a question."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def write(self, *steps: tuple[str, tuple[object, ...]]) -> int:
        """Do all steps or none; return how many rows the last one changed. Raises PeopleUnwritable."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                for sql, values in steps:
                    changed = self._db.execute(sql, values).rowcount
                self._db.execute("COMMIT")
            except sqlite3.IntegrityError:
                self._undo()
                raise
            except sqlite3.Error as error:
                self._undo()
                raise PeopleUnwritable(f"people.db not written: {error}") from error
        return changed

    def add(self, sql: str, values: tuple[object, ...]) -> int:
        """Insert a row and return its number; raises PeopleUnwritable."""
        with self._lock:
            try:
                return int(self._db.execute(sql, values).lastrowid or 0)
            except sqlite3.Error as error:
                raise PeopleUnwritable(f"people.db not written: {error}") from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _undo(self) -> None:
        try:
            self._db.execute("ROLLBACK")
        except sqlite3.Error:
            pass  # the failed statement has ended the transaction already
