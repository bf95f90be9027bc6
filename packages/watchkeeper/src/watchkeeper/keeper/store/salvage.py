"""Copy what can still be read of a damaged file into a new one."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

_TABLES = ("series", "timelines", "chunks", "journal", "corrupt")
_STEP = 256  # rows tried at once; a range that fails is halved until the bad row is alone
_MAX_FAILURES = 20_000


class Salvaged(NamedTuple):
    """Rows that were copied, and ranges of row numbers that could not be read."""

    rows: int
    failures: int


def salvage(damaged: Path, target: sqlite3.Connection) -> Salvaged:
    """Copy the rows of every table that can be read; rows keep their numbers."""
    rows = failures = 0
    source = sqlite3.connect(f"file:{damaged}?mode=ro", uri=True)
    try:
        target.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            copied, failed = _Table(source, target, table).copy()
            rows, failures = rows + copied, failures + failed
        target.execute("COMMIT")
    finally:
        source.close()
    return Salvaged(rows, failures)


class _Table:
    """One table, read by ranges of its row numbers."""

    def __init__(self, source: sqlite3.Connection, target: sqlite3.Connection, name: str) -> None:
        self._source = source
        self._target = target
        self._name = name
        self._copied = self._failed = 0

    def copy(self) -> tuple[int, int]:
        for low in range(0, self._last() + 1, _STEP):
            self._range(low, low + _STEP - 1)
        return self._copied, self._failed

    def _last(self) -> int:
        """Return the highest row number; when the way to it is damaged, look for it by trying."""
        try:
            return int(self._source.execute(f"SELECT MAX(rowid) FROM {self._name}").fetchone()[0] or 0)
        except sqlite3.DatabaseError:
            self._failed += 1
        for bound in (1 << power for power in range(24, 8, -1)):
            try:
                if self._source.execute(f"SELECT 1 FROM {self._name} WHERE rowid = ?", (bound,)).fetchone():
                    return bound * 2
            except sqlite3.DatabaseError:
                continue
        return 1 << 16

    def _range(self, low: int, high: int) -> None:
        if self._failed > _MAX_FAILURES:
            return
        try:
            sql = f"SELECT * FROM {self._name} WHERE rowid BETWEEN ? AND ?"
            rows = self._source.execute(sql, (low, high)).fetchall()
        except sqlite3.DatabaseError:
            self._failed += 1
            if low < high:
                middle = (low + high) // 2
                self._range(low, middle)
                self._range(middle + 1, high)
            return
        for row in rows:
            marks = ",".join("?" * len(row))
            done = self._target.execute(f"INSERT OR IGNORE INTO {self._name} VALUES ({marks})", row)
            self._copied += done.rowcount
