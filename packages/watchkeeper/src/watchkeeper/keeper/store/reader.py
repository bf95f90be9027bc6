"""Read sealed chunks: decode them, keep the last ones decoded, set corrupt ones aside."""

from __future__ import annotations

import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock

import numpy as np
import numpy.typing as npt

from watchkeeper.keeper.store.codec import unpack_times, unpack_values, unseal
from watchkeeper.keeper.store.database import Database, Span
from watchkeeper.keeper.store.errors import ChunkCorrupt
from watchkeeper.keeper.store.head import NEVER
from watchkeeper.keeper.store.merge import Piece, Window
from watchkeeper.keeper.store.recent import RecentSpans
from watchkeeper.keeper.store.series import Times, Values

_log = logging.getLogger(__name__)


class Reader:
    """Decoded times and values by number, the least recently used go first; safe in any thread."""

    def __init__(self, database: Database, cache_bytes: int) -> None:
        self._database = database
        self._limit = cache_bytes
        # Values by the number of their chunk, times by the complement of their timeline's.
        self._cache: OrderedDict[int, npt.NDArray[np.generic]] = OrderedDict()
        self._size = 0
        self._lock = Lock()
        self._corrupt: dict[int, str] = {}
        self._recent = RecentSpans()
        extents = database.extents()
        self._ends = {series: end for series, end, _ in extents}
        self._longest = max((longest for _, _, longest in extents), default=0)
        self.corrupt_found = 0
        self.unreadable = False
        """The way to the chunks is broken: the file wants to be rebuilt."""

    def pieces(self, series: int, start: int, end: int) -> list[Piece]:
        """Return the samples in [start, end] of a series' chunks, in the order of their sealing."""
        spans = self.spans([series], start, end).get(series, ())
        return self.unpacked(spans, Window(start, end))

    def spans(self, series: Sequence[int], start: int, end: int) -> dict[int, Sequence[Span]]:
        """Return where the chunks of some series that touch [start, end] lie, by series.

        The disk is not asked for series whose chunks all end before the start, nor for those whose newest
        chunks were read before and hold the start: 2 us each and more.
        """
        known: dict[int, Sequence[Span]] = {}
        asked = []
        for ref in series:
            if self._ends.get(ref, NEVER) >= start:
                spans = self._recent.of(ref, start, end)
                if spans is None:
                    asked.append(ref)
                else:
                    known[ref] = spans
        return {**known, **self._asked(asked, start, end)} if asked else known

    def _asked(self, series: list[int], start: int, end: int) -> dict[int, list[Span]]:
        changes, ends = self._recent.changes, [self._ends.get(ref, NEVER) for ref in series]
        try:
            found = self._database.spans_of(series, max(start - self._longest, NEVER), start, end)
        except sqlite3.DatabaseError as error:
            self._report_unreadable(series[0], error)
            return {}
        newest = [ref for ref, last in zip(series, ends, strict=True) if last <= end]
        self._recent.learn(newest, start, found, changes)
        return found

    def sealed(self, series: int, start: int, end: int) -> None:
        """A chunk of a series was written; told before its row leaves the memory."""
        self._longest = max(self._longest, end - start)
        self._ends[series] = max(end, self._ends.get(series, NEVER))
        self._recent.sealed(series)

    def reordered(self) -> None:
        """Chunks were removed, moved or written anew: the disk is asked again where they lie."""
        self._recent.clear()

    def unpacked(self, spans: Iterable[Span], window: Window) -> list[Piece]:
        """Return the samples of chunks within a window, without chunks that cannot be read."""
        return [piece for span in spans if (piece := self._piece(span, window)) is not None]

    def bounded(self, series: int, start: int, end: int) -> bool:
        """Tell whether a good chunk of a series begins or ends in [start, end]; nothing is decoded."""
        return any(
            (start <= span.start or span.end <= end) and span.id not in self._corrupt
            for span in self.spans([series], start, end).get(series, ())
        )

    def forget(self) -> None:
        """Empty the cache."""
        self._recent.clear()
        with self._lock:
            self._cache.clear()
            self._size = 0

    def set_aside(self) -> list[tuple[int, str]]:
        """Return the corrupt chunks (number, reason) that are still among the good ones."""
        with self._lock:
            return list(self._corrupt.items())

    def forget_corrupt(self, chunks: list[tuple[int, str]]) -> None:
        """The chunks were moved away."""
        with self._lock:
            for chunk, _ in chunks:
                self._corrupt.pop(chunk, None)

    def corrupt(self, span: Span, error: Exception) -> None:
        """Leave a chunk out from now on; the next flush moves it away."""
        with self._lock:
            known = span.id in self._corrupt
            self._corrupt[span.id] = str(error)
            self.corrupt_found += not known
        # A damaged row may hold anything, so no %d.
        _log.error("chunk %s of series %s [%s, %s] is corrupt and set aside: %s", *span[:4], error)

    def broken(self, why: str) -> None:
        """Let the next flush rebuild the file."""
        self.unreadable = True
        _log.error("%s", why)

    def _piece(self, span: Span, window: Window) -> Piece | None:
        if span.id in self._corrupt:
            return None
        try:
            known = window.known(span.timeline)
            if known is None and (times := self._times(span)) is not None:
                known = window.learn(span.timeline, times)
            values = self._values(span)
        except ChunkCorrupt as error:
            self.corrupt(span, error)
            return None
        except sqlite3.DatabaseError as error:
            self._report_unreadable(span.series, error)
            return None
        return None if known is None or values is None else (known[0], values[known[1]])

    def _times(self, span: Span) -> Times | None:
        key = ~span.timeline
        if (cached := self._cached(key)) is None:
            data = self._database.timeline(span.timeline)
            if data is None:
                return None  # expired meanwhile
            cached = unpack_times(unseal(data, span.timeline, span.samples), span.samples)
            self._keep(key, cached)
        return cached  # type: ignore[return-value]

    def _values(self, span: Span) -> Values | None:
        if (cached := self._cached(span.id)) is None:
            data = self._database.chunk(span.id)
            if data is None:
                return None
            cached = unpack_values(unseal(data, *span), span.samples)
            self._keep(span.id, cached)
        return cached  # type: ignore[return-value]

    def _cached(self, key: int) -> npt.NDArray[np.generic] | None:
        # Without the lock, which costs more than the rest: each of the two calls is atomic by itself.
        try:
            self._cache.move_to_end(key)
        except KeyError:
            return None
        return self._cache.get(key)

    def _keep(self, key: int, array: npt.NDArray[np.generic]) -> None:
        array.flags.writeable = False
        with self._lock:
            if key not in self._cache:
                self._size += array.nbytes
            self._cache[key] = array
            while self._size > self._limit and self._cache:
                self._size -= self._cache.popitem(last=False)[1].nbytes

    def _report_unreadable(self, series: int, error: Exception) -> None:
        self.broken(f"chunks of series {series} cannot be read: {error}")
