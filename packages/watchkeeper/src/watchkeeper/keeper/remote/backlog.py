"""What is to be sent: read from the store by positions, so that nothing waits in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from watchkeeper.keeper.remote.positions import Positions
from watchkeeper.keeper.remote.writing import label_fields, request
from watchkeeper.keeper.store import Labels, Store
from watchkeeper.keeper.store.series import Refs, Times, Values

WINDOW_MS = 3_600_000
Relabel = Callable[[Labels], Labels | None]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some samples of one series and its label fields."""

    ref: int
    labels: bytes
    times: Times
    values: Values

    def halves(self) -> tuple[Piece, Piece]:
        """Return its first and its second half."""
        half = len(self.times) // 2
        first, second = slice(None, half), slice(half, None)
        return (
            Piece(self.ref, self.labels, self.times[first], self.values[first]),
            Piece(self.ref, self.labels, self.times[second], self.values[second]),
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request holds; `full` tells that more waits."""

    pieces: tuple[Piece, ...]
    full: bool = False

    @property
    def samples(self) -> int:
        return sum(len(piece.times) for piece in self.pieces)

    def encoded(self) -> bytes:
        """Return the request's body."""
        return request((piece.labels, piece.times, piece.values) for piece in self.pieces)

    def halves(self) -> list[Batch]:
        """Return two batches of half the series, or of half the samples of the only one."""
        if len(self.pieces) > 1:
            half = len(self.pieces) // 2
            return [Batch(self.pieces[:half]), Batch(self.pieces[half:])]
        return [Batch((piece,)) for piece in self.pieces[0].halves()]


class Backlog:
    """The samples beyond the positions, by shards: a series belongs to one, so its order is kept."""

    def __init__(self, store: Store, positions: Positions, relabel: Relabel, shards: int) -> None:
        self._store = store
        self._positions = positions
        self._relabel = relabel
        self._shards = shards
        self._labels: dict[int, bytes | None] = {}

    def behind(self) -> Refs:
        """Return the numbers of the series that have samples to be sent."""
        return self._positions.behind(self._store.last_times())

    def batch(self, shard: int, most: int) -> Batch:
        """Return up to `most` samples of a shard's series, the series that is furthest behind first."""
        last = self._store.last_times()
        refs = self._positions.behind(last)
        mine = refs[refs % self._shards == shard]
        mine = mine[np.argsort([self._positions.of(ref) for ref in mine.tolist()], kind="stable")]
        pieces: list[Piece] = []
        held = 0
        for ref in mine.tolist():
            piece = self._piece(ref, int(last[ref]), most - held)
            if piece is None:
                continue
            pieces.append(piece)
            held += len(piece.times)
            if held >= most:
                return Batch(tuple(pieces), full=True)
        return Batch(tuple(pieces))

    def done(self, batch: Batch) -> None:
        """Take note that a batch was taken, or refused for good."""
        refs = np.array([piece.ref for piece in batch.pieces], np.int64)
        self._positions.advance(refs, np.array([piece.times[-1] for piece in batch.pieces], np.int64))

    def _piece(self, ref: int, last: int, most: int) -> Piece | None:
        labels = self._fields(ref)
        if labels is None:
            self._positions.advance(np.array([ref]), np.array([last], np.int64))
            return None
        found = self._read(ref, last)
        if found is None:  # retention was faster
            self._positions.advance(np.array([ref]), np.array([last], np.int64))
            return None
        times, values = found
        return Piece(ref, labels, times[:most], values[:most])

    def _read(self, ref: int, last: int) -> tuple[Times, Values] | None:
        """Return samples after the position, of growing spans: a long backlog is not read as a whole."""
        start, window = self._positions.of(ref) + 1, WINDOW_MS
        while start <= last:
            end = min(last, start + window)
            found = self._store.read(ref, start, end)
            if found is not None:
                return found
            start, window = end + 1, window * 4
        return None

    def _fields(self, ref: int) -> bytes | None:
        """Return the label fields of a series, None where relabelling drops it or it has gone."""
        if ref not in self._labels:
            self._labels = {one: self._written(labels) for one, labels in self._store.known()}
        return self._labels.get(ref)

    def _written(self, labels: Labels) -> bytes | None:
        final = self._relabel(labels)
        return label_fields(final) if final else None
