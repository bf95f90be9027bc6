"""What an HTTP status says of a delivery.

Source of the rules: Alertmanager, notify/util.go (Retrier), and the vendors' pages on rate limits.
"""

from __future__ import annotations

from collections.abc import Collection
from email.utils import parsedate_to_datetime

from watchkeeper.keeper.notify.errors import ChannelError, Reason

# A vendor that asks for more than this is asked again anyway.
LONGEST_PAUSE = 3600.0
_MALFORMED = frozenset({400, 413, 422})
_TOLD = 500


def refusal(
    status: int, body: str = "", also_retry: Collection[int] = (), retry_after: float | None = None
) -> ChannelError | None:
    """Return the error that a status stands for, None for 2xx; 5xx can be tried again."""
    if status // 100 == 2:
        return None
    text = f"unexpected status code {status}" + (f": {body[:_TOLD]}" if body else "")
    return ChannelError(
        text,
        retryable=status // 100 == 5 or status in also_retry,
        reason=reason_of(status),
        retry_after=retry_after,
        malformed=status in _MALFORMED,
    )


def reason_of(status: int) -> Reason:
    """Return the kind of failure that a status stands for."""
    if status in (401, 403):
        return "authError"
    if status == 429:
        return "rateLimited"
    return {4: "clientError", 5: "serverError"}.get(status // 100, "other")  # type: ignore[return-value]


def pause_of(header: str, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for (a number or a date), None where it is none."""
    text = header.strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, now)
    return min(max(seconds, 0.0), LONGEST_PAUSE) if seconds == seconds else None


def _until(date: str, now: float) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except (ValueError, OverflowError):
        return float("nan")
