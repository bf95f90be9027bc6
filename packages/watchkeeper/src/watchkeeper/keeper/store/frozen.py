"""Rows that left the head and wait to be sealed; queries still see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from watchkeeper.keeper.store.head import Row


class Waiting(NamedTuple):
    """A row and the last journal frame that holds samples of it."""

    row: Row
    sealed: int


class Frozen:
    """Waiting rows in the order of their freezing; not locked: its owner is."""

    def __init__(self) -> None:
        self._rows: list[Waiting] = []
        self._by_ref: defaultdict[int, list[Row]] = defaultdict(list)
        self.samples = 0

    def add(self, rows: Iterable[Row], sealed: int) -> None:
        """Let rows wait."""
        for row in rows:
            self._rows.append(Waiting(row, sealed))
            self._by_ref[row.ref].append(row)
            self.samples += len(row.times)

    def of(self, ref: int) -> list[Row]:
        """Return the waiting rows of a series, in order."""
        return self._by_ref.get(ref, [])

    def all(self) -> list[Waiting]:
        """Return every row that waits."""
        return list(self._rows)

    def drop(self, count: int) -> int:
        """Forget the first rows and return how many samples they held."""
        gone, self._rows = self._rows[:count], self._rows[count:]
        dropped = 0
        for waiting in gone:
            rows = self._by_ref[waiting.row.ref]
            rows.pop(0)
            if not rows:
                del self._by_ref[waiting.row.ref]
            dropped += len(waiting.row.times)
        self.samples -= dropped
        return dropped
