"""What is to be done when: the one clockwork behind everything that happens by itself."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

Deed = Callable[[int], int | None]


class Agenda:
    """Deeds by time; a deed gets its time and returns when to do it again, or None."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Deed]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._due)

    @property
    def next(self) -> int | None:
        """Return the time of the next deed."""
        return self._due[0][0] if self._due else None

    def add(self, at: int, deed: Deed) -> None:
        """Do something at a time."""
        heapq.heappush(self._due, (at, next(self._order), deed))

    def pop(self) -> None:
        """Do the next deed."""
        at, _, deed = heapq.heappop(self._due)
        again = deed(at)
        if again is not None:
            self.add(max(again, at + 1), deed)
