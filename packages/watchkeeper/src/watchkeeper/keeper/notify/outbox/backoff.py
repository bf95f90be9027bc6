"""How long to wait before the next try."""

from __future__ import annotations

FIRST = 0.5
LONGEST = 60.0
REFUSED_FIRST = 300.0
REFUSED_LONGEST = 3600.0


def backoff(tries: int, chance: float, asked: float | None = None) -> float:
    """Return the pause after so many failed tries (from 1), in seconds.

    It doubles from half a second up to a minute; chance in [0, 1) spreads it by a half to either side, so
    that many keepers do not come back together. Never less than what the channel asked for.
    """
    pause = min(LONGEST, FIRST * 2.0 ** (min(tries, 32) - 1)) * (0.5 + chance)
    return max(pause, asked or 0.0)


def refusal_pause(tries: int) -> float:
    """Return the pause before a refused parcel is tried again, in seconds: five minutes up to an hour."""
    return min(REFUSED_LONGEST, REFUSED_FIRST * 2.0 ** (min(tries, 32) - 1))


def interruption(times: int) -> float:
    """Return the pause before a parcel that may have been sent already goes out again, in seconds.

    One crash: at once, since a late page is worse than a second one. More: ever longer, so that a keeper
    that crashes whenever it starts does not page whenever it starts.
    """
    return 0.0 if times <= 1 else min(LONGEST * 10, 2.0**times)
