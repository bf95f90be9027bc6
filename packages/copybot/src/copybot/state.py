"""The bot's rows: one SQLite file, one connection, each write committed before the method returns."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from copybot.settings import Settings

SCHEMA = """
CREATE TABLE IF NOT EXISTS leaders (
  leader TEXT PRIMARY KEY,
  since INTEGER NOT NULL,         -- fills before it are the baseline: known, never copied
  watermark INTEGER NOT NULL,     -- newest fill that the Data API has shown
  snapshot INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS fills (
  key TEXT PRIMARY KEY, leader TEXT NOT NULL, tx TEXT NOT NULL, token TEXT NOT NULL,
  condition TEXT NOT NULL, side TEXT NOT NULL, price INTEGER NOT NULL, size INTEGER NOT NULL,
  timestamp INTEGER NOT NULL, occurrence INTEGER NOT NULL,
  source TEXT NOT NULL,           -- push or poll, whichever came first
  seen REAL NOT NULL,
  held INTEGER NOT NULL,          -- what the leader held of the token just before
  decision TEXT,                  -- NULL until decided: copied, refused, baseline
  reason TEXT, detail TEXT
);
CREATE INDEX IF NOT EXISTS fills_time ON fills (timestamp);
CREATE INDEX IF NOT EXISTS fills_open ON fills (seen) WHERE decision IS NULL;
CREATE TABLE IF NOT EXISTS holdings (
  leader TEXT NOT NULL, token TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (leader, token)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
  id TEXT PRIMARY KEY,            -- the order's hash: its name at the venue
  fill TEXT NOT NULL UNIQUE,      -- a fill has one order, for ever
  leader TEXT NOT NULL, token TEXT NOT NULL, condition TEXT NOT NULL, side TEXT NOT NULL,
  price INTEGER NOT NULL, size INTEGER NOT NULL, tick INTEGER NOT NULL, neg_risk INTEGER NOT NULL,
  why TEXT NOT NULL, type TEXT NOT NULL, at REAL NOT NULL,
  status TEXT NOT NULL,           -- submitting, uncertain, resting, matched, settled, rejected, absent
  matched INTEGER NOT NULL DEFAULT 0,
  reason TEXT
);
CREATE INDEX IF NOT EXISTS orders_open ON orders (at)
  WHERE status IN ('submitting', 'uncertain', 'resting', 'matched');
CREATE TABLE IF NOT EXISTS trades (
  id TEXT PRIMARY KEY, order_id TEXT NOT NULL, leader TEXT NOT NULL, token TEXT NOT NULL,
  condition TEXT NOT NULL, side TEXT NOT NULL, size INTEGER NOT NULL, cost INTEGER NOT NULL,
  fee INTEGER NOT NULL, status TEXT NOT NULL, at REAL NOT NULL, realised INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS trades_order ON trades (order_id);
CREATE TABLE IF NOT EXISTS lots (
  leader TEXT NOT NULL, token TEXT NOT NULL, condition TEXT NOT NULL,
  size INTEGER NOT NULL, cost INTEGER NOT NULL, PRIMARY KEY (leader, token)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS redeems (
  id INTEGER PRIMARY KEY, condition TEXT NOT NULL, leader TEXT NOT NULL, token TEXT NOT NULL,
  size INTEGER NOT NULL, payout INTEGER NOT NULL, realised INTEGER NOT NULL, at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class StateError(Exception):
    """The rows cannot be opened; the text names the file and why."""


class State:
    """The open file. `db` is in autocommit; use `transaction` where writes belong together."""

    def __init__(self, path: Path | str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")  # survives a killed process
        self.db.execute("PRAGMA cache_size=-4000")
        # The log is folded in by a chore, not by whichever fill happens to fill it up.
        self.db.execute("PRAGMA wal_autocheckpoint=20000")
        self.db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all of what is written inside, or nothing."""
        if self.db.in_transaction:
            yield self.db
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def fold(self) -> None:
        """Fold the write-ahead log into the file, as far as readers allow; milliseconds."""
        self.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def fact(self, name: str) -> str | None:
        """Return a single remembered value."""
        row = self.db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: object) -> None:
        """Remember a single value."""
        self.db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, str(value)))


def open_state(settings: Settings, folder: Path) -> State:
    """Open the rows of the bot whose configuration lies in this folder; raise StateError."""
    file = folder / settings.state / "copybot.sqlite"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return State(file)
    except (OSError, sqlite3.Error) as error:
        raise StateError(f"{file}: {getattr(error, 'strerror', None) or error}") from None
