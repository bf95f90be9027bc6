"""The loss of the day against its thresholds; pure. A day is one of UTC."""

from __future__ import annotations

from typing import Literal

import msgspec

from copybot.model import MICRO

DAY = 86_400
LossStatus = Literal["ok", "warning", "critical"]


class Day(msgspec.Struct, frozen=True):
    """A day's number since 1970 and the equity it began with, in millionths of a dollar."""

    number: int
    opening: int


def day_at(day: Day | None, now: float, equity: int) -> Day:
    """Return the day that holds now: the same one, or a new one that begins with this equity."""
    number = int(now // DAY)
    return day if day is not None and day.number == number else Day(number, equity)


def loss_of(day: Day, equity: int) -> int:
    """Return the share of the opening equity that was lost, in millionths; 0 where none was."""
    return max(0, day.opening - equity) * MICRO // day.opening if day.opening > 0 else 0


def status_of(loss: int, warning: int, critical: int) -> LossStatus:
    """Judge a loss; a threshold counts from its own value on."""
    if loss >= critical:
        return "critical"
    return "warning" if loss >= warning else "ok"
