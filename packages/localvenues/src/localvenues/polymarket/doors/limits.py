"""Rate limits: per path and ten seconds, first slowed down, then refused; and a token bucket per signer.

Source: the documented limits of 2026; they are per address there, per venue here.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW = 10_000
REFUSED_ABOVE = 1.5
LONGEST_DELAY = 2.0
BUCKET = 400.0
REFILL_PER_SECOND = 40.0

# (host, method, path) to requests per ten seconds; the path "" stands for the whole host.
LIMITS = {
    ("gamma", "GET", ""): 4000,
    ("gamma", "GET", "/markets"): 300,
    ("gamma", "GET", "/events"): 500,
    ("data", "GET", ""): 1000,
    ("data", "GET", "/trades"): 200,
    ("data", "GET", "/v2/trades"): 300,
    ("data", "GET", "/positions"): 150,
    ("data", "GET", "/closed-positions"): 150,
    ("clob", "GET", ""): 9000,
    ("clob", "GET", "/book"): 1500,
    ("clob", "POST", "/books"): 500,
    ("clob", "GET", "/price"): 1500,
    ("clob", "GET", "/tick-size"): 200,
    ("clob", "GET", "/balance-allowance"): 200,
    ("clob", "POST", "/order"): 3500,
    ("clob", "DELETE", "/order"): 3000,
}


class Window:
    """A sliding count: what is left of the last ten seconds and what came in these."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._index, self._before, self._count = 0, 0, 0

    def take(self, now: int) -> float:
        """Count a request; return how full the window is, 1 being the limit."""
        index, offset = divmod(now, WINDOW)
        if index != self._index:
            self._before = self._count if index == self._index + 1 else 0
            self._index, self._count = index, 0
        self._count += 1
        return (self._before * (1 - offset / WINDOW) + self._count) / self.limit


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a request: delayed by seconds, or refused with the seconds to wait."""

    delay: float = 0.0
    retry_after: int = 0


class Limiter:
    """All windows of a venue."""

    def __init__(self, limits: dict[tuple[str, str, str], int] = LIMITS) -> None:
        self._windows = {key: Window(limit) for key, limit in limits.items()}

    def judge(self, now: int, host: str, method: str, path: str) -> Verdict:
        """Count a request in its path's and its host's window and say what becomes of it."""
        fullest = 0.0
        for key in ((host, method, path), (host, method, "")):
            window = self._windows.get(key)
            fullest = max(fullest, window.take(now)) if window else fullest
        if fullest <= 1:
            return Verdict()
        if fullest <= REFUSED_ABOVE:
            return Verdict(delay=min(LONGEST_DELAY, 4 * (fullest - 1)))
        return Verdict(retry_after=1 + (WINDOW - now % WINDOW) // 1000)


class SignerBucket:
    """A signer's tokens; the limiter only warns, as it does since 2026-07."""

    def __init__(self, now: int) -> None:
        self._tokens, self._at = BUCKET, now

    def take(self, now: int, count: int) -> dict[str, str]:
        """Take tokens and return the headers that tell of it."""
        self._tokens = min(BUCKET, self._tokens + (now - self._at) / 1000 * REFILL_PER_SECOND)
        self._at = now
        self._tokens -= count
        wait = max(0.0, -self._tokens / REFILL_PER_SECOND)
        headers = {
            "Poly-RateLimit-Remaining": f"{self._tokens:.0f}",
            "Poly-RateLimit-Reset": str(now // 1000 + int(wait)),
            "Poly-RateLimit-Tier": "standard",
        }
        return headers | ({"Poly-RateLimit-Warning": "true"} if wait else {})
