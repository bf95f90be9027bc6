"""The API's paths."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.keeper.web.alertmanager import (
    alerts,
    guarding,
    incidents,
    links,
    pinging,
    posts,
    showing,
    silences,
    status,
    story,
    trying,
    words,
)
from watchkeeper.keeper.web.alertmanager.errors import Handler, answer, guarded

PATHS: dict[str, dict[str, Handler]] = {
    "/api/v2/status": {"GET": status.get_status},
    "/api/v2/receivers": {"GET": status.get_receivers},
    "/api/v2/alerts": {"GET": alerts.get_alerts, "POST": posts.post_alerts},
    "/api/v2/alerts/groups": {"GET": alerts.get_groups},
    "/api/v2/silences": {"GET": silences.get_silences, "POST": silences.post_silence},
    "/api/v2/silence/{id}": {"GET": silences.get_silence, "DELETE": silences.delete_silence},
    "/api/v2/alerting/alerts": {"GET": showing.get_told},
    "/api/v2/alerting/alerts/{fingerprint}/timeline": {"GET": story.get_timeline},
    "/api/v2/alerting/groups": {"GET": showing.get_groups},
    "/api/v2/alerting/counts": {"GET": showing.get_counts},
    "/api/v2/alerting/incidents": {"GET": incidents.get_incidents},
    "/api/v2/alerting/preview": {"GET": words.get_preview},
    "/api/v2/alerting/acknowledge": {"POST": words.post_acknowledgement},
    "/api/v2/alerting/unacknowledge": {"POST": words.post_withdrawal},
    "/api/v2/alerting/resolve": {"POST": words.post_resolution},
    "/api/v2/alerting/test": {"POST": trying.post_test},
    "/api/v2/guard": {"GET": guarding.get_guard},
    "/api/v2/guard/reset": {"POST": guarding.post_reset},
    "/api/ping": {"GET": pinging.get_pings},
    "/api/ping/{name}": {"POST": pinging.post_ping},
    "/api/ping/{name}/fail": {"POST": pinging.post_failure},
    "/ack": {"GET": links.get_page, "POST": links.post_word},
    "/ack.js": {"GET": links.get_script},
}
METHODS: Sequence[str] = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")


def routes() -> list[BaseRoute]:
    """Return the routes.

    The application's state holds `alerting` (AlertDesk), `version`, and beside them `guard` (StressGuard),
    `pings` (PingBook), `senders` (by Line), `outbox` (Outbox) and `answering` (Answering).
    """
    known: list[BaseRoute] = [
        Route(path, one_of(handlers), methods=list(METHODS)) for path, handlers in PATHS.items()
    ]
    return [*known, Route("/api/v2/{path:path}", unknown, methods=list(METHODS))]


def one_of(handlers: dict[str, Handler]) -> Handler:
    """Return the handler that chooses by the method."""

    async def choosing(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        handler = handlers.get(method)
        if handler is not None:
            return await guarded(handler)(request)
        text = f"method {request.method} is not allowed, but [{','.join(handlers)}] are"
        return answer({"code": 405, "message": text}, 405, {"Allow": ",".join(handlers)})

    return choosing


async def unknown(request: Request) -> Response:
    return answer({"code": 404, "message": f"path {request.url.path} was not found"}, 404)
