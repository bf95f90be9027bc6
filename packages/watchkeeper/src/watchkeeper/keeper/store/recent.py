"""Where the newest chunks of series lie, remembered so that the disk is not asked for them at each query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock

from watchkeeper.keeper.store.database import Span

_MOST_SPANS = 4  # of one series; a longer past is asked of the disk


class RecentSpans:
    """By series: a time, and all chunks that end at it or later. Safe in any thread."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, Sequence[Span]]] = {}
        self._lock = Lock()
        self.changes = 0
        """Grows when chunks come or go; what was read before must not be learned after it."""

    def of(self, series: int, start: int, end: int) -> Sequence[Span] | None:
        """Return the chunks of a series that touch [start, end], None where they are not known."""
        known = self._known.get(series)
        if known is None or known[0] > start:
            return None
        return [span for span in known[1] if span.end >= start and span.start <= end]

    def learn(
        self, series: Iterable[int], start: int, found: Mapping[int, Sequence[Span]], changes: int
    ) -> None:
        """Remember that these are all chunks of some series that end at `start` or later."""
        with self._lock:
            if changes != self.changes:
                return
            for ref in series:
                spans = found.get(ref, ())
                if len(spans) <= _MOST_SPANS:
                    self._known[ref] = start, spans

    def sealed(self, series: int) -> None:
        """A chunk of a series was written."""
        with self._lock:
            self.changes += 1
            self._known.pop(series, None)

    def clear(self) -> None:
        """Chunks were removed, moved or written anew."""
        with self._lock:
            self.changes += 1
            self._known.clear()
