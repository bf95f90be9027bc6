"""The path; the application's state holds `reports`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from watchkeeper.keeper.web.answers import error, json
from watchkeeper.keeper.web.api import chosen_bot, live_of
from watchkeeper.keeper.web.operations.reports import NoAgent, NoReport, Reports
from watchkeeper.keeper.web.users.entrance import Handler
from watchkeeper.keeper.web.users.routes import by_path


async def operations(request: Request) -> Response:
    """Answer a bot's operations as its agent tells them: 404 without an agent, 502 where it is mute."""
    reports: Reports = request.app.state.reports
    try:
        return json(await reports.of(chosen_bot(request, live_of(request).sight)))
    except NoAgent as problem:
        return error(404, str(problem))
    except NoReport as problem:
        return error(502, str(problem))


PATHS: tuple[tuple[str, str, Handler], ...] = (("GET", "/api/operations", operations),)


def routes() -> list[BaseRoute]:
    """Return the route."""
    return by_path(PATHS)
