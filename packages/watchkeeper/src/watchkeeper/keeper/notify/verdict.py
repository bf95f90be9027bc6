"""What an HTTP status says of a delivery.

Source of the rules: Alertmanager, notify/util.go (Retrier), and the vendors' pages on rate limits.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from watchkeeper.keeper.notify.errors import ChannelError, Reason
from watchkeeper.keeper.notify.http import Answer

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


def retry_after_of(answer: Answer, now: float | None = None) -> float | None:
    """Return the pause that an answer asks for, in seconds: by its header, or by its body as chats do."""
    header = answer.header("retry-after")
    if header:
        return pause_of(header, time.time() if now is None else now)
    return _told_pause(body_of(answer))


def body_of(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer, empty where there is none."""
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _told_pause(body: dict[str, Any]) -> float | None:
    parameters = body.get("parameters")
    inner = parameters if isinstance(parameters, dict) else body
    pause = inner.get("retry_after")
    return pause_of(str(pause), 0.0) if isinstance(pause, int | float) else None


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
