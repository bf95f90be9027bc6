"""An interval of time that comes again: minutes of the day, weekdays, days, months, years, in a zone."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Interval:
    """Conditions that must all hold; within one, any of its ranges; an empty one always holds.

    times are minutes of the day, their end exclusive; the other ranges include both ends. weekdays
    count from Sunday = 0; a negative day of the month counts from its end. An empty location is UTC.
    """

    times: tuple[Range, ...] = ()
    weekdays: tuple[Range, ...] = ()
    days_of_month: tuple[Range, ...] = ()
    months: tuple[Range, ...] = ()
    years: tuple[Range, ...] = ()
    location: str = ""

    def contains(self, at: float) -> bool:
        """Return whether a Unix time lies in the interval."""
        moment = datetime.fromtimestamp(at, zone(self.location))
        minute = moment.hour * 60 + moment.minute
        if self.times and not any(start <= minute < end for start, end in self.times):
            return False
        return (
            among(moment.isoweekday() % 7, self.weekdays)
            and self._day(moment)
            and among(moment.month, self.months)
            and among(moment.year, self.years)
        )

    def _day(self, moment: datetime) -> bool:
        days = calendar.monthrange(moment.year, moment.month)[1]
        ranges = [(day(start, days), day(end, days)) for start, end in self.days_of_month]
        # A range that begins beyond this month's end is not clamped into it.
        return not ranges or any(start <= moment.day <= end for start, end in ranges if start <= days)


def among(value: int, ranges: tuple[Range, ...]) -> bool:
    return not ranges or any(start <= value <= end for start, end in ranges)


def day(number: int, days: int) -> int:
    """Return the day of a month of so many days that a number means; -1 is the last."""
    return days + number + 1 if number < 0 else number


@lru_cache(maxsize=64)
def zone(location: str) -> ZoneInfo:
    """Return a zone by its name; the empty name is UTC."""
    return ZoneInfo(location or "UTC")


def holds(intervals: Iterable[Interval], at: float) -> bool:
    """Return whether any of the intervals contains a Unix time."""
    return any(interval.contains(at) for interval in intervals)


def moment(at: float, location: str = "") -> datetime:
    """Return a Unix time as a date and clock in a zone."""
    return datetime.fromtimestamp(at, zone(location) if location else UTC)
