"""Queries that need no thread: those that were quick a moment ago, at about the same time of the data."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

Key = tuple[str, int | None]
# The loop is held for so long: it pages, too. A hop to a thread and back costs 0.1 ms.
MOST_SECONDS = 0.002
# A query that turns out slower is given up on the loop and begun again beside it.
LATEST_SECONDS = 2 * MOST_SECONDS
MOST_SAMPLES = 50_000
# Beyond the lookback other chunks are read, which may lie on the disk only.
NEAR_MS = 300_000
MOST_KNOWN = 512
LONGEST = 1_000  # characters


@dataclass(slots=True)
class Quick:
    """What is known of queries by text and lookback: the time (milliseconds) that one was quick at."""

    known: OrderedDict[Key, int] = field(default_factory=OrderedDict)

    def expects(self, key: Key, at: int) -> bool:
        """Tell whether a query at a time of the data will be quick."""
        last = self.known.get(key)
        return last is not None and abs(at - last) <= NEAR_MS

    def learn(self, key: Key, at: int, seconds: float) -> None:
        """Note what a query took; one that was slow is quick again only when a thread has shown it."""
        self.known.pop(key, None)
        if seconds <= MOST_SECONDS and len(key[0]) <= LONGEST:
            self.known[key] = at
            if len(self.known) > MOST_KNOWN:
                self.known.popitem(last=False)

    def forget(self, key: Key) -> None:
        """Note that a query was given up."""
        self.known.pop(key, None)
