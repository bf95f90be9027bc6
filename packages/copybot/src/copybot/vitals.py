"""What the bot's recent past says about each component; pure, time is an argument (Unix seconds).

A verdict is (status, reason); status is one of healthy, degraded, unhealthy.
"""

from __future__ import annotations

from collections import deque

Verdict = tuple[str, str]
HEALTHY: Verdict = ("healthy", "")


class Recent:
    """How often something happened in the last `window` seconds; memory is bounded by `most`."""

    def __init__(self, window: float = 60.0, most: int = 2000) -> None:
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


class ApiVitals:
    """How the venue's APIs answer, against the thresholds of configuration."""

    def __init__(self, failures: int, success_rate: float) -> None:
        self._limit, self._rate = failures, success_rate
        self._in_a_row: dict[str, int] = {}
        self._reason = ""
        self.good, self.bad = Recent(), Recent()

    def called(self, api: str, now: float, reason: str | None) -> None:
        """Note one call; a refusal is an answer."""
        failed = reason not in (None, "refused", "not_found")
        self._in_a_row[api] = self._in_a_row.get(api, 0) + 1 if failed else 0
        (self.bad if failed else self.good).note(now)
        if failed:
            self._reason = reason or ""

    def verdict(self, now: float) -> Verdict:
        """Judge the APIs now."""
        api = max(self._in_a_row, key=lambda name: self._in_a_row[name], default="")
        if api and self._in_a_row[api] >= self._limit:
            return "unhealthy", f"{self._in_a_row[api]} calls to {api} in a row failed: {self._reason}"
        bad, good = self.bad.count(now), self.good.count(now)
        if bad + good >= 20 and good < self._rate * (bad + good):
            return "degraded", f"{good / (bad + good):.0%} of the last minute's calls succeeded"
        return HEALTHY


class WalletVitals:
    """Whether wallets are pushed and scanned."""

    def __init__(self, scan: float, silence: float) -> None:
        self._scan, self._silence = scan, silence
        self.connected = False
        self.why = "not connected yet"
        self.scanned: float | None = None
        self.failed = self.count = 0
        self.frame: float | None = None

    def verdict(self, now: float) -> Verdict:
        """Judge the wallet monitor now."""
        if not self.count:
            return "degraded", "no wallet is followed"
        limit = max(10 * self._scan, 30.0)
        if self.scanned is None or now - self.scanned > limit:
            quiet = "never" if self.scanned is None else f"not for {now - self.scanned:.0f} s"
            return "unhealthy", f"wallets scanned {quiet} (limit {limit:g} s)"
        if not self.connected:
            return "degraded", f"activity stream not connected ({self.why}); polling only"
        if self.frame is not None and now - self.frame > self._silence:
            return "degraded", f"activity stream silent for {now - self.frame:.0f} s"
        if self.failed:
            return "degraded", f"{self.failed} of {self.count} wallets could not be scanned"
        return HEALTHY


class ScannerVitals:
    """Whether books are kept by the market stream."""

    def __init__(self) -> None:
        self.connected = False
        self.why = "not connected yet"

    def verdict(self, now: float) -> Verdict:
        """Judge the scanner now; without the stream each decision asks for its book."""
        return HEALTHY if self.connected else ("degraded", f"market stream not connected: {self.why}")


class ExecutorVitals:
    """Whether orders have a known outcome."""

    def __init__(self, limit: int = 5) -> None:
        self._limit = limit
        self._bad_in_a_row = 0
        self._last = ""
        self.ghosts = Recent(3600.0)

    def executed(self, outcome: str) -> None:
        """Note one order's outcome."""
        bad = outcome in ("rejected", "absent", "uncertain")
        self._bad_in_a_row = self._bad_in_a_row + 1 if bad else 0
        self._last = outcome

    def verdict(self, now: float) -> Verdict:
        """Judge the executor now."""
        if self._bad_in_a_row >= self._limit:
            return "degraded", f"{self._bad_in_a_row} orders in a row were {self._last}"
        if ghosts := self.ghosts.count(now):
            return "degraded", f"{ghosts} matched trades of the last hour failed on chain"
        return HEALTHY


class BreakerVitals:
    """Whether the breaker lets positions be opened, and how the day stands."""

    def __init__(self) -> None:
        self.paused = False
        self.why = ""
        self.loss, self.loss_status = 0.0, "ok"

    def verdict(self, now: float) -> Verdict:
        """Judge the breaker now."""
        if self.paused:
            return "unhealthy", f"paused: {self.why}"
        if self.loss_status != "ok":
            return "degraded", f"{self.loss:.1%} of the day's opening lost ({self.loss_status})"
        return HEALTHY


class AlertVitals:
    """Whether the bot's alerts reach a person."""

    def __init__(self) -> None:
        self.failed = Recent(600.0)
        self.waiting = 0

    def verdict(self, now: float) -> Verdict:
        """Judge the alert system now."""
        if failed := self.failed.count(now):
            return "degraded", f"{failed} alerts of the last 10 minutes were not delivered"
        if self.waiting > 50:
            return "degraded", f"{self.waiting} alerts wait"
        return HEALTHY


class BookVitals:
    """Whether the books agree with the venue."""

    def __init__(self, limit: int = 2) -> None:
        self._limit = limit
        self._differing = 0

    def reconciled(self, differences: int) -> None:
        """Note one comparison."""
        self._differing = self._differing + 1 if differences else 0

    def verdict(self, now: float) -> Verdict:
        """Judge the positions now; one comparison may fall into the venue's own lag."""
        if self._differing >= self._limit:
            return "degraded", f"the books differ from the venue ({self._differing} comparisons in a row)"
        return HEALTHY
