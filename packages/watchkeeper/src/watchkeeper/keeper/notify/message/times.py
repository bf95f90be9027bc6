"""Times as messages and templates write them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from watchkeeper.keeper.rules.template import Record, TemplateFailure

# Go writes the time that is none as the first moment of year one.
NEVER = "0001-01-01T00:00:00Z"
DURATION = "time.Duration"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAYOUT = re.compile(
    r"2006|January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|-07:00|Z07:00|-0700|PM|pm|[.,](?:0+|9+)(?!\d)|002"
    r"|01|02|03|04|05|06|15|_2|1|2|3|4|5"
)
_FORMATS = {
    "06": "%y", "January": "%B", "Jan": "%b", "01": "%m", "Monday": "%A", "Mon": "%a",
    "02": "%d", "15": "%H", "03": "%I", "04": "%M", "05": "%S", "PM": "%p", "MST": "%Z", "-0700": "%z",
    "002": "%j",
}  # fmt: skip


def moment(at: float) -> datetime:
    """Return Unix seconds as a time in UTC, in whole microseconds."""
    return datetime.fromtimestamp(round(at, 6), UTC)


def rfc3339(at: float | None) -> str:
    """Return a Unix time as RFC 3339 in UTC without needless digits; None is Go's zero time."""
    return NEVER if at is None else rfc3339_of(moment(at))


def rfc3339_of(time: datetime) -> str:
    """Return a time as RFC 3339, with Z for UTC."""
    fraction = f".{time.microsecond:06d}".rstrip("0") if time.microsecond else ""
    return f"{time.year:04d}-{time:%m-%dT%H:%M:%S}{fraction}{_part(time, 'Z07:00')}"


def time_record(at: float | None, zone: tzinfo = UTC) -> Record:
    """Return a time as templates see it, with the methods of Go's time.Time that messages use."""
    time = (datetime(1, 1, 1, tzinfo=UTC) if at is None else moment(at)).astimezone(zone)
    return Record(
        "time.Time",
        {
            "Text": written(time),
            "Time": time,
            "Format": lambda layout: laid_out(time, layout),
            "Unix": lambda: math.floor(time.timestamp()),
            "UnixMilli": lambda: (time - EPOCH) // timedelta(milliseconds=1),
            "UTC": lambda: time_record(at),
            "Local": lambda: time_record(at, local()),
            "String": lambda: written(time),
            "IsZero": lambda: at is None,
            **{name: partial(method, time) for name, method in _BETWEEN.items()},
            **{name: partial(method, time) for name, method in _PARTS.items()},
        },
    )


_PARTS: Mapping[str, Callable[[datetime], object]] = {
    "Year": lambda time: time.year,
    "Day": lambda time: time.day,
    "Hour": lambda time: time.hour,
    "Minute": lambda time: time.minute,
    "Second": lambda time: time.second,
    "Month": lambda time: f"{time:%B}",
    "Weekday": lambda time: f"{time:%A}",
    "YearDay": lambda time: time.timetuple().tm_yday,
}
_BETWEEN: Mapping[str, Callable[[datetime, object], object]] = {
    "Sub": lambda time, other: duration_record((time - time_of(other)).total_seconds()),
    "Before": lambda time, other: time < time_of(other),
    "After": lambda time, other: time > time_of(other),
    "Equal": lambda time, other: time == time_of(other),
}


def time_of(value: object) -> datetime:
    """Return the time in a template's value; raises TemplateFailure where there is none."""
    time = value.fields.get("Time") if isinstance(value, Record) else None
    if not isinstance(time, datetime):
        raise TemplateFailure("a time is wanted")
    return time


def duration_record(seconds: float) -> Record:
    """Return a length of time as templates see it: 1h2m3.5s, .Hours, .Minutes, .Seconds."""
    return Record(
        DURATION,
        {
            "Text": duration_written(seconds),
            "Length": seconds,
            "String": lambda: duration_written(seconds),
            "Hours": lambda: seconds / 3600,
            "Minutes": lambda: seconds / 60,
            "Seconds": lambda: float(seconds),
            "Milliseconds": lambda: int(seconds * 1000),
        },
    )


def duration_written(seconds: float) -> str:
    """Write a length of time as Go does, to the microsecond: 1h2m3.5s."""
    rest, part = divmod(round(abs(seconds) * 1_000_000), 1_000_000)
    hours, minutes = rest // 3600, rest // 60 % 60
    head = (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "")
    fraction = f".{part:06d}".rstrip("0") if part else ""
    return ("-" if seconds < 0 and rest + part else "") + f"{head}{rest % 60}{fraction}s"


def local() -> tzinfo:
    """Return the zone of this machine."""
    return datetime.now(UTC).astimezone().tzinfo or UTC


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
    moment = time_of(time)
    try:
        zone = local() if name == "Local" else ZoneInfo(str(name) or "UTC")
    except (KeyError, ValueError, OSError):
        raise TemplateFailure(f"unknown time zone {name}") from None
    return time_record(moment.timestamp(), zone)
