"""The store: one folder, one keeper, any threads."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

import numpy as np

from watchkeeper.keeper.store.database import Database, open_database
from watchkeeper.keeper.store.errors import SeriesLimit, StoreClosed, StoreUnwritable
from watchkeeper.keeper.store.flusher import Flusher
from watchkeeper.keeper.store.frozen import Frozen
from watchkeeper.keeper.store.head import Head
from watchkeeper.keeper.store.index import Index
from watchkeeper.keeper.store.intake import Intake
from watchkeeper.keeper.store.journal import Journal
from watchkeeper.keeper.store.lock import FolderLock
from watchkeeper.keeper.store.reader import Reader
from watchkeeper.keeper.store.recovery import load_series, replay
from watchkeeper.keeper.store.retention import Retention
from watchkeeper.keeper.store.selection import Selection
from watchkeeper.keeper.store.series import Labels, Matcher, Refs, Series, Times, Values
from watchkeeper.keeper.store.stats import Ingested, StoreStats
from watchkeeper.keeper.store.verifying import GoOn, Verified, verify
from watchkeeper.keeper.store.writer import Writer

_log = logging.getLogger(__name__)

FILE = "samples.db"
ROW_SAMPLES = 1440  # 2 h at 5 s
POOL_SAMPLES = 1 << 20  # 16 MB when all of it is in use
MAX_SERIES = 20_000
CACHE_BYTES = 8 << 20
_WAKE_ABOVE = 1 << 17  # samples that wait for the disk: above this the flush does not wait for its time
_WAIT_ABOVE = 1 << 19  # above this the caller waits for the disk
_SLICE = 1 << 16


class Store:
    """Samples by series: `append`, `ingest` or `append_refs` in, `select` out.

    Samples live in a head in memory, are journalled to the disk every `flush_seconds` and sealed into
    compressed chunks. A crash loses at most the last flush interval. All methods may be called from any
    thread. With `flush_seconds=math.inf` nothing is written but by `flush` and `close` (and under pressure).
    """

    def __init__(
        self,
        database: Database,
        lock: FolderLock,
        *,
        retention: Retention,
        row_samples: int,
        pool_samples: int,
        max_series: int,
        cache_bytes: int,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._folder_lock = lock
        self._max_series = max_series
        self._clock = clock
        self._state = RLock()
        self._index = Index()
        self._reader = Reader(database, cache_bytes)
        self._next_ref, _, _, next_frame = database.next_ids()
        head = Head(row_samples, pool_samples)
        self._intake = Intake(head, Frozen(), Journal(next_frame), self._now_ms)
        self._writer = Writer(
            database, self._index, self._intake, self._reader, retention, self._state, self._now_ms
        )
        self._selection = Selection(self._index, self._intake, self._reader, self._state)
        self._total = Ingested()
        self._flusher: Flusher | None = None
        self._closed = False
        self._recover(retention)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        flush_seconds: float = 5.0,
        retention_seconds: float = 30 * 86400.0,
        retention_bytes: int = 1 << 30,
        row_samples: int = ROW_SAMPLES,
        pool_samples: int = POOL_SAMPLES,
        max_series: int = MAX_SERIES,
        cache_bytes: int = CACHE_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Open (and make, if need be) the store in a folder, replaying what was journalled.

        `retention_*` bound what is kept by age and by bytes of the file; `row_samples` is the length of a
        chunk, `pool_samples` the most samples that wait in memory (16 bytes each), `max_series` the most
        series, `cache_bytes` the decoded chunks kept for queries. Raises StoreLocked, StoreUnwritable.
        """
        lock = _locked(folder)
        try:
            database, damage = open_database(folder / FILE)
            store = cls(
                database,
                lock,
                retention=Retention(retention_seconds, retention_bytes),
                row_samples=row_samples,
                pool_samples=pool_samples,
                max_series=max_series,
                cache_bytes=cache_bytes,
                clock=clock,
            )
        except BaseException:
            lock.release()
            raise
        store._writer.damage = damage
        store._start_flushing(flush_seconds)
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, labels: Labels, time_ms: int, value: float) -> None:
        """Add one sample; what becomes of it shows in `stats`."""
        self.ingest([(labels, time_ms, value)])

    def ingest(self, rows: Iterable[tuple[Labels, int, float]]) -> Ingested:
        """Add many samples (labels, ms, value) in any order of series; times of one series ascend."""
        refs, times, values = [], [], []
        for labels, time_ms, value in rows:
            try:
                refs.append(self.ref(labels))
            except SeriesLimit:
                refs.append(-1)
            times.append(time_ms)
            values.append(value)
        return self.append_refs(np.array(refs, np.int64), np.array(times, np.int64), np.array(values, float))

    def ref(self, labels: Labels, *, essential: bool = False) -> int:
        """Return the number of a series, making it if need be; raises SeriesLimit unless it is essential.

        Numbers stay the same over restarts; one ends when retention removes the last sample of its series.
        """
        with self._state:
            found = self._index.ref(labels)
            if found is None:
                self._check_room(essential)
                found = self._new_series(labels)
            return found

    def append_refs(self, refs: Sequence[int] | Refs, time_ms: int | Times, values: Values) -> Ingested:
        """Add one value per ref, all at one time (ms) or each at its own; about 0.1 us per sample."""
        if self._closed:
            raise StoreClosed("the store is closed")
        numbers = np.asarray(refs, np.int64)
        times = np.array(np.broadcast_to(np.asarray(time_ms, np.int64), numbers.shape))
        copies = np.array(values, np.float64)  # the journal keeps them; the caller may reuse his
        total = Ingested()
        for start in range(0, len(numbers), _SLICE):
            cut = slice(start, start + _SLICE)
            with self._state:
                total += self._intake.accept(numbers[cut], times[cut], copies[cut])
            self._relieve()
        with self._state:
            self._total += total
        return total

    def select(
        self,
        matchers: Sequence[Matcher],
        start_ms: int,
        end_ms: int,
        *,
        max_samples: int | None = None,
    ) -> list[Series]:
        """Return the series that match, sorted by labels, with their samples in [start, end] (at least one).

        Staleness markers are among the values. Raises BadMatcher, and TooManySamples before more than
        `max_samples` are held.
        """
        return self._selection.select(matchers, start_ms, end_ms, max_samples)

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """Return the sorted labels of the series that match and have samples in [start, end]."""
        return self._selection.series(matchers, start_ms, end_ms)

    def known(self, matchers: Sequence[Matcher] = ()) -> list[tuple[int, Labels]]:
        """Return number and labels of all series that match, whenever they had samples, sorted by labels."""
        return self._selection.known(matchers)

    def last_times(self) -> Times:
        """Return by number the time (ms) of the newest sample of each series, the least integer for none."""
        with self._state:
            return self._intake.head.last_time.copy()

    def read(self, ref: int, start_ms: int, end_ms: int) -> tuple[Times, Values] | None:
        """Return the samples of one series by its number in [start, end], None where there are none."""
        return self._selection.read(ref, start_ms, end_ms)

    def label_names(self, matchers: Sequence[Matcher] = ()) -> list[str]:
        """Return the sorted label names, of all series or of those that match."""
        return self._selection.label_names(matchers)

    def label_values(self, name: str, matchers: Sequence[Matcher] = ()) -> list[str]:
        """Return the sorted values of a label, of all series or of those that match."""
        return self._selection.label_values(name, matchers)

    def flush(self) -> None:
        """Write to the disk what is in memory only; raises StoreUnwritable, and then nothing is lost yet."""
        self._writer.flush()

    def expire(self) -> None:
        """Remove what is older or more than the retention allows (done now and then by itself)."""
        self._writer.expire()

    def close(self) -> None:
        """Flush, stop, let go of the folder; raises StoreUnwritable after all when the flush failed."""
        if self._closed:
            return
        self._closed = True
        if self._flusher is not None:
            self._flusher.stop()
        try:
            self._writer.flush()
        finally:
            self._database.close()
            self._folder_lock.release()

    def snapshot(self, folder: Path) -> None:
        """Flush and write a consistent copy into another folder, which opens as a store."""
        self.flush()
        lock = _locked(folder)
        try:
            self._database.snapshot(folder / FILE)
        finally:
            lock.release()

    def verify(self, go_on: GoOn = lambda _: True) -> Verified:
        """Read all that is sealed from the disk and check it; what is damaged is set aside.

        Labels that are damaged on the disk alone are written again. Samples come in and queries are answered
        meanwhile. `go_on` hears how far it is and ends it by False.
        """
        found = verify(self._database, self._reader, self._labels_of, go_on)
        if damaged := found.labels_known:
            self._writer.relabel(damaged)
        return found

    def stats(self) -> StoreStats:
        """Count what is kept and what became of the samples since the store was opened."""
        writer, intake = self._writer, self._intake
        used = self._database.bytes_used()  # before the lock: a rebuild may hold the reader for long
        with self._state:
            head = intake.head.samples() + intake.frozen.samples
            oldest = [time for time in (writer.totals.oldest, intake.head.oldest()) if time is not None]
            newest = [time for time in (writer.totals.newest, intake.head.newest()) if time is not None]
            return StoreStats(
                series=len(self._index),
                chunks=writer.totals.chunks,
                samples=writer.totals.samples + head,
                bytes=used,
                oldest=min(oldest, default=None),
                newest=max(newest, default=None),
                head_samples=head,
                unflushed_samples=intake.journal.samples,
                stored=self._total.stored,
                duplicates=self._total.duplicate,
                conflicts=self._total.conflict,
                out_of_order=self._total.out_of_order,
                too_old=self._total.too_old,
                refused=self._total.refused,
                lost=writer.lost,
                clock_steps=intake.clock_steps,
                corrupt_chunks=self._reader.corrupt_found + self._corrupt_before,
                flushes=writer.flushes,
                flush_failures=writer.flush_failures,
                expired_chunks=writer.expired_chunks,
                rebuilds=writer.rebuilds,
                damage=writer.damage,
                last_error=writer.last_error,
            )

    def _recover(self, retention: Retention) -> None:
        sealed = load_series(self._database, self._index, self._intake)
        self._corrupt_before = self._database.corrupt_count()
        self._corrupt_before += replay(self._database, self._intake, sealed)
        self._intake.horizon_ms = retention.oldest_accepted(self._now_ms())
        self._flush_quietly()

    def _start_flushing(self, seconds: float) -> None:
        if math.isfinite(seconds):
            self._flusher = Flusher(seconds, self._flush_quietly)
            self._flusher.start()

    def _flush_quietly(self) -> None:
        try:
            self._writer.flush()
        except StoreUnwritable:
            pass  # counted, logged once and kept as last_error by the writer; tried again next time
        except Exception:
            _log.exception("flush failed")
            self._writer.flush_failures += 1

    def _relieve(self) -> None:
        """Flush early when much waits for the disk; give up the oldest when it refuses."""
        frozen, journal = self._intake.frozen, self._intake.journal
        waiting = max(frozen.samples, journal.samples)
        if waiting > _WAKE_ABOVE and self._flusher is not None:
            self._flusher.wake()
        if waiting <= _WAIT_ABOVE:
            return
        try:
            self._writer.flush()
        except StoreUnwritable:
            self._writer.forget_pending(_WAIT_ABOVE // 2)
            if frozen.samples > _WAIT_ABOVE:
                self._writer.give_up_oldest(_WAIT_ABOVE // 2)

    def _check_room(self, essential: bool) -> None:
        if len(self._index) >= self._max_series and not essential:
            raise SeriesLimit(f"the store holds {self._max_series} series, as many as it may")

    def _new_series(self, labels: Labels) -> int:
        ref, self._next_ref = self._next_ref, self._next_ref + 1
        self._index.add(ref, labels)
        self._intake.admit(ref)
        self._writer.announce(ref, labels)
        return ref

    def _labels_of(self, ref: int) -> Labels:
        """Return a series' labels, none where it is not known."""
        with self._state:
            return self._index.labels(ref) if ref in self._index else ()

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _locked(folder: Path) -> FolderLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FolderLock.take(folder)
    except OSError as error:
        raise StoreUnwritable(f"cannot use the folder {folder}: {error}") from error
