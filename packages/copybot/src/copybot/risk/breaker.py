"""The circuit breaker: pauses the opening of positions, and can be resumed; pure, time is an argument.

It never raises and never ends the bot. A pause because of the API ends by itself when the venue answers
again; one because of a day's loss ends with the day or by hand; one by hand ends by hand alone.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

import msgspec

Cause = Literal["api_failures", "api_success_rate", "daily_loss", "manual"]
LEAST_CALLS = 20  # fewer say nothing about a rate
WINDOW = 60.0


class Pause(msgspec.Struct, frozen=True):
    """Why and since when nothing is opened."""

    cause: Cause
    since: float
    detail: str


class Breaker:
    """Counts failures of the venue, holds the pause. Times are Unix seconds."""

    def __init__(self, failures: int, success_rate: float, pause_seconds: float, most: int = 2000) -> None:
        self._failures, self._success_rate, self._pause_seconds = failures, success_rate, pause_seconds
        self._calls: deque[tuple[float, bool]] = deque(maxlen=most)
        self._in_a_row = 0
        self._calm_since: float | None = None
        self.pause: Pause | None = None
        self.trips = 0

    @property
    def paused(self) -> bool:
        """Tell whether nothing may be opened."""
        return self.pause is not None

    def called(self, now: float, ok: bool) -> None:
        """Note one call to the venue."""
        self._calls.append((now, ok))
        self._in_a_row = 0 if ok else self._in_a_row + 1
        if not ok:
            self._calm_since = None
        elif self._calm_since is None:
            self._calm_since = now

    def rate(self, now: float) -> float:
        """Return the share of calls of the last minute that succeeded; 1 where too few were made."""
        while self._calls and self._calls[0][0] <= now - WINDOW:
            self._calls.popleft()
        if len(self._calls) < LEAST_CALLS:
            return 1.0
        return sum(ok for _, ok in self._calls) / len(self._calls)

    def judge(self, now: float) -> bool:
        """Trip or recover as the calls demand; tell whether anything changed."""
        if self.pause is None:
            return self._judge_calls(now)
        if self.pause.cause in ("api_failures", "api_success_rate"):
            return self._recover(now)
        return False

    def _judge_calls(self, now: float) -> bool:
        if self._in_a_row >= self._failures:
            return self.trip("api_failures", now, f"{self._in_a_row} calls in a row failed")
        rate = self.rate(now)
        if rate < self._success_rate:
            return self.trip("api_success_rate", now, f"{rate:.0%} of the last minute's calls succeeded")
        return False

    def _recover(self, now: float) -> bool:
        """Resume after a pause in which the venue has answered without a failure for half as long."""
        assert self.pause is not None
        calm = self._calm_since is not None and now - self._calm_since >= self._pause_seconds / 2
        if now - self.pause.since < self._pause_seconds or not calm:
            return False
        self._calls.clear()
        return self.resume()

    def trip(self, cause: Cause, now: float, detail: str) -> bool:
        """Pause; tell whether that is new. A pause by the API gives way to a graver one."""
        graver = cause in ("daily_loss", "manual")
        if self.pause is not None and (not graver or self.pause.cause in ("daily_loss", "manual")):
            return False
        self.pause = Pause(cause, now, detail)
        self.trips += 1
        return True

    def resume(self) -> bool:
        """End the pause; tell whether there was one."""
        was, self.pause, self._in_a_row = self.pause is not None, None, 0
        return was
