"""Times as the API writes and reads them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

# What go-openapi/strfmt reads: RFC 3339, also without a zone, also with a blank in the middle.
SHAPE = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:?\d\d)?")


def stamp(at: float) -> str:
    """Write Unix seconds in UTC to the millisecond."""
    # Rounded by hand: 0.9996 s must carry into the next second.
    whole = round(at * 1000)
    text = datetime.fromtimestamp(whole // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{whole % 1000:03d}Z"


# Alerts of one post have the same times more often than not.
@lru_cache(maxsize=256)
def moment(text: str | None) -> float | None:
    """Read a time in Unix seconds; None for none, also where it is Go's zero time. Raise ValueError."""
    if not text:
        return None
    found = SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(f'parsing time "{text}": expected RFC 3339')
    day, clock, fraction, zone = found.groups()
    if day == "0001-01-01":
        return None
    zone = "+00:00" if zone is None or zone in "Zz" else zone
    at = datetime.fromisoformat(f"{day}T{clock}{zone}").timestamp()
    return at + float(f"0.{fraction or 0}")
