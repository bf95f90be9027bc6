"""The way to the disk: one transaction per flush, retention now and then."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Lock, RLock
from typing import NamedTuple

from watchkeeper.keeper.store.database import Database, Totals, Writing
from watchkeeper.keeper.store.errors import StoreDamaged, StoreUnwritable
from watchkeeper.keeper.store.frozen import Waiting
from watchkeeper.keeper.store.index import Index
from watchkeeper.keeper.store.intake import Intake
from watchkeeper.keeper.store.journal import Frame
from watchkeeper.keeper.store.reader import Reader
from watchkeeper.keeper.store.retention import Retention
from watchkeeper.keeper.store.sealing import add_chunks
from watchkeeper.keeper.store.series import Labels

_log = logging.getLogger(__name__)
_AGED_FRAMES = 1440  # rows are sealed after so many flushes (2 h at 5 s), so that the journal stays short
_RETENTION_EVERY = 12  # flushes
_MAX_REBUILDS = 3  # a disk that breaks files all the time is not helped by rebuilding


class _Batch(NamedTuple):
    """What one flush takes along; the originals stay where they are until it is on the disk."""

    series: list[tuple[int, Labels]]
    frames: list[Frame]
    rows: list[Waiting]
    forget_frames_before: int


class Writer:
    """Flush and expire; `state` guards what it shares with the way in, one flush runs at a time."""

    def __init__(
        self,
        database: Database,
        index: Index,
        intake: Intake,
        reader: Reader,
        retention: Retention,
        state: RLock,
        now_ms: Callable[[], int],
    ) -> None:
        self._database = database
        self._index = index
        self._intake = intake
        self._reader = reader
        self._retention = retention
        self._state = state
        self._now_ms = now_ms
        self._flushing = Lock()
        self._unsaved: list[tuple[int, Labels]] = []
        _, self._next_chunk, self._next_timeline, _ = database.next_ids()
        self._dirty = True  # the first flush swaps the replayed frames
        self.totals: Totals = database.totals()
        self.flushes = self.flush_failures = self.expired_chunks = self.lost = 0
        self.rebuilds = 0
        self.damage: str | None = None
        self.last_error: str | None = None

    def announce(self, ref: int, labels: Labels) -> None:
        """Write a new series with the next flush; called under `state`."""
        self._unsaved.append((ref, labels))

    def flush(self) -> None:
        """Write what waits; raises StoreUnwritable, and then all of it goes on waiting."""
        with self._flushing:
            if self._reader.unreadable:
                self._rebuild()
            with self._state:
                batch = self._batch()
            if self._dirty or batch.series or batch.frames or batch.rows:
                self._write_or_rebuild(batch)
                if self.flushes % _RETENTION_EVERY == 0:
                    self._expire()
            self._set_aside_corrupt()

    def expire(self) -> None:
        """Remove what is too old or too much; raises StoreUnwritable."""
        with self._flushing:
            self._expire()

    def relabel(self, series: Sequence[tuple[int, Labels]]) -> None:
        """Write labels that are damaged on the disk as they are in memory; said where the disk refuses."""
        with self._flushing:
            try:
                self._database.relabel(series)
            except StoreUnwritable as error:
                _log.warning("the labels of %d series could not be written again: %s", len(series), error)

    def give_up_oldest(self, keep: int) -> None:
        """Forget the oldest frozen rows so that memory stays bounded while the disk refuses; counted."""
        with self._flushing, self._state:
            frozen = self._intake.frozen
            while frozen.samples > keep:
                self.lost += frozen.drop(max(1, len(frozen.all()) // 4))
            _log.error("the disk refuses writes and memory is full: %d samples given up so far", self.lost)

    def forget_pending(self, keep: int) -> None:
        """Drop journal frames that could not be written; their samples stay in memory for sealing."""
        with self._flushing, self._state:
            journal = self._intake.journal
            while journal.samples > keep and journal.waiting():
                journal.written(1)

    def _batch(self) -> _Batch:
        intake = self._intake
        aged = intake.head.aged(intake.journal.seq - _AGED_FRAMES)
        if len(aged):
            intake.freeze(aged)
        frames = intake.journal.waiting()
        oldest = intake.head.oldest_frame()
        before = intake.journal.seq if oldest is None else oldest
        return _Batch(list(self._unsaved), frames, intake.frozen.all(), before)

    def _write_or_rebuild(self, batch: _Batch) -> None:
        try:
            self._write(batch)
        except StoreDamaged:
            if self.rebuilds >= _MAX_REBUILDS:
                raise
            self._rebuild()
            self._write(batch)
        with self._state:
            self._written(batch)

    def _rebuild(self) -> None:
        self._reader.unreadable = False
        if self.rebuilds < _MAX_REBUILDS:
            self.rebuilds += 1
            self.damage = self._database.rebuild()
            self._reader.reordered()
            self.totals = self._database.totals()

    def _set_aside_corrupt(self) -> None:
        """Move corrupt chunks away; where that fails they stay marked in memory, and writing goes on."""
        corrupt = self._reader.set_aside()
        if not corrupt:
            return
        try:
            self._database.set_aside(corrupt)
        except StoreUnwritable as error:
            _log.warning("corrupt chunks could not be set aside: %s", error)
            return
        self._reader.forget_corrupt(corrupt)
        self._reader.reordered()
        self.totals = self._database.totals()

    def _write(self, batch: _Batch) -> None:
        frames = [(frame.seq, frame.encode()) for frame in batch.frames]
        work = Writing(
            series=batch.series,
            frames=frames,
            forget_frames_before=batch.forget_frames_before,
        )
        add_chunks(work, batch.rows, self._next_chunk, self._next_timeline)
        try:
            self._database.write(work)
        except StoreUnwritable as error:
            self._failed(error)
            raise
        self.flushes += 1
        self.last_error = None
        self._next_chunk += len(work.chunks)
        self._next_timeline += len(work.timelines)

    def _failed(self, error: Exception) -> None:
        self.flush_failures += 1
        if self.last_error != str(error):
            _log.error("flush failed, will be tried again: %s", error)
        self.last_error = str(error)

    def _written(self, batch: _Batch) -> None:
        self._dirty = False
        del self._unsaved[: len(batch.series)]
        self._intake.journal.written(len(batch.frames))
        for waiting in batch.rows:
            times = waiting.row.times
            self._reader.sealed(waiting.row.ref, int(times[0]), int(times[-1]))
        self._intake.frozen.drop(len(batch.rows))
        if batch.rows:
            self.totals = self._grown(batch.rows)

    def _grown(self, rows: list[Waiting]) -> Totals:
        chunks, samples, oldest, newest = self.totals
        first = min(int(waiting.row.times[0]) for waiting in rows)
        last = max(int(waiting.row.times[-1]) for waiting in rows)
        samples += sum(len(waiting.row.times) for waiting in rows)
        low = first if oldest is None else min(oldest, first)
        return Totals(chunks + len(rows), samples, low, last if newest is None else max(newest, last))

    def _expire(self) -> None:
        now = self._now_ms()
        self._intake.horizon_ms = self._retention.oldest_accepted(now)
        cutoff = self._retention.chunk_cutoff(now)
        used = self._database.bytes_used()
        if used > self._retention.bytes:
            cutoff = max(cutoff, self._retention.size_cutoff(self._database.ends(), used) or cutoff)
        if self.totals.oldest is None or self.totals.oldest >= cutoff:
            return
        gone = self._database.ended_before(cutoff)
        if gone:
            self._remove(gone, cutoff)

    def _remove(self, chunks: list[int], cutoff: int) -> None:
        try:
            self._database.remove_chunks(chunks, cutoff)
            self._reader.reordered()
            with_chunks = self._database.series_with_chunks()
            with self._state:
                empty = self._dismiss_empty(with_chunks, cutoff)
            self._database.remove_series(empty)
        except StoreUnwritable as error:
            self._failed(error)
            raise
        self.expired_chunks += len(chunks)
        self.totals = self._database.totals()

    def _dismiss_empty(self, with_chunks: set[int], cutoff: int) -> list[int]:
        """Forget the series of which nothing is left and that had no sample lately."""
        unsaved = {ref for ref, _ in self._unsaved}
        head, frozen = self._intake.head, self._intake.frozen
        empty = [
            ref
            for ref in self._index.refs()
            if ref not in with_chunks
            and ref not in unsaved
            and head.last_time[ref] < cutoff
            and not head.has(ref)
            and not frozen.of(ref)
        ]
        for ref in empty:
            self._index.remove(ref)
            self._intake.dismiss(ref)
        return empty
