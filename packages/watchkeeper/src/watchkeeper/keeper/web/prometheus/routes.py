"""The API's paths."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.keeper.web.prometheus import (
    announcing,
    browsing,
    federation,
    inspecting,
    queries,
    receiving,
    ruled,
    snapshots,
    standing,
)
from watchkeeper.keeper.web.prometheus.envelope import Handler, NotFound, guarded, success

ASKED = ("GET", "POST")
PATHS: dict[str, tuple[Handler, tuple[str, ...]]] = {
    "/api/v1/query": (queries.query, ASKED),
    "/api/v1/query_range": (queries.query_range, ASKED),
    "/api/v1/query_exemplars": (queries.query_exemplars, ASKED),
    "/api/v1/format_query": (queries.format_query, ASKED),
    "/api/v1/series": (browsing.series, ASKED),
    "/api/v1/labels": (browsing.labels, ASKED),
    "/api/v1/label/{name}/values": (browsing.label_values, ("GET",)),
    "/api/v1/targets": (inspecting.targets, ("GET",)),
    "/api/v1/targets/metadata": (inspecting.targets_metadata, ("GET",)),
    "/api/v1/metadata": (inspecting.metadata, ("GET",)),
    "/api/v1/rules": (ruled.rules, ("GET",)),
    "/api/v1/alerts": (ruled.alerts, ("GET",)),
    "/api/v1/status/buildinfo": (standing.buildinfo, ("GET",)),
    "/api/v1/status/runtimeinfo": (standing.runtimeinfo, ("GET",)),
    "/api/v1/status/flags": (standing.flags, ("GET",)),
    "/api/v1/status/config": (standing.config, ("GET",)),
    "/api/v1/status/tsdb": (standing.tsdb, ("GET",)),
    "/api/v1/write": (receiving.write, ("POST",)),
    "/api/v1/admin/tsdb/snapshot": (snapshots.snapshot, ("POST", "PUT")),
    "/federate": (federation.federate, ("GET",)),
}


def routes() -> list[BaseRoute]:
    """Return the routes.

    The application's state holds `prometheus` (Source), `running`, `receiving` and `register`.
    """
    known: list[BaseRoute] = [
        Route(path, guarded(handler), methods=list(methods)) for path, (handler, methods) in PATHS.items()
    ]
    known.append(Route("/api/v1/targets", guarded(announcing.announce), methods=["POST"]))
    known.append(Route("/api/v1/targets", guarded(announcing.withdraw), methods=["DELETE"]))
    known.append(Route("/-/healthy", alive, methods=["GET"]))
    known.append(Route("/-/ready", alive, methods=["GET"]))
    known.append(Route("/api/v1/{path:path}", guarded(unknown), methods=list(ASKED)))
    return known


async def alive(request: Request) -> Response:
    """Answer that the keeper serves; a store that is not open serves nothing."""
    return success("ready")


async def unknown(request: Request) -> Response:
    raise NotFound(f"no such path: {request.url.path}")
