"""Alert windows: how fast a budget may burn, over which windows.

The table is that of the SRE workbook: 2 % of a 30-day budget in an hour (factor 14.4), 5 % in six hours
(6), 10 % in a day (3), 10 % in three days (1), each beside a short window that ends the alert soon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from watchkeeper.keeper.slo.errors import WindowsInvalid

DAY: Final = 86_400
MONTH: Final = 30 * DAY
# So near to 30 days the windows stay and the factors shift, as in Sloth's table for 28 days.
NEAR: Final = 0.1
LEAST: Final = 60


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """One pair of windows in seconds, and the percentage of the budget that the long one may burn."""

    budget_percent: float
    short: int
    long: int

    def factor(self, period: int) -> float:
        """Return how many times faster than evenly the budget burns at the limit."""
        return round(self.budget_percent * period / 100 / self.long, 10)


@dataclass(frozen=True, slots=True)
class AlertWindows:
    """The windows for a period of so many seconds: pages wake people, tickets can wait."""

    period: int
    page: tuple[BurnWindow, BurnWindow]
    ticket: tuple[BurnWindow, BurnWindow]

    @property
    def lengths(self) -> list[int]:
        """Return every window once, the shortest first."""
        found = {length for pair in (*self.page, *self.ticket) for length in (pair.short, pair.long)}
        return sorted(found)


WORKBOOK: Final = AlertWindows(
    MONTH,
    page=(BurnWindow(2, 300, 3_600), BurnWindow(5, 1_800, 21_600)),
    ticket=(BurnWindow(10, 7_200, DAY), BurnWindow(10, 21_600, 3 * DAY)),
)


def windows_for(period: int, custom: AlertWindows | None = None) -> AlertWindows:
    """Return the windows for a period; raise WindowsInvalid where it is too short for any.

    Custom windows count for their own period alone. Other periods than about 30 days have the
    workbook's windows scaled, in whole minutes, so that the same share of the budget burns in them.
    """
    if custom is not None and custom.period == period:
        return custom
    if abs(period - MONTH) <= NEAR * MONTH:
        return AlertWindows(period, WORKBOOK.page, WORKBOOK.ticket)
    if period < DAY:
        raise WindowsInvalid(f"a period of {period} s is too short: at least one day is needed")
    return AlertWindows(period, scaled_pair(WORKBOOK.page, period), scaled_pair(WORKBOOK.ticket, period))


def scaled_pair(pair: tuple[BurnWindow, BurnWindow], period: int) -> tuple[BurnWindow, BurnWindow]:
    quick, slow = (scaled(one, period) for one in pair)
    return quick, slow


def scaled(window: BurnWindow, period: int) -> BurnWindow:
    """Scale both windows; the percentage follows the rounded window, so that the factor stays."""
    short, long = (whole_minutes(length * period / MONTH) for length in (window.short, window.long))
    percent = window.factor(MONTH) * 100 * long / period
    return BurnWindow(percent, short, long)


def whole_minutes(length: float) -> int:
    return max(LEAST, round(length / 60) * 60)
