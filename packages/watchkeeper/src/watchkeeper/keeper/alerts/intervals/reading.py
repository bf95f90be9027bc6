"""Read an interval from a mapping of a configuration, in Alertmanager's words where it is wrong.

Source of the rules: Alertmanager, timeinterval/timeinterval.go and its table of cases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfoNotFoundError

from watchkeeper.keeper.alerts.errors import IntervalInvalid
from watchkeeper.keeper.alerts.intervals.interval import Interval, Range, zone

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
KEYS = ("times", "weekdays", "days_of_month", "months", "years", "location")
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)


def read_interval(raw: object) -> Interval:
    """Read one interval; raise IntervalInvalid."""
    if not isinstance(raw, Mapping):
        raise IntervalInvalid(f"expected a mapping, got {raw!r}")
    for key in raw:
        if key not in KEYS:
            raise IntervalInvalid(f"unknown key {key!r}; known are {', '.join(KEYS)}")
    return Interval(
        times=tuple(times(one) for one in rows(raw, "times")),
        weekdays=ranges(raw, "weekdays", weekdays),
        days_of_month=ranges(raw, "days_of_month", days),
        months=ranges(raw, "months", months),
        years=ranges(raw, "years", years),
        location=location(raw.get("location")),
    )


def rows(raw: Mapping[str, object], key: str) -> list[object]:
    found = raw.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise IntervalInvalid(f"{key}: expected a list, got {found!r}")
    return found


def ranges(raw: Mapping[str, object], key: str, read: Callable[[str, str], Range]) -> tuple[Range, ...]:
    """Read ranges `a` or `a:b`."""
    found = []
    for row in rows(raw, key):
        ends = str(row).lower().split(":")
        if len(ends) > 2:
            raise IntervalInvalid(f"couldn't parse range {row}, invalid format")
        found.append(read(ends[0], ends[-1]))
    return tuple(found)


def times(row: object) -> Range:
    if not isinstance(row, Mapping) or not row.get("start_time") or not row.get("end_time"):
        raise IntervalInvalid("both start and end times must be provided")
    for key in row:
        if key not in ("start_time", "end_time"):
            raise IntervalInvalid(f"times: unknown key {key!r}")
    start, end = clock_minutes(str(row["start_time"])), clock_minutes(str(row["end_time"]))
    if start >= end:
        raise IntervalInvalid("start time cannot be equal or greater than end time")
    return start, end


def clock_minutes(text: str) -> int:
    """Return the minutes of the day of `HH:MM`, from 00:00 to 24:00; raise IntervalInvalid."""
    if _CLOCK.fullmatch(text) is None:
        raise IntervalInvalid(f"couldn't parse timestamp {text}, invalid format")
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def weekdays(first: str, last: str) -> Range:
    for name in (first, last):
        if name not in WEEKDAYS:
            raise IntervalInvalid(f"{name} is not a valid weekday")
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
    if start > end:
        raise IntervalInvalid("start day cannot be before end day")
    return start, end


def days(first: str, last: str) -> Range:
    start, end = number(first, "day of the month"), number(last, "day of the month")
    for one in (start, end):
        if one == 0 or not -31 <= one <= 31:
            raise IntervalInvalid(f"{one} is not a valid day of the month: out of range")
    if start < 0 < end:
        raise IntervalInvalid("end day must be negative if start day is negative")
    # 28 days is the shortest month: what is wrong there and in all others can be refused now.
    if (start + 28 if start < 0 else start) > (end + 28 if end < 0 else end):
        raise IntervalInvalid(f"end day {end} is always before start day {start}")
    return start, end


def months(first: str, last: str) -> Range:
    start, end = month(first), month(last)
    if start > end:
        raise IntervalInvalid(f"end month {MONTHS[end - 1]} is before start month {MONTHS[start - 1]}")
    return start, end


def month(name: str) -> int:
    if name in MONTHS:
        return MONTHS.index(name) + 1
    if _NUMBER.fullmatch(name) is None or not 1 <= int(name) <= 12:
        raise IntervalInvalid(f"{name} is not a valid month")
    return int(name)


def years(first: str, last: str) -> Range:
    start, end = number(first, "year"), number(last, "year")
    if start > end:
        raise IntervalInvalid(f"end year {end} is before start year {start}")
    return start, end


def number(text: str, what: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise IntervalInvalid(f"{text} is not a valid {what}")
    return int(text)


def location(raw: object) -> str:
    """Return a known zone's name; nothing is UTC."""
    if raw is None or raw == "":
        return ""
    try:
        zone(str(raw))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise IntervalInvalid(f"unknown time zone {raw}") from None
    return str(raw)
