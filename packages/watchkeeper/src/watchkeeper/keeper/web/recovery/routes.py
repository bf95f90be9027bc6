"""The paths; the application's state holds `recovery`."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from watchkeeper.keeper.verification import Verification
from watchkeeper.keeper.web.answers import json
from watchkeeper.keeper.web.recovery import undelivered
from watchkeeper.keeper.web.recovery.shapes import Verifying
from watchkeeper.keeper.web.users.entrance import Handler
from watchkeeper.keeper.web.users.routes import by_path
from watchkeeper.keeper.web.users.visitor import visitor_of


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the handlers of this room share."""

    verification: Verification
    outbox: undelivered.Owing


def recovery_of(request: Request) -> Recovery:
    recovery: Recovery = request.app.state.recovery
    return recovery


async def verified(request: Request) -> Response:
    """Answer the last verification of the store, or how far the one under way is."""
    return json(Verifying(data=recovery_of(request).verification.told()))


async def verify(request: Request) -> Response:
    """Begin a verification: 202; where one is under way already: 200, and that one."""
    verification = recovery_of(request).verification
    begun = verification.start(visitor_of(request).name)
    return json(Verifying(data=verification.told()), 202 if begun else 200)


async def owed(request: Request) -> Response:
    """Answer what did not get through."""
    return await undelivered.undelivered(request, recovery_of(request).outbox)


async def again(request: Request) -> Response:
    """Try a notification now."""
    return await undelivered.again(request, recovery_of(request).outbox)


PATHS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/v1/admin/tsdb/verify", verified),
    ("POST", "/api/v1/admin/tsdb/verify", verify),
    ("GET", "/api/undelivered", owed),
    ("POST", "/api/undelivered/{row}/again", again),
)


def routes() -> list[BaseRoute]:
    """Return the routes."""
    return by_path(PATHS)
