"""Verify: read all that is sealed from the disk, prove it, set aside what is damaged.

Reading has a connection of its own and goes in small batches, so that neither flushes nor queries wait: a
reader never holds up SQLite's writer, and between batches the caller decides how long to rest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from watchkeeper.keeper.store.codec import unpack_times, unpack_values, unseal
from watchkeeper.keeper.store.database import Database, Span, labels_crc
from watchkeeper.keeper.store.errors import ChunkCorrupt
from watchkeeper.keeper.store.merge import Piece
from watchkeeper.keeper.store.reader import Reader
from watchkeeper.keeper.store.series import Labels, Times
from watchkeeper.keeper.store.structure import FINE

MOST_NAMED = 100
_BATCH = 64  # chunks: some 1.5 ms of work, 150 kB
_MOST_TIMELINES = 64
_OPCODES = 50_000  # of SQLite between two looks at whether to go on
_CHUNKS = (
    'SELECT c.id, c.series, c.start, c."end", c.samples, c.timeline, c.data, t.data FROM chunks c'
    " LEFT JOIN timelines t ON t.id = c.timeline WHERE c.id > ? AND c.id <= ? ORDER BY c.id LIMIT ?"
)
_LABELS = "SELECT id, labels, crc FROM series WHERE id > ? ORDER BY id LIMIT 1024"


@dataclass(frozen=True, slots=True)
class Damage:
    """Something stored that is not what was written: a chunk, or the labels of a series.

    chunk is its number, None for labels; times in ms are None where they cannot be told.
    """

    chunk: int | None
    series: int | None
    labels: Labels
    start: int | None
    end: int | None
    samples: int | None
    reason: str


class Progress(NamedTuple):
    """How far it is; `total` is what there was to read when it began."""

    done: int
    total: int
    samples: int
    damaged: int


GoOn = Callable[[Progress], bool]
"""Told after each batch; it may take its time, and returns False to end the run."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What one run found; `whole` says that it read everything.

    samples are those of good chunks; damaged names the first hundred; sqlite is what SQLite's own look at
    the file's structure said, `ok` alone where it found nothing.
    """

    chunks: int
    samples: int
    damaged: tuple[Damage, ...]
    damaged_count: int
    sqlite: tuple[str, ...]
    whole: bool

    @property
    def clean(self) -> bool:
        """Everything was read, and all of it is good."""
        return self.whole and not self.damaged_count and self.sqlite == FINE

    @property
    def labels_known(self) -> list[tuple[int, Labels]]:
        """The series whose labels are damaged on the disk and known in memory."""
        every = [(one.series, one.labels) for one in self.damaged if one.chunk is None and one.labels]
        return [(series, labels) for series, labels in every if series is not None]


class Stopped(Exception):
    """The caller wants no more of it."""


def verify(database: Database, reader: Reader, labels: Callable[[int], Labels], go_on: GoOn) -> Verified:
    """Read everything that is sealed; raises sqlite3.OperationalError where the file cannot be opened.

    Damaged chunks are told to the reader, which leaves them out from now on. About 25 us per chunk.
    """
    with closing(database.reading_connection()) as db:
        run = _Run(db, reader, labels, go_on)
        try:
            run.all()
        except Stopped:
            run.whole = False
    return run.result()


@dataclass(slots=True)
class _Run:
    """One run over one connection."""

    db: sqlite3.Connection
    reader: Reader
    labels: Callable[[int], Labels]
    go_on: GoOn
    total: int = 0
    done: int = 0
    samples: int = 0
    damaged: list[Damage] = field(default_factory=list)
    damaged_count: int = 0
    sqlite: tuple[str, ...] = ()
    whole: bool = True
    timelines: dict[int, tuple[bytes, Times]] = field(default_factory=dict)

    def all(self) -> None:
        """Look at the structure first: what follows relies on it."""
        try:
            last, self.total = self.db.execute("SELECT IFNULL(MAX(id), 0), COUNT(*) FROM chunks").fetchone()
            self._breathe()
            self._structure()
            self._series()
            for batch in self._batches(last):
                for row in batch:
                    self._chunk(row)
                self._breathe()
        except sqlite3.DatabaseError as error:
            self.whole = False
            self.sqlite = (*(one for one in self.sqlite if one not in FINE), str(error))
            self.reader.broken(f"verifying: {error}")

    def result(self) -> Verified:
        return Verified(
            self.done, self.samples, tuple(self.damaged), self.damaged_count, self.sqlite, self.whole
        )

    def _breathe(self) -> None:
        if not self.go_on(Progress(self.done, self.total, self.samples, self.damaged_count)):
            raise Stopped

    def _structure(self) -> None:
        """Ask SQLite; a broken structure is rebuilt by the next flush, the file as it was is kept."""
        halted = False

        def halt() -> bool:
            nonlocal halted
            halted = not self.go_on(Progress(self.done, self.total, self.samples, self.damaged_count))
            return halted

        self.db.set_progress_handler(halt, _OPCODES)
        try:
            rows = self.db.execute(f"PRAGMA integrity_check({MOST_NAMED})").fetchall()
        except sqlite3.OperationalError:
            if halted:
                raise Stopped from None
            raise
        finally:
            self.db.set_progress_handler(None, 0)
        self.sqlite = tuple(str(row[0]) for row in rows)
        if self.sqlite != FINE:
            self.reader.broken(f"integrity_check: {self.sqlite[0]}")

    def _series(self) -> None:
        """Labels that do not match their checksum: their samples would be lost with the next start."""
        ref = -1
        while rows := self.db.execute(_LABELS, (ref,)).fetchall():
            for ref, text, crc in rows:
                if crc != labels_crc(ref, text):
                    reason = "the stored labels do not match their checksum"
                    self._found(Damage(None, ref, self.labels(ref), None, None, None, reason))
            self._breathe()

    def _batches(self, last: int) -> Iterator[list[Any]]:
        chunk = -1
        while rows := self.db.execute(_CHUNKS, (chunk, last, _BATCH)).fetchall():
            chunk = rows[-1][0]
            yield rows

    def _chunk(self, row: tuple[Any, ...]) -> None:
        span = Span(*row[:6])
        try:
            self.samples += len(self._piece(span, row[6], row[7])[0])
        except ChunkCorrupt as error:
            self.reader.corrupt(span, error)
            self._found(self._damage(span, str(error)))
        self.done += 1

    def _piece(self, span: Span, data: object, timeline: object) -> Piece:
        """Return a chunk's samples; raises ChunkCorrupt."""
        if not isinstance(data, bytes):
            raise ChunkCorrupt("its row is not whole")
        values = unpack_values(unseal(data, *span), span.samples)
        times = self._times(span, timeline)
        if times[0] != span.start or times[-1] != span.end:
            raise ChunkCorrupt("its times are not those of its samples")
        return times, values

    def _times(self, span: Span, data: object) -> Times:
        if not isinstance(data, bytes):
            raise ChunkCorrupt("its times are gone")
        known = self.timelines.get(span.timeline)
        if known is not None and known[0] == data and len(known[1]) == span.samples:
            return known[1]
        try:
            times = unpack_times(unseal(data, span.timeline, span.samples), span.samples)
        except ChunkCorrupt as error:
            raise ChunkCorrupt(f"its times: {error}") from error
        if len(self.timelines) >= _MOST_TIMELINES:
            self.timelines.clear()
        self.timelines[span.timeline] = data, times
        return times

    def _damage(self, span: Span, reason: str) -> Damage:
        chunk, series, start, end, samples = (whole(number) for number in span[:5])
        labels = () if series is None else self.labels(series)
        return Damage(chunk, series, labels, start, end, samples, reason)

    def _found(self, damage: Damage) -> None:
        self.damaged_count += 1
        if len(self.damaged) < MOST_NAMED:
            self.damaged.append(damage)


def whole(number: object) -> int | None:
    """Return what a damaged row holds for a number, None where it is none."""
    return number if type(number) is int else None
