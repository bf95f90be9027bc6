"""Groups: alerts of one route that are told together, and the log of what was told of them."""

from watchkeeper.keeper.alerts.groups.group import Group, told_order
from watchkeeper.keeper.alerts.groups.log import Entry, Slot, TellingLog
from watchkeeper.keeper.alerts.groups.need import Pace, Reason, held_back, need
from watchkeeper.keeper.alerts.groups.notification import ROW, Integration, Notification

__all__ = [
    "ROW",
    "Entry",
    "Group",
    "Integration",
    "Notification",
    "Pace",
    "Reason",
    "Slot",
    "TellingLog",
    "held_back",
    "need",
    "told_order",
]
