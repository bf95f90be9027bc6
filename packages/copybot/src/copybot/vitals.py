"""What the bot's recent past says about each component; pure, time is an argument (Unix seconds).

A verdict is (status, reason); status is one of healthy, degraded, unhealthy.
"""

from __future__ import annotations

from collections import deque

Verdict = tuple[str, str]
HEALTHY: Verdict = ("healthy", "")


class Recent:
    """How often something happened in the last `window` seconds; memory is bounded by `most`."""

    def __init__(self, window: float = 5.0, most: int = 1000) -> None:
        self._window = window
        self._times: deque[float] = deque(maxlen=most)

    def note(self, at: float) -> None:
        """Note one event."""
        self._times.append(at)

    def count(self, now: float) -> int:
        """Return how many events lie in the window that ends now."""
        while self._times and self._times[0] <= now - self._window:
            self._times.popleft()
        return len(self._times)


class FeedVitals:
    """Connection, silence, gaps, repeats and broken frames of the feed."""

    def __init__(self, silence: float) -> None:
        self._silence = silence
        self.connected = False
        self.why = "not connected yet"
        self.last_frame: float | None = None
        self.gaps, self.duplicates, self.broken = Recent(), Recent(), Recent()

    def verdict(self, now: float) -> Verdict:
        """Judge the feed now."""
        quiet = None if self.last_frame is None else now - self.last_frame
        if quiet is not None and quiet > self._silence:
            return "unhealthy", f"no frame for {quiet:.1f} s (limit {self._silence:g} s)"
        if not self.connected:
            return "unhealthy", f"not connected: {self.why}"
        if quiet is None:
            return "unhealthy", "connected, no frame yet"
        return self._disturbed(now)

    def _disturbed(self, now: float) -> Verdict:
        for recent, words in (
            (self.gaps, "gaps in the sequence"),
            (self.broken, "malformed frames or messages"),
            (self.duplicates, "repeated messages"),
        ):
            count = recent.count(now)
            if count:
                return "degraded", f"{count} {words} in the last 5 s"
        return HEALTHY


class RpcVitals:
    """Failures and slowness of the chain node's RPC."""

    def __init__(self, slow: float = 0.5, failures: int = 3) -> None:
        self._slow, self._failures = slow, failures
        self._in_a_row = 0
        self._reason = ""
        self.slow, self.failed = Recent(), Recent()

    def called(self, now: float, seconds: float, reason: str | None) -> None:
        """Note one call; a refusal by the node is an answer, not a failure of the node."""
        if reason is not None and reason != "refused":
            self._in_a_row += 1
            self._reason = reason
            self.failed.note(now)
            return
        self._in_a_row = 0
        if seconds > self._slow:
            self.slow.note(now)

    def verdict(self, now: float) -> Verdict:
        """Judge the RPC now."""
        if self._in_a_row >= self._failures:
            return "unhealthy", f"{self._in_a_row} calls in a row failed: {self._reason}"
        failed, slow = self.failed.count(now), self.slow.count(now)
        if failed:
            return "degraded", f"{failed} calls failed in the last 5 s: {self._reason}"
        if slow:
            return "degraded", f"{slow} calls took longer than {self._slow:g} s in the last 5 s"
        return HEALTHY


class PoolVitals:
    """Whether the pool state is loaded, and how long ago the chain confirmed it."""

    def __init__(self, stale: float) -> None:
        self._stale = stale
        self.tracked = 0
        self.reconciled: float | None = None

    def verdict(self, now: float) -> Verdict:
        """Judge the pool state now."""
        if not self.tracked:
            return "unhealthy", "no pool loaded"
        if self.reconciled is None:
            return "unhealthy", "not yet reconciled with the chain"
        age = now - self.reconciled
        if age > self._stale:
            return "unhealthy", f"not reconciled for {age:.1f} s (limit {self._stale:g} s)"
        return HEALTHY


class ExecutorVitals:
    """Whether executions succeed; off is healthy."""

    def __init__(self, limit: int = 5) -> None:
        self._limit = limit
        self._failed_in_a_row = 0
        self._reason = ""

    def settled(self, reason: str | None) -> None:
        """Note one execution; reason is None where it succeeded."""
        self._failed_in_a_row = 0 if reason is None else self._failed_in_a_row + 1
        self._reason = reason or ""

    def verdict(self, now: float) -> Verdict:
        """Judge the executor now."""
        if self._failed_in_a_row >= self._limit:
            return "degraded", f"{self._failed_in_a_row} executions in a row failed: {self._reason}"
        return HEALTHY
