"""The paths; the application's state holds `gallery`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from watchkeeper.keeper.profiles import NoProfile
from watchkeeper.keeper.web.answers import error
from watchkeeper.keeper.web.profiles import handlers
from watchkeeper.keeper.web.users.entrance import Handler
from watchkeeper.keeper.web.users.routes import by_path

PATHS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/profiles", handlers.profiles),
    ("GET", "/api/profiles/flame", handlers.flame),
    ("GET", "/api/profiles/diff", handlers.diff),
    ("GET", "/api/profiles/pprof", handlers.as_pprof),
)


def routes() -> list[BaseRoute]:
    """Return the routes."""
    return by_path(tuple((method, path, handled(handler)) for method, path, handler in PATHS))


def handled(handler: Handler) -> Handler:
    """Answer 404 where nothing was kept."""

    async def answering(request: Request) -> Response:
        try:
            return await handler(request)
        except NoProfile as problem:
            return error(404, str(problem))

    return answering
