"""The routes."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.keeper.web import api, boards, health, openapi, operations, profiles, recovery, users
from watchkeeper.keeper.web.answers import BadQuery, error
from watchkeeper.keeper.web.assets import Assets
from watchkeeper.keeper.web.guard import Guard
from watchkeeper.keeper.web.live import Live
from watchkeeper.keeper.web.paths import Paths
from watchkeeper.keeper.web.users import Desk


def create_app(
    live: Live,
    token: str = "",
    hosts: Sequence[str] = (),
    assets: Assets | None = None,
    more: Sequence[BaseRoute] = (),
    desk: Desk | None = None,
    shelf: boards.Shelf | None = None,
    gallery: profiles.Gallery | None = None,
    reports: operations.Reports | None = None,
    mending: recovery.Recovery | None = None,
) -> Starlette:
    """Return the ASGI application, `more` paths included.

    A token guards every path where there is one; with a desk, users, sessions and tokens count, too, and
    the API describes itself; with a shelf there are boards and annotations, with a gallery profiles, with
    reports operations, with mending the store can be verified and what did not get
    through sent again.
    """
    app = Starlette(
        middleware=doors(token, hosts, desk),
        exception_handlers={BadQuery: bad_query, HTTPException: http_error, Exception: broken},
    )
    app.router = Paths(routes(assets or Assets(), [*rooms(desk, shelf, gallery, reports, mending), *more]))
    app.state.live = live
    app.state.desk = desk
    app.state.shelf = shelf
    app.state.gallery = gallery
    app.state.reports = reports
    app.state.recovery = mending
    return app


def rooms(
    desk: Desk | None,
    shelf: boards.Shelf | None,
    gallery: profiles.Gallery | None,
    reports: operations.Reports | None,
    mending: recovery.Recovery | None,
) -> list[BaseRoute]:
    """Return the paths of the rooms that are open."""
    found: list[BaseRoute] = []
    if shelf is not None:
        found += boards.routes()
    if gallery is not None:
        found += profiles.routes()
    if reports is not None:
        found += operations.routes()
    if mending is not None:
        found += recovery.routes()
    if desk is not None:
        found += [*users.routes(), *openapi.routes()]
    return found


def doors(token: str, hosts: Sequence[str], desk: Desk | None) -> list[Middleware]:
    """Return what stands before every path."""
    guard = Middleware(Guard, token=token, hosts=hosts, asks=desk is None)
    if desk is None:
        return [guard]
    return [guard, Middleware(users.Gate, people=desk.people, token=token, policy=desk.policy)]


def routes(assets: Assets, more: Sequence[BaseRoute] = ()) -> list[BaseRoute]:
    return [
        Route("/", assets.page),
        Route("/api/overview", api.overview),
        Route("/api/health", api.health),
        *health.routes(),
        Route("/api/metrics", api.metrics),
        Route("/api/history", api.history),
        Route("/api/alerts", api.alerts),
        Route("/api/flips", api.flips),
        Route("/api/board", api.board),
        Route("/api/range", api.curves),
        Route("/api/events", api.events),
        Route("/metrics", api.own_metrics),
        Route("/metrics.json", api.own_metrics),
        Route("/health", api.own_health),
        Route("/health/{rest:path}", api.own_health),
        *more,
        Route("/{path:path}", assets.file),
    ]


async def bad_query(request: Request, problem: Exception) -> Response:
    return error(400, str(problem))


async def http_error(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    return error(problem.status_code, problem.detail, problem.headers)


async def broken(request: Request, problem: Exception) -> Response:
    """Answer plainly; the traceback is in the keeper's log."""
    return error(500, "the keeper failed to answer; its log says why")
