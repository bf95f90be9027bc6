"""GET /api/v2/alerts and /api/v2/alerts/groups."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts import AlertView
from watchkeeper.keeper.alerts.labels import Pairs
from watchkeeper.keeper.web.alertmanager.errors import answer
from watchkeeper.keeper.web.alertmanager.filters import AlertFilter, flag
from watchkeeper.keeper.web.alertmanager.times import stamp


async def get_alerts(request: Request) -> Response:
    """Answer the alerts that are not over."""
    desk: AlertDesk = request.app.state.alerting
    wanted = filter_of(request, desk)
    found = [view for view in desk.alerts() if wanted.wants(view) and wanted.wants_any(view.receivers)]
    return answer([alert_row(view) for view in found])


async def get_groups(request: Request) -> Response:
    """Answer the groups with such alerts; `muted=false` leaves out those of which all are muted."""
    desk: AlertDesk = request.app.state.alerting
    wanted, muted = filter_of(request, desk), flag(request, "muted")
    rows = []
    for group in desk.groups():
        if not wanted.wants_receiver(group.receiver):
            continue
        alerts = [wanted.narrowed(view) for view in group.alerts if wanted.wants(view)]
        if not alerts or (not muted and all(view.suppressed for view in alerts)):
            continue
        rows.append(
            {
                "alerts": [alert_row(view) for view in alerts],
                "labels": labels(group.labels),
                "receiver": {"name": group.receiver},
                "routeLabels": labels(group.route_labels),
            }
        )
    return answer(rows)


def filter_of(request: Request, desk: AlertDesk) -> AlertFilter:
    receivers = desk.alerting.receivers.values()
    return AlertFilter(request, {one.name: dict(one.labels) for one in receivers})


def labels(pairs: Pairs) -> dict[str, str]:
    return dict(pairs)


def alert_row(view: AlertView) -> dict[str, Any]:
    """Return an alert as the specification has it."""
    alert = view.alert
    ends_at = alert.starts_at if alert.ends_at is None else alert.ends_at
    found: dict[str, Any] = {
        "annotations": labels(alert.annotations),
        "endsAt": stamp(ends_at),
        "fingerprint": alert.fingerprint,
        "receivers": [{"name": name} for name in view.receivers],
        "startsAt": stamp(alert.starts_at),
        "status": {
            "inhibitedBy": list(view.inhibited_by),
            "mutedBy": list(view.muted_by),
            "silencedBy": list(view.silenced_by),
            # Who asks wants to know what mutes it, so Alertmanager calls nothing unprocessed here.
            "state": "suppressed" if view.suppressed else "active",
        },
        "updatedAt": stamp(alert.updated_at),
        "labels": labels(alert.labels),
    }
    return {**found, "generatorURL": alert.generator_url} if alert.generator_url else found
