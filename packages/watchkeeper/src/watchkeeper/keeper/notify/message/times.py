"""Times as messages and templates write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from watchkeeper.keeper.rules.template import Record, TemplateFailure

# Go writes the time that is none as the first moment of year one.
NEVER = "0001-01-01T00:00:00Z"
_LAYOUT = re.compile(
    r"2006|January|Jan|Monday|Mon|MST|-07:00|Z07:00|-0700|PM|pm|[.,]0+|[.,]9+|01|02|03|04|05|06|15|_2|1|2|3|4|5"
)
_FORMATS = {
    "06": "%y", "January": "%B", "Jan": "%b", "01": "%m", "Monday": "%A", "Mon": "%a",
    "02": "%d", "15": "%H", "03": "%I", "04": "%M", "05": "%S", "PM": "%p", "MST": "%Z", "-0700": "%z",
}  # fmt: skip


def moment(at: float) -> datetime:
    """Return Unix seconds as a time in UTC, in whole microseconds."""
    return datetime.fromtimestamp(round(at, 6), UTC)


def rfc3339(at: float | None) -> str:
    """Return a Unix time as RFC 3339 in UTC without needless digits; None is Go's zero time."""
    if at is None:
        return NEVER
    time = moment(at)
    fraction = f".{time.microsecond:06d}".rstrip("0") if time.microsecond else ""
    return f"{time:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def time_record(at: float | None, zone: tzinfo = UTC) -> Record:
    """Return a time as templates see it, with the methods of Go's time.Time that messages use."""
    time = (datetime(1, 1, 1, tzinfo=UTC) if at is None else moment(at)).astimezone(zone)
    return Record(
        "time.Time",
        {
            "Text": written(time),
            "Time": time,
            "Format": lambda layout: laid_out(time, layout),
            "Unix": lambda: int(time.timestamp()),
            "UTC": lambda: time_record(at),
            "IsZero": lambda: at is None,
            "Year": lambda: time.year,
            "Hour": lambda: time.hour,
            "Minute": lambda: time.minute,
        },
    )


def written(time: datetime) -> str:
    """Write a time as Go prints it."""
    fraction = f".{time.microsecond:06d}".rstrip("0") if time.microsecond else ""
    return f"{time.year:04d}-{time:%m-%d %H:%M:%S}{fraction} {time:%z} {time:%Z}"


def laid_out(time: datetime, layout: str) -> str:
    """Write a time by a Go layout (`2006-01-02 15:04:05 MST`)."""
    return _LAYOUT.sub(lambda found: _part(time, found[0]), layout)


def _part(time: datetime, mark: str) -> str:
    if mark in _FORMATS:
        return time.strftime(_FORMATS[mark])
    if mark == "2006":
        return f"{time.year:04d}"
    if mark[0] in ".,":
        digits = f"{time.microsecond:06d}000"[: len(mark) - 1]
        digits = digits if mark[1] == "0" else digits.rstrip("0")
        return mark[0] + digits if digits else ""
    if mark in ("Z07:00", "-07:00"):
        offset = time.strftime("%z")
        return "Z" if mark[0] == "Z" and not time.utcoffset() else f"{offset[:3]}:{offset[3:5]}"
    if mark == "pm":
        return time.strftime("%p").lower()
    number = {"1": time.month, "2": time.day, "3": time.hour % 12 or 12, "4": time.minute, "5": time.second}
    return f"{time.day:2d}" if mark == "_2" else str(number[mark])


def in_zone(name: object, time: object) -> Record:
    """Return a time in a named zone; raises TemplateFailure where there is no such zone."""
    if not isinstance(time, Record) or not isinstance(time.fields.get("Time"), datetime):
        raise TemplateFailure("tz wants a time")
    try:
        zone = ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        raise TemplateFailure(f"unknown time zone {name}") from None
    return time_record(time.fields["Time"].timestamp(), zone)
