"""GET /api/openapi.json."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.keeper.web.answers import json
from watchkeeper.keeper.web.live import Live
from watchkeeper.keeper.web.openapi.document import document
from watchkeeper.keeper.web.openapi.table import ENDPOINTS


async def described(request: Request) -> Response:
    """Answer the description of the API."""
    live: Live = request.app.state.live
    return json(document(ENDPOINTS, live.sight.version))


def routes() -> list[BaseRoute]:
    """Return the route."""
    return [Route("/api/openapi.json", described, methods=["GET"])]
