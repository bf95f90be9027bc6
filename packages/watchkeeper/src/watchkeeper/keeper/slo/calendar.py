"""Periods that follow the calendar: where the present one began.

Source: OpenSLO v1, time windows. In a period that does not roll, `1m` is a month: a minute would make
no sense there, and OpenSLO's own examples mean a month by it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchkeeper.keeper.slo.errors import ObjectiveInvalid
from watchkeeper.keeper.slo.fields import Fields

SHORTHAND: Final = re.compile(r"([1-9]\d*)([mhdwMQY])")
DAY: Final = 86_400
ROLLING: Final = {"m": 60, "h": 3_600, "d": DAY, "w": 7 * DAY, "M": 30 * DAY, "Q": 90 * DAY, "Y": 365 * DAY}
ALIGNED: Final = {**ROLLING, "m": 30 * DAY}


def parts(window: Fields) -> tuple[int, str]:
    found = SHORTHAND.fullmatch(window.text("duration"))
    if found is None:
        raise window.wrong("duration", "expected a count and one of m, h, d, w, M, Q, Y, such as 4w")
    return int(found[1]), found[2]


def length_of(window: Fields, rolling: bool) -> int:
    """Return a period's length in seconds; of a month or longer the usual length."""
    count, unit = parts(window)
    return count * (ROLLING if rolling else ALIGNED)[unit]


def calendar_unit(window: Fields) -> str:
    """Return the period as count and unit, such as `1M`; raise ObjectiveInvalid for hours."""
    count, unit = parts(window)
    if unit == "h":
        raise window.wrong("duration", "a period that follows the calendar is of days at least")
    return f"{count}{'M' if unit == 'm' else unit}"


def period_start(calendar: str, zone: str, now: float) -> float:
    """Return when the present period began (Unix seconds): at midnight of the zone.

    Weeks begin on Monday; several weeks or days are counted from 1970-01-05, a Monday; months,
    quarters and years from January.
    """
    count, unit = int(calendar[:-1]), calendar[-1]
    try:
        local = datetime.fromtimestamp(now, ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        raise ObjectiveInvalid(f"timeZone: {zone!r} is not known") from None
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if unit in "dw":
        days = count * (7 if unit == "w" else 1)
        since = (midnight.date() - datetime(1970, 1, 5).date()).days % days  # noqa: DTZ001 (a date alone)
        return (midnight - timedelta(days=since)).timestamp()
    months = count * {"M": 1, "Q": 3, "Y": 12}[unit]
    total = (midnight.year * 12 + midnight.month - 1) // months * months
    return midnight.replace(year=total // 12, month=total % 12 + 1, day=1).timestamp()
