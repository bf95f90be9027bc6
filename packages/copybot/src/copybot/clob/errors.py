"""What can go wrong with a call.

ClobError                 every failure; `reason` is a word for metrics, `retryable` the sender's verdict
├── ClobTimeout           no answer in time: what was asked may have happened
├── ClobUnavailable       no connection, or a 5xx answer: what was asked may have happened
├── ClobMalformed         an answer that cannot be read: what was asked may have happened
├── ClobLimited           429; `after` seconds are asked for
├── ClobRestarting        425: the matching engine restarts
└── ClobRefused           the venue answered with an error; `status`
    ├── ClobNotFound      404
    └── ClobUnauthorised  401, 403
"""

from __future__ import annotations


class ClobError(Exception):
    """A call failed."""

    reason = "error"
    retryable = True
    uncertain = False  # whether what was asked may have happened all the same


class ClobTimeout(ClobError):
    """No answer in time."""

    reason = "timeout"
    uncertain = True


class ClobUnavailable(ClobError):
    """No connection, or the server fails."""

    reason = "unavailable"
    uncertain = True


class ClobMalformed(ClobError):
    """The answer cannot be read."""

    reason = "malformed"
    uncertain = True


class ClobLimited(ClobError):
    """The venue asks to slow down."""

    reason = "rate_limited"

    def __init__(self, after: float) -> None:
        super().__init__(f"rate limited; retry after {after:g} s")
        self.after = after


class ClobRestarting(ClobError):
    """The matching engine restarts."""

    reason = "restarting"


class ClobRefused(ClobError):
    """The venue answered with an error of its own."""

    reason = "refused"
    retryable = False

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message or f"status {status}")
        self.status = status


class ClobNotFound(ClobRefused):
    """There is no such thing."""

    reason = "not_found"


class ClobUnauthorised(ClobRefused):
    """The credentials are not accepted."""

    reason = "unauthorised"


def error_of(status: int, message: str, after: float) -> ClobError:
    """Return the error that a status other than 2xx means."""
    if status == 429:
        return ClobLimited(after)
    if status == 425:
        return ClobRestarting(message or "the matching engine restarts")
    if status >= 500:
        return ClobUnavailable(f"status {status}: {message[:200]}")
    kind = {404: ClobNotFound, 401: ClobUnauthorised, 403: ClobUnauthorised}.get(status, ClobRefused)
    return kind(status, message[:300])
