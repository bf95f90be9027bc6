"""The SQLite file `samples.db`: its tables, its one writing connection, its one reading connection."""

from __future__ import annotations

import json
import logging
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from watchkeeper.keeper.store.errors import StoreDamaged, StoreUnwritable
from watchkeeper.keeper.store.opening import connect, prepare, reading, rebuilt, set_aside
from watchkeeper.keeper.store.series import Labels

_log = logging.getLogger(__name__)

_CORRUPT_COLUMNS = 'id, series, start, "end", samples, timeline, data'
_read_labels = msgspec.json.Decoder(Labels).decode
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Span(NamedTuple):
    """Where a chunk lies: its row, times (ms, both inclusive), number of samples."""

    id: int
    series: int
    start: int
    end: int
    samples: int
    timeline: int


class Chunk(NamedTuple):
    """A chunk to be written; `sealed` is the last journal frame whose samples of the series it ends."""

    span: Span
    data: bytes
    sealed: int


class SeriesRow(NamedTuple):
    """A series as stored; `last` is the time of the last sample in its last chunk."""

    id: int
    labels: Labels
    sealed: int
    last: int | None


@dataclass(slots=True)
class Writing:
    """What one transaction writes: all of it, or nothing."""

    series: Sequence[tuple[int, Labels]] = ()
    frames: Sequence[tuple[int, bytes]] = ()
    timelines: list[tuple[int, int, bytes]] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    forget_frames_before: int = 0


class Totals(NamedTuple):
    """What is sealed on the disk."""

    chunks: int
    samples: int
    oldest: int | None
    newest: int | None


class Database:
    """Rows in, rows out; the writer is called under its owner's lock, the reader has a lock of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reading = Lock()
        self._connect()

    def write(self, work: Writing) -> None:
        """Write in one transaction; raises StoreUnwritable, and then nothing was written."""
        with self._transaction() as db:
            db.executemany("INSERT INTO series VALUES (?,?,?,-1,NULL)", map(_series_row, work.series))
            db.executemany("INSERT INTO journal VALUES (?,?)", work.frames)
            db.executemany("INSERT INTO timelines VALUES (?,?,?)", work.timelines)
            db.executemany("INSERT INTO chunks VALUES (?,?,?,?,?,?,?,?)", map(_chunk_row, work.chunks))
            sealed = ((chunk.sealed, chunk.span.end, chunk.span.series) for chunk in work.chunks)
            db.executemany("UPDATE series SET sealed = ?, last = ? WHERE id = ?", sealed)
            db.execute("DELETE FROM journal WHERE seq < ?", (work.forget_frames_before,))

    def set_aside(self, chunks: Iterable[tuple[int, str]]) -> None:
        """Move corrupt chunks (number, reason) to a table of their own."""
        with self._transaction() as db:
            for chunk, reason in chunks:
                sql = f"INSERT OR IGNORE INTO corrupt SELECT {_CORRUPT_COLUMNS}, ? FROM chunks WHERE id = ?"
                db.execute(sql, (reason, chunk))
                db.execute("DELETE FROM chunks WHERE id = ?", (chunk,))

    def relabel(self, series: Iterable[tuple[int, Labels]]) -> None:
        """Write the labels of stored series again."""
        with self._transaction() as db:
            for ref, labels in series:
                _, text, crc = _series_row((ref, labels))
                db.execute("UPDATE series SET labels = ?, crc = ? WHERE id = ?", (text, crc, ref))

    def remove_chunks(self, chunks: Iterable[int], timelines_before: int) -> None:
        """Remove chunks by number, and the timelines that end before a time; give the pages back."""
        with self._transaction() as db:
            db.executemany("DELETE FROM chunks WHERE id = ?", ((chunk,) for chunk in chunks))
            db.execute('DELETE FROM timelines WHERE "end" < ?', (timelines_before,))
        with self._reported():
            self._writer.execute("PRAGMA incremental_vacuum").fetchall()

    def remove_series(self, refs: Iterable[int]) -> None:
        """Remove series by number."""
        with self._transaction() as db:
            db.executemany("DELETE FROM series WHERE id = ?", ((ref,) for ref in refs))

    def series(self) -> Iterator[SeriesRow]:
        """Yield all series whose labels are whole."""
        for ref, text, crc, sealed, last in self._read("SELECT * FROM series ORDER BY id"):
            if crc != labels_crc(ref, text):
                _log.error("the labels of series %d are corrupt; its samples cannot be told apart", ref)
                continue
            yield SeriesRow(ref, _read_labels(text), sealed, last)

    def frames(self) -> list[tuple[int, bytes]]:
        """Return the journal's frames in order."""
        return self._read("SELECT seq, data FROM journal ORDER BY seq")

    def spans_of(self, series: Sequence[int], begin: int, start: int, end: int) -> dict[int, list[Span]]:
        """Return the chunks of some series that touch [start, end], by series, as they were sealed.

        Chunks that start before `begin` are left out; without it all earlier ones would be looked through.
        """
        sql = (
            'SELECT id, series, start, "end", samples, timeline FROM chunks WHERE series IN'
            ' (SELECT value FROM json_each(?)) AND start BETWEEN ? AND ? AND "end" >= ? ORDER BY id'
        )
        found: dict[int, list[Span]] = {}
        for row in self._read(sql, json.dumps(list(series)), begin, end, start):
            found.setdefault(row[1], []).append(Span(*row))
        return found

    def touched(self, series: int, start: int, end: int) -> int:
        """Return the number of samples of a series in chunks that touch [start, end]."""
        sql = 'SELECT TOTAL(samples) FROM chunks WHERE series = ? AND start <= ? AND "end" >= ?'
        return int(self._read(sql, series, end, start)[0][0])

    def extents(self) -> list[tuple[int, int, int]]:
        """Return by series when the last of its chunks ends and the longest chunk's time, ms.

        Reads the index only, as `totals`.
        """
        return self._read('SELECT series, MAX("end"), MAX("end" - start) FROM chunks GROUP BY series')

    def chunk(self, chunk: int) -> bytes | None:
        """Return the bytes of a chunk, or None when it is gone."""
        rows = self._read("SELECT data FROM chunks WHERE id = ?", chunk)
        return rows[0][0] if rows else None

    def timeline(self, timeline: int) -> bytes | None:
        """Return the bytes of a timeline, or None when it is gone."""
        rows = self._read("SELECT data FROM timelines WHERE id = ?", timeline)
        return rows[0][0] if rows else None

    def ended_before(self, time_ms: int) -> list[int]:
        """Return the chunks that end before a time."""
        return [row[0] for row in self._read('SELECT id FROM chunks WHERE "end" < ?', time_ms)]

    def ends(self) -> list[tuple[int, int]]:
        """Return (end, bytes) of every chunk, the earliest end first."""
        return self._read('SELECT "end", bytes FROM chunks ORDER BY "end"')

    def series_with_chunks(self) -> set[int]:
        """Return the series that have chunks."""
        return {row[0] for row in self._read("SELECT DISTINCT series FROM chunks")}

    def totals(self) -> Totals:
        """Count the chunks and samples; reads the index only, about 0.1 us per chunk."""
        sql = 'SELECT COUNT(*), TOTAL(samples), MIN(start), MAX("end") FROM chunks'
        chunks, samples, oldest, newest = self._read(sql)[0]
        return Totals(chunks, int(samples), oldest, newest)

    def corrupt_count(self) -> int:
        """Return how many chunks were set aside, ever."""
        return int(self._read("SELECT COUNT(*) FROM corrupt")[0][0])

    def next_ids(self) -> tuple[int, int, int, int]:
        """Return the next free numbers of series, chunk, timeline and journal frame."""
        sql = (
            "SELECT (SELECT MAX(id) FROM series), MAX((SELECT IFNULL(MAX(id), 0) FROM chunks),"
            " (SELECT IFNULL(MAX(id), 0) FROM corrupt)), (SELECT MAX(id) FROM timelines),"
            " MAX((SELECT IFNULL(MAX(seq), 0) FROM journal), (SELECT IFNULL(MAX(sealed), 0) FROM series))"
        )
        series, chunk, timeline, frame = (int(top or 0) + 1 for top in self._read(sql)[0])
        return series, chunk, timeline, frame

    def bytes_used(self) -> int:
        """Return the bytes of the pages in use."""
        pages = self._read("PRAGMA page_count")[0][0] - self._read("PRAGMA freelist_count")[0][0]
        return int(pages * self._read("PRAGMA page_size")[0][0])

    def reading_connection(self) -> sqlite3.Connection:
        """Return one more connection that only reads, for whoever reads for long; its caller closes it."""
        return reading(self.path)

    def snapshot(self, path: Path) -> None:
        """Write a consistent copy of the file; queries go on meanwhile."""
        with (
            self._reported(),
            closing(reading(self.path)) as source,
            closing(sqlite3.connect(path)) as target,
        ):
            source.backup(target)

    def rebuild(self) -> str:
        """Put the file aside and begin a new one with all that can be read of it; return what was done."""
        with self._reading, self._reported():
            self._close()
            aside = set_aside(self.path)
            told = rebuilt(aside, self.path)
            self._connect()
        _log.error("%s", told)
        return told

    def close(self) -> None:
        """Close both connections."""
        with self._reading:
            self._close()

    def _connect(self) -> None:
        self._writer = connect(self.path)
        self._reader = reading(self.path)

    def _close(self) -> None:
        self._reader.close()
        self._writer.close()

    def _read(self, sql: str, *arguments: object) -> list[Any]:
        with self._reading:
            return self._reader.execute(sql, arguments).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reported():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            broken = getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN
            kind = StoreDamaged if broken else StoreUnwritable
            raise kind(f"{self.path}: {error}") from error


def open_database(path: Path) -> tuple[Database, str | None]:
    """Open the file, making it when it is new and rebuilding it when it is damaged.

    Returns what was wrong, or None. Raises StoreUnwritable, and StoreError for a newer version's file.
    """
    try:
        prepare(path)
        database = Database(path)
        try:
            database.next_ids(), database.totals()
            return database, None
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            database.close()
            raise
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        # Of the operational errors only "unsupported file format" (plain SQLITE_ERROR) tells of damage.
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise StoreUnwritable(f"cannot open {path}: {error}") from error
        told = f"{error}: {rebuilt(set_aside(path), path)}"
        _log.error("%s", told)
        return Database(path), told


def _series_row(series: tuple[int, Labels]) -> tuple[int, str, int]:
    ref, labels = series
    text = msgspec.json.encode(labels).decode()
    return ref, text, labels_crc(ref, text)


def labels_crc(ref: int, text: object) -> int:
    """Return the checksum of a series' labels as they are stored."""
    return zlib.crc32(f"{ref}{text}".encode(errors="surrogatepass"))


def _chunk_row(chunk: Chunk) -> tuple[int, int, int, int, int, int, int, bytes]:
    span = chunk.span
    size = len(chunk.data)
    return span.id, span.series, span.start, span.end, span.samples, size, span.timeline, chunk.data
