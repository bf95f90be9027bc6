"""The stress breaker over HTTP: look, and reset by hand."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.guard import StressGuard
from watchkeeper.keeper.web.alertmanager.bodies import body_of, decoded
from watchkeeper.keeper.web.alertmanager.errors import Refused, answer
from watchkeeper.keeper.web.alertmanager.words import name_of


class Reset(msgspec.Struct, forbid_unknown_fields=True):
    who: str = ""


async def get_guard(request: Request) -> Response:
    guard: StressGuard = request.app.state.guard
    return answer(guard.told())


async def post_reset(request: Request) -> Response:
    """Close the breaker; the answer tells how it is then, and whether it was tripped."""
    guard: StressGuard = request.app.state.guard
    given = decoded(await body_of(request, "reset", 4096), Reset, "reset")
    who = name_of(request) or given.who.strip()
    if not who:
        raise Refused(400, "who: say who you are")
    return answer({"was_tripped": guard.reset(who), **guard.told()})
