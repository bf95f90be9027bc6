"""API tokens: each user has their own; admins see and remove all."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.people import Unknown
from watchkeeper.keeper.web.answers import json
from watchkeeper.keeper.web.users.bodies import read
from watchkeeper.keeper.web.users.entrance import desk_of
from watchkeeper.keeper.web.users.record import note
from watchkeeper.keeper.web.users.shapes import NewToken
from watchkeeper.keeper.web.users.visitor import visitor_of


async def tokens(request: Request) -> Response:
    """Answer one's own tokens; an admin sees all."""
    visitor = visitor_of(request)
    own = None if visitor.role == "admin" else visitor.name
    return json({"tokens": desk_of(request).people.tokens.all(own)})


async def add(request: Request) -> Response:
    """Make a token; it is told this once."""
    asked, visitor = await read(request, NewToken), visitor_of(request)
    kept, shown = desk_of(request).people.tokens.add(
        visitor.name, visitor.role, asked.name, asked.scopes, asked.expires_in
    )
    note(request, resource=f"/api/tokens/{kept.id}", reason=f"scopes {' '.join(kept.scopes)}")
    return json({"token": shown, "kept": kept}, 201)


async def remove(request: Request) -> Response:
    """Remove a token; somebody else's only as an admin."""
    visitor, kept = visitor_of(request), desk_of(request).people.tokens
    id = request.path_params["id"]
    if kept.get(id).user != visitor.name and visitor.role != "admin":
        raise Unknown(f"no token {id[:40]!r}")
    kept.remove(id)
    return Response(status_code=204)
