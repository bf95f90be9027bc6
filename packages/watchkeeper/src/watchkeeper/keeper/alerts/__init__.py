"""Alerts: what is told to people; pure, time is an argument.

An alert is identified by its labels alone (`fingerprint`). `Ledger` knows which judged subjects fire
and `notices` turns the rows of such changes into what channels tell. `Dispatcher` is Alertmanager's
part: alerts come in, and notifications for the receivers of a configuration (`config.parse`) come out.
"""

from watchkeeper.keeper.alerts.acknowledgement import Acknowledgement
from watchkeeper.keeper.alerts.alert import Alert, Status
from watchkeeper.keeper.alerts.alerting import Alerting, IntegrationSettings, Receiver
from watchkeeper.keeper.alerts.changes import Change, Memory
from watchkeeper.keeper.alerts.dispatcher import Dispatcher
from watchkeeper.keeper.alerts.errors import (
    AlertingInvalid,
    AlertInvalid,
    AlertsError,
    AlertUnknown,
    ChannelLacking,
    MatcherInvalid,
    SilenceError,
    SilenceInvalid,
    SilenceUnknown,
)
from watchkeeper.keeper.alerts.fingerprints import fingerprint
from watchkeeper.keeper.alerts.groups import Integration, Notification, Slot
from watchkeeper.keeper.alerts.ledger import FIRING, RESOLVED, Ledger, Turn
from watchkeeper.keeper.alerts.notice import Notice, notices
from watchkeeper.keeper.alerts.posting import Posted
from watchkeeper.keeper.alerts.silences import Silence
from watchkeeper.keeper.alerts.subject import labels_of, summary_of
from watchkeeper.keeper.alerts.viewing import alert_views, group_views, incident_views, over_views, preview
from watchkeeper.keeper.alerts.views import AlertView, EscalationView, GroupView

__all__ = [
    "FIRING",
    "RESOLVED",
    "Acknowledgement",
    "Alert",
    "AlertInvalid",
    "AlertUnknown",
    "AlertView",
    "Alerting",
    "AlertingInvalid",
    "AlertsError",
    "Change",
    "ChannelLacking",
    "Dispatcher",
    "EscalationView",
    "GroupView",
    "Integration",
    "IntegrationSettings",
    "Ledger",
    "MatcherInvalid",
    "Memory",
    "Notice",
    "Notification",
    "Posted",
    "Receiver",
    "Silence",
    "SilenceError",
    "SilenceInvalid",
    "SilenceUnknown",
    "Slot",
    "Status",
    "Turn",
    "alert_views",
    "fingerprint",
    "group_views",
    "incident_views",
    "labels_of",
    "notices",
    "over_views",
    "preview",
    "summary_of",
]
