"""The file `boards.db`: boards and annotations, on the disk when a call returns."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from watchkeeper.keeper.web.boards.builtin import BUILT_IN
from watchkeeper.keeper.web.boards.errors import BoardsUnwritable, Changed, Fixed, Full, Missing
from watchkeeper.keeper.web.boards.shapes import Annotation, Board, Content, NewAnnotation

MOST_BOARDS = 500
MOST_ANNOTATIONS = 100_000
_TABLES = """
CREATE TABLE IF NOT EXISTS boards (
  id TEXT PRIMARY KEY, version INTEGER NOT NULL, author TEXT NOT NULL, created REAL NOT NULL,
  changed REAL NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS annotations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, until REAL, text TEXT NOT NULL, bot TEXT NOT NULL,
  tags TEXT NOT NULL, author TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX IF NOT EXISTS annotations_at ON annotations (at);
"""
_CONTENT = msgspec.json.Decoder(Content)


class Shelf:
    """Boards and annotations of one keeper; one lock serves threads."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], float]) -> None:
        self._db = connection
        self._now = now
        self._lock = threading.Lock()

    @classmethod
    def open(cls, folder: Path, now: Callable[[], float]) -> Shelf:
        """Open the file in a data folder, or make it; raises BoardsUnwritable."""
        path = folder / "boards.db"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA cache_size=-256")
            db.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise BoardsUnwritable(f"cannot open {path}: {error}") from error
        return cls(db, now)

    def boards(self) -> list[Board]:
        """Return all boards by title, those that come with the keeper first."""
        kept = [board_of(row) for row in self._read("SELECT * FROM boards")]
        return [*BUILT_IN.values(), *sorted(kept, key=lambda one: (one.board.title, one.id))]

    def board(self, id: str) -> Board:
        """Return a board; raises Missing."""
        if id in BUILT_IN:
            return BUILT_IN[id]
        found = self._read("SELECT * FROM boards WHERE id = ?", id)
        if not found:
            raise Missing(f"no board {id[:40]!r}")
        return board_of(found[0])

    def add(self, content: Content, author: str) -> Board:
        """Keep a new board; raises Full."""
        if self._read("SELECT COUNT(*) FROM boards")[0][0] >= MOST_BOARDS:
            raise Full(f"expected at most {MOST_BOARDS} boards: remove one first")
        id, now = secrets.token_hex(6), self._now()
        row = (id, 1, author, now, now, msgspec.json.encode(content))
        self._write("INSERT INTO boards VALUES (?,?,?,?,?,?)", *row)
        return board_of(row)

    def change(self, id: str, version: int, content: Content) -> Board:
        """Replace a board that was read at a version; raises Missing, Fixed, and Changed for an older one."""
        self._not_fixed(id)
        sql = "UPDATE boards SET version = version + 1, changed = ?, body = ? WHERE id = ? AND version = ?"
        if not self._write(sql, self._now(), msgspec.json.encode(content), id, version).rowcount:
            now = self.board(id).version
            raise Changed(f"the board is at version {now} by now, not {version}: read it again")
        return self.board(id)

    def remove(self, id: str) -> None:
        """Remove a board; raises Missing and Fixed."""
        self._not_fixed(id)
        if not self._write("DELETE FROM boards WHERE id = ?", id).rowcount:
            raise Missing(f"no board {id[:40]!r}")

    def annotate(self, given: NewAnnotation, author: str) -> Annotation:
        """Keep an annotation; raises Full."""
        if self._read("SELECT COUNT(*) FROM annotations")[0][0] >= MOST_ANNOTATIONS:
            raise Full(f"expected at most {MOST_ANNOTATIONS} annotations: remove some first")
        now = self._now()
        tags = msgspec.json.encode(given.tags).decode()
        row = (now if given.at is None else given.at, given.until, given.text, given.bot, tags, author, now)
        columns = "at, until, text, bot, tags, author, created"
        made = self._write(f"INSERT INTO annotations ({columns}) VALUES (?,?,?,?,?,?,?)", *row)
        return annotation_of((made.lastrowid, *row))

    def annotations(self, start: float, end: float, bot: str, count: int) -> list[Annotation]:
        """Return the newest annotations that touch [start, end], of a bot (and of no bot) or of all."""
        sql = (
            "SELECT * FROM annotations WHERE at <= ? AND COALESCE(until, at) >= ? "
            "AND (? = '' OR bot IN ('', ?)) ORDER BY at DESC, id DESC LIMIT ?"
        )
        return [annotation_of(row) for row in self._read(sql, end, start, bot, bot, count)]

    def remove_annotation(self, id: int) -> None:
        """Remove an annotation; raises Missing."""
        if not self._write("DELETE FROM annotations WHERE id = ?", id).rowcount:
            raise Missing(f"no annotation {id}")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _not_fixed(self, id: str) -> None:
        if id in BUILT_IN:
            raise Fixed("this board comes with the keeper: change a copy of it")

    def _read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _write(self, sql: str, *values: object) -> sqlite3.Cursor:
        with self._lock:
            try:
                return self._db.execute(sql, values)
            except sqlite3.Error as error:
                raise BoardsUnwritable(f"boards.db not written: {error}") from error


def board_of(row: tuple[Any, ...]) -> Board:
    id, version, author, created, changed, body = row
    content = _CONTENT.decode(body)
    return Board(
        id=id, version=version, fixed=False, author=author, created=created, changed=changed, board=content
    )


def annotation_of(row: tuple[Any, ...]) -> Annotation:
    id, at, until, text, bot, tags, author, created = row
    kept = msgspec.json.decode(tags, type=list[str])
    return Annotation(
        id=id, at=at, until=until, text=text, bot=bot, tags=kept, author=author, created=created
    )
