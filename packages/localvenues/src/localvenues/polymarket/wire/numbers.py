"""How each API writes numbers and times."""

from __future__ import annotations

from datetime import UTC, datetime

from localvenues.polymarket.exchange.money import ONE

LONGEST = 78  # digits of the largest 256-bit number


def whole(text: str) -> int | None:
    """Read decimal digits of a request as a number; None for anything else."""
    readable = text.isascii() and text.isdigit() and len(text) <= LONGEST
    return int(text) if readable else None


def loose(value: int) -> int | float:
    """Write micro-units as JSON of v1 and Gamma: 11 for whole numbers, 0.79 for others."""
    return value // ONE if value % ONE == 0 else value / ONE


def floating(value: int) -> float:
    """Write micro-units as JSON of v2: always a float."""
    return value / ONE


def rounded(value: float, digits: int = 10) -> float:
    """Round as v2 does: ten decimals of a price, four of sums."""
    return round(value, digits)


def instant(at: int) -> str:
    """Write milliseconds as 2026-03-22T07:55:00Z."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def precise(at: int) -> str:
    """Write milliseconds as 2026-03-22T07:55:14.901000Z."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def day(at: int) -> str:
    """Write milliseconds as 2026-03-22."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d")


def spaced(at: int) -> str:
    """Write milliseconds as 2026-01-05 04:22:25+00, as closedTime is."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S+00")
