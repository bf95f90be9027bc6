"""GET /api/v2/alerting/incidents: the alerts that belong together, each with its likely cause."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts import Alert
from watchkeeper.keeper.alerts.incidents import Incident
from watchkeeper.keeper.web.alertmanager.errors import answer
from watchkeeper.keeper.web.alertmanager.times import stamp


async def get_incidents(request: Request) -> Response:
    """Answer the incidents of the alerts that fire and are not muted, the oldest first."""
    desk: AlertDesk = request.app.state.alerting
    return answer({"incidents": [incident_row(one) for one in desk.incidents()]})


def incident_row(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "began": stamp(incident.began),
        "cause": alert_of(incident.cause),
        "alerts": [alert_of(one) for one in incident.alerts],
    }


def alert_of(alert: Alert) -> dict[str, Any]:
    return {
        "fingerprint": alert.fingerprint,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": stamp(alert.starts_at),
    }
