"""What is too old or too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_GRACE_MS = 2 * 3600 * 1000
"""A clock that jumps ahead by an hour must not take history with it."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long and how much to keep; chunks go whole."""

    seconds: float
    bytes: int

    def oldest_accepted(self, now_ms: int) -> int:
        """Return the time before which new samples are refused, ms."""
        return now_ms - int(self.seconds * 1000)

    def chunk_cutoff(self, now_ms: int) -> int:
        """Return the time such that chunks that end before it are removed, ms."""
        kept = int(self.seconds * 1000)
        return now_ms - kept - min(_GRACE_MS, kept // 10)

    def size_cutoff(self, ends: Sequence[tuple[int, int]], used: int) -> int | None:
        """Return the time before which chunks must go so that it fits; `ends`: (end, bytes), ascending."""
        excess = used - self.bytes
        if excess <= 0 or not ends:
            return None
        excess += self.bytes // 50  # some more, so that the next pass has nothing to do
        for end, size in ends:
            excess -= size
            if excess <= 0:
                return end + 1
        return ends[-1][0] + 1
