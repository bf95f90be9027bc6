"""Time intervals: when a route is mute or active, and when a step of an escalation may go on."""

from watchkeeper.keeper.alerts.intervals.interval import Interval, Range, holds
from watchkeeper.keeper.alerts.intervals.reading import clock_minutes, read_interval

__all__ = ["Interval", "Range", "clock_minutes", "holds", "read_interval"]
