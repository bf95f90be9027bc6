"""Selections: which series match, and their samples from disk and memory put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import RLock

from watchkeeper.keeper.store.errors import TooManySamples
from watchkeeper.keeper.store.index import Index
from watchkeeper.keeper.store.intake import Intake
from watchkeeper.keeper.store.merge import Piece, Window, merged
from watchkeeper.keeper.store.reader import Reader
from watchkeeper.keeper.store.series import Labels, Matcher, Series

_AT_ONCE = 128  # series; their open rows are held meanwhile, 23 kB each at most


class Selection:
    """The reading half of the store; `state` guards what it shares with the writing half."""

    def __init__(self, index: Index, intake: Intake, reader: Reader, state: RLock) -> None:
        self._index = index
        self._intake = intake
        self._reader = reader
        self._state = state

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, max_samples: int | None
    ) -> list[Series]:
        """Return the series that match with their samples in [start, end]; raises TooManySamples."""
        found, held = [], 0
        for labels, piece in self._pieces(self._find(matchers), start_ms, end_ms):
            if piece is None:
                continue
            held += len(piece[0])
            if max_samples is not None and held > max_samples:
                raise TooManySamples(f"the selection holds more than {max_samples} samples")
            found.append(Series(labels, *piece))
        return found

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """Return the sorted labels of the series that match and have samples in [start, end]."""
        return [labels for ref, labels in self._find(matchers) if self._touches(ref, start_ms, end_ms)]

    def known(self, matchers: Sequence[Matcher]) -> list[tuple[int, Labels]]:
        """Return number and labels of the series that match, whenever they had samples."""
        return self._find(matchers)

    def read(self, ref: int, start_ms: int, end_ms: int) -> Piece | None:
        """Return the samples of one series in [start, end], None where there are none."""
        return self._samples(ref, start_ms, end_ms)

    def label_names(self, matchers: Sequence[Matcher] = ()) -> list[str]:
        """Return the sorted label names, of all series or of those that match."""
        with self._state:
            return self._index.names(self._index.find(matchers) if matchers else None)

    def label_values(self, name: str, matchers: Sequence[Matcher] = ()) -> list[str]:
        """Return the sorted values of a label, of all series or of those that match."""
        with self._state:
            return self._index.values(name, self._index.find(matchers) if matchers else None)

    def _find(self, matchers: Sequence[Matcher]) -> list[tuple[int, Labels]]:
        with self._state:
            return [(ref, self._index.labels(ref)) for ref in self._index.find(matchers)]

    def _pieces(
        self, series: Sequence[tuple[int, Labels]], start: int, end: int
    ) -> Iterator[tuple[Labels, Piece | None]]:
        """Yield labels and samples, looking for chunks of many series at a time: a look costs 10 us."""
        for first in range(0, len(series), _AT_ONCE):
            group, window = series[first : first + _AT_ONCE], Window(start, end)
            # Memory first, as below.
            refs = [ref for ref, _ in group]
            with self._state:
                fresh = self._fresh(refs, window)
            spans = self._reader.spans(refs, start, end)
            for ref, labels in group:
                pieces = self._reader.unpacked(spans[ref], window) if ref in spans else []
                yield labels, merged(pieces + fresh[ref] if ref in fresh else pieces)

    def _touches(self, ref: int, start: int, end: int) -> bool:
        # A chunk that begins or ends within the span has a sample there; only others must be decoded.
        return self._reader.bounded(ref, start, end) or self._samples(ref, start, end) is not None

    def _samples(self, ref: int, start: int, end: int) -> Piece | None:
        # Memory first: a row that is sealed in between shows twice and is merged, never missed.
        with self._state:
            fresh = self._fresh([ref], Window(start, end)).get(ref, [])
        return merged(self._reader.pieces(ref, start, end) + fresh)

    def _fresh(self, refs: list[int], window: Window) -> dict[int, list[Piece]]:
        """Return by series the samples that are in memory; called under `state`."""
        head, frozen = self._intake.head, self._intake.frozen
        found: dict[int, list[Piece]] = {}
        if frozen.samples:
            for ref in refs:
                if rows := frozen.of(ref):
                    found[ref] = [window.of(row.times, row.values) for row in rows]
        for ref in head.opened(refs):
            if (row := head.read(ref)) is not None:
                found.setdefault(ref, []).append(window.of(*row))
        return found
