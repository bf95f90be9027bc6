"""Alerts: what is told to people; pure, time is an argument.

An alert is identified by its labels alone (`fingerprint`). `Ledger` knows which alerts fire and says
what a new standing changes; `notices` turns the rows of such changes into what channels tell.
"""

from watchkeeper.keeper.alerts.alert import Alert, Status, fingerprint
from watchkeeper.keeper.alerts.ledger import FIRING, RESOLVED, Ledger, Turn
from watchkeeper.keeper.alerts.notice import Notice, notices
from watchkeeper.keeper.alerts.subject import labels_of, summary_of

__all__ = [
    "FIRING",
    "RESOLVED",
    "Alert",
    "Ledger",
    "Notice",
    "Status",
    "Turn",
    "fingerprint",
    "labels_of",
    "notices",
    "summary_of",
]
