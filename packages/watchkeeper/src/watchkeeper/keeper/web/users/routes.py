"""The paths of this room; the application's state holds `desk`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.keeper.web.answers import error
from watchkeeper.keeper.web.users import accounts, entrance, tokens
from watchkeeper.keeper.web.users.entrance import Handler, handled

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
PATHS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/session", entrance.session),
    ("POST", "/api/setup", entrance.setup),
    ("POST", "/api/login", entrance.login),
    ("POST", "/api/logout", entrance.logout),
    ("POST", "/api/password", entrance.password),
    ("GET", "/api/users", accounts.users),
    ("POST", "/api/users", accounts.add),
    ("GET", "/api/users/{name}", accounts.one),
    ("PATCH", "/api/users/{name}", accounts.change),
    ("DELETE", "/api/users/{name}", accounts.remove),
    ("GET", "/api/tokens", tokens.tokens),
    ("POST", "/api/tokens", tokens.add),
    ("DELETE", "/api/tokens/{id}", tokens.remove),
    ("GET", "/api/audit", accounts.audit),
)


def routes() -> list[BaseRoute]:
    """Return the routes."""
    return by_path(PATHS)


def by_path(paths: tuple[tuple[str, str, Handler], ...]) -> list[BaseRoute]:
    """Return one route per path that takes every method, so that those it has not are answered with 405.

    With the path's own methods alone a GET of a path that is only written to would fall through to the
    files of the page, and be answered with 404.
    """
    found: dict[str, dict[str, Handler]] = {}
    for method, path, handler in paths:
        found.setdefault(path, {})[method] = handled(handler)
    return [Route(path, chosen(by), methods=METHODS) for path, by in found.items()]


def chosen(by: dict[str, Handler]) -> Handler:
    """Return a handler that passes a request to the one of its method."""

    async def answering(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        if method not in by:
            return error(405, f"expected {' or '.join(by)}", {"Allow": ", ".join(by)})
        return await by[method](request)

    return answering
