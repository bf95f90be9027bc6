"""/api/v2/status and /api/v2/receivers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts.matchers import agree
from watchkeeper.keeper.web.alertmanager.errors import answer
from watchkeeper.keeper.web.alertmanager.filters import matchers_of
from watchkeeper.keeper.web.alertmanager.masking import shown
from watchkeeper.keeper.web.alertmanager.times import stamp


async def get_status(request: Request) -> Response:
    """Answer version, start and configuration; secrets are masked, our own keys left out."""
    desk: AlertDesk = request.app.state.alerting
    version: str = request.app.state.version
    return answer(
        {
            "cluster": {"peers": [], "status": "disabled"},
            "config": {"original": shown(desk.alerting.original)},
            "uptime": stamp(desk.started),
            "versionInfo": {
                "branch": "",
                "buildDate": "",
                "buildUser": "",
                "goVersion": "",
                "revision": "",
                "version": version,
            },
        }
    )


async def get_receivers(request: Request) -> Response:
    """Answer the receivers' names and labels."""
    desk: AlertDesk = request.app.state.alerting
    wanted = matchers_of(request, "receiver_matchers")
    found = []
    for one in desk.alerting.receivers.values():
        labels = dict(one.labels)
        if agree(wanted, labels):
            found.append({"name": one.name, **({"labels": labels} if labels else {})})
    return answer(found)
