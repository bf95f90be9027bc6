"""The paths of this room; the application's state holds `shelf`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from watchkeeper.keeper.web.answers import error
from watchkeeper.keeper.web.boards import handlers
from watchkeeper.keeper.web.boards.errors import BoardsError
from watchkeeper.keeper.web.users.entrance import Handler
from watchkeeper.keeper.web.users.record import note
from watchkeeper.keeper.web.users.routes import by_path

PATHS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/boards", handlers.boards),
    ("POST", "/api/boards", handlers.add),
    ("GET", "/api/boards/{id}", handlers.board),
    ("PUT", "/api/boards/{id}", handlers.change),
    ("DELETE", "/api/boards/{id}", handlers.remove),
    ("GET", "/api/boards/{id}/yaml", handlers.as_yaml),
    ("GET", "/api/boards/{id}/grafana", handlers.as_grafana),
    ("GET", "/api/annotations", handlers.remarks),
    ("POST", "/api/annotations", handlers.annotate),
    ("DELETE", "/api/annotations/{id}", handlers.remove_annotation),
)


def routes() -> list[BaseRoute]:
    """Return the routes."""
    return by_path(tuple((method, path, handled(handler)) for method, path, handler in PATHS))


def handled(handler: Handler) -> Handler:
    """Turn what the room raises into answers, and into the reason in the trail."""

    async def answering(request: Request) -> Response:
        try:
            return await handler(request)
        except BoardsError as problem:
            note(request, reason=str(problem))
            return error(problem.status, str(problem))

    return answering
