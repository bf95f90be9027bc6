"""Times and durations as the API's parameters write them."""

from __future__ import annotations

import math
import re
from datetime import datetime

from watchkeeper.keeper.promql.lexer import milliseconds

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# What Prometheus sends for "since ever" and "until ever" (Go's least and greatest time in milliseconds).
_EXTREMES = {
    "-292273086-05-16T16:47:06Z": -(2**63) // 1000,
    "292277025-08-18T07:12:54.999999999Z": 2**63 // 1000,
}
_LONGEST_MS = 2**63 // 1_000_000


def parse_time(text: str) -> int:
    """Return the milliseconds of a Unix time in seconds or of RFC 3339. Raises ValueError."""
    if _DECIMAL.fullmatch(text):
        seconds = float(text)
        if abs(seconds) <= _LONGEST_MS:
            return round(seconds * 1000)
    elif text in _EXTREMES:
        return _EXTREMES[text]
    elif found := _RFC3339.fullmatch(text):
        return _of_date(*found.groups())
    raise ValueError(f'cannot parse "{text}" to a valid timestamp')


def _of_date(day: str, clock: str, fraction: str | None, zone: str) -> int:
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone in 'Zz' else zone}")
    except ValueError:
        raise ValueError(f'cannot parse "{day}T{clock}{zone}" to a valid timestamp') from None
    return round(moment.timestamp()) * 1000 + int(f"{fraction or '.'}000"[1:4])


def parse_duration(text: str) -> int:
    """Return the milliseconds of a number of seconds or of a duration such as 1h30m. Raises ValueError."""
    if _DECIMAL.fullmatch(text):
        seconds = float(text)
        if not math.isfinite(seconds) or abs(seconds) * 1000 > _LONGEST_MS:
            raise ValueError(f'cannot parse "{text}" to a valid duration. It overflows int64')
        return int(seconds * 1000)
    try:
        return milliseconds(text) if text else _refused(text)
    except ValueError:
        return _refused(text)


def _refused(text: str) -> int:
    raise ValueError(f'cannot parse "{text}" to a valid duration')
