"""How long to wait before the next connection."""

from __future__ import annotations


class Patience:
    """Reconnect at once the first time, then after a wait that doubles to a limit.

    A connection that brought a frame makes the next failure the first again. Times are seconds.
    """

    def __init__(self, first: float = 1.0, limit: float = 16.0) -> None:
        self._first, self._limit = first, limit
        self._failures = 0

    def succeeded(self) -> None:
        """Forget the failures."""
        self._failures = 0

    def wait(self, asked: float | None = None) -> float:
        """Count a failure and return the wait; `asked` is the server's Retry-After and wins if longer."""
        steps = self._failures
        self._failures += 1
        own = 0.0 if steps == 0 else min(self._limit, self._first * 2.0 ** min(steps - 1, 32))
        return max(own, asked or 0.0)
