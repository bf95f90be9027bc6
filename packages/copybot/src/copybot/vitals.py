"""What the bot's recent past says about each component; pure, time is an argument (Unix seconds).

A verdict is (status, reason); status is one of healthy, degraded, unhealthy.
"""

from __future__ import annotations

from collections import deque

Verdict = tuple[str, str]
HEALTHY: Verdict = ("healthy", "")
SLOW_SECONDS = 1.0  # mean time of the last calls above which an API is slow
LATELY = 10.0  # seconds for which a broken stream or a failed exchange is told: longer than between two looks
STUCK_SECONDS = 20.0  # a trade is final after some six seconds
OUTAGES = ("restarting", "unavailable", "timeout", "malformed")


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


class StreamVitals:
    """One stream: whether it is joined, when it broke off last, what of it could not be read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.connected = False
        self.why = "not connected yet"
        self.frame: float | None = None
        self._broke = float("-inf")
        self.unread = Recent(LATELY)

    def joined(self) -> None:
        """Note a connection."""
        self.connected = True

    def left(self, now: float, why: str) -> None:
        """Note the end of a connection; one that was never there is no break."""
        if self.connected:
            self._broke = now
        self.connected, self.why = False, why

    def trouble(self, now: float) -> str:
        """Return what is wrong with the stream, "" for nothing."""
        if not self.connected:
            return f"{self._name} stream not connected ({self.why})"
        if now - self._broke < LATELY:
            return f"{self._name} stream broke off {now - self._broke:.0f} s ago ({self.why})"
        if unread := self.unread.count(now):
            return f"{unread} frames of the {self._name} stream could not be read"
        return ""


class ApiVitals:
    """How the venue's APIs answer, against the thresholds of configuration."""

    def __init__(self, failures: int, success_rate: float) -> None:
        self._limit, self._rate = failures, success_rate
        self._in_a_row: dict[str, int] = {}
        self._reason = ""
        self.good, self.bad = Recent(), Recent()
        self._spans: deque[float] = deque(maxlen=20)

    def called(self, api: str, now: float, reason: str | None, seconds: float = 0.0) -> None:
        """Note one call; a refusal is an answer."""
        self._spans.append(seconds)
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
        mean = sum(self._spans) / len(self._spans) if len(self._spans) == self._spans.maxlen else 0.0
        return ("degraded", f"calls take {mean:.1f} s") if mean > SLOW_SECONDS else HEALTHY


class WalletVitals:
    """Whether wallets are pushed and scanned."""

    def __init__(self, scan: float, silence: float) -> None:
        self._scan, self._silence = scan, silence
        self.stream = StreamVitals("activity")
        self.scanned: float | None = None
        self.failed = self.count = 0

    def verdict(self, now: float) -> Verdict:
        """Judge the wallet monitor now."""
        if not self.count:
            return "degraded", "no wallet is followed"
        limit = max(10 * self._scan, 30.0)
        if self.scanned is None or now - self.scanned > limit:
            quiet = "never" if self.scanned is None else f"not for {now - self.scanned:.0f} s"
            return "unhealthy", f"wallets scanned {quiet} (limit {limit:g} s)"
        if trouble := self.stream.trouble(now):
            return "degraded", f"{trouble}; wallets are polled all the same"
        heard = self.stream.frame
        if heard is not None and now - heard > self._silence:
            return "degraded", f"activity stream silent for {now - heard:.0f} s"
        if self.failed:
            return "degraded", f"{self.failed} of {self.count} wallets could not be scanned"
        return HEALTHY


class ScannerVitals:
    """Whether books are kept by the market stream."""

    def __init__(self) -> None:
        self.stream = StreamVitals("market")

    def verdict(self, now: float) -> Verdict:
        """Judge the scanner now; without the stream each decision asks for its book."""
        trouble = self.stream.trouble(now)
        return ("degraded", trouble) if trouble else HEALTHY


class ExecutorVitals:
    """Whether the exchange takes orders, and orders have a known outcome."""

    def __init__(self, limit: int = 5) -> None:
        self._limit = limit
        self._bad_in_a_row = 0
        self._last = ""
        self._outage = ""
        self._outages = Recent(LATELY)
        self.ghosts = Recent()

    def called(self, api: str, now: float, reason: str | None) -> None:
        """Note one call: the exchange may be away, or have lost an answer."""
        if api == "clob" and reason in OUTAGES:
            self._outages.note(now)
            self._outage = reason

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
            return "degraded", f"{ghosts} matched trades of the last minute failed on chain"
        if outages := self._outages.count(now):
            return "degraded", f"the exchange did not answer {outages} calls ({self._outage})"
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
        self.oldest = 0.0  # seconds for which the oldest own trade has been under way

    def reconciled(self, differences: int) -> None:
        """Note one comparison."""
        self._differing = self._differing + 1 if differences else 0

    def verdict(self, now: float) -> Verdict:
        """Judge the positions now; one comparison may fall into the venue's own lag."""
        if self._differing >= self._limit:
            return "degraded", f"the books differ from the venue ({self._differing} comparisons in a row)"
        if self.oldest > STUCK_SECONDS:
            return "degraded", f"own trades have been under way for {self.oldest:.0f} s"
        return HEALTHY
