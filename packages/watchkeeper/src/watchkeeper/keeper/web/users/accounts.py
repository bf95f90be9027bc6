"""Users, for admins; and the trail."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.people import Accounts, User
from watchkeeper.keeper.web.answers import json, whole
from watchkeeper.keeper.web.users.bodies import BadBody, read
from watchkeeper.keeper.web.users.entrance import desk_of
from watchkeeper.keeper.web.users.record import note
from watchkeeper.keeper.web.users.shapes import NewUser, UserChange

MOST_USERS = 1000


async def users(request: Request) -> Response:
    """Answer all users."""
    return json({"users": desk_of(request).people.accounts.all()})


async def add(request: Request) -> Response:
    """Make a user."""
    asked, desk = await read(request, NewUser), desk_of(request)
    note(request, resource=f"/api/users/{asked.name}", reason=f"role {asked.role}")
    if len(desk.people.accounts.all()) >= MOST_USERS:
        raise BadBody(f"expected at most {MOST_USERS} users", 409)
    user = await desk.slowly(desk.people.accounts.add, asked.name, asked.role, asked.password)
    return json(user, 201)


async def one(request: Request) -> Response:
    """Answer one user."""
    return json(desk_of(request).people.accounts.get(request.path_params["name"]))


async def change(request: Request) -> Response:
    """Change role, password or leave to log in; the user's sessions end."""
    asked, desk, name = await read(request, UserChange), desk_of(request), request.path_params["name"]
    note(request, reason=told(asked))
    user: User = await desk.slowly(changed, desk.people.accounts, name, asked)
    return json(user)


def changed(accounts: Accounts, name: str, asked: UserChange) -> User:
    user = accounts.get(name)
    if not told(asked):
        return user
    accounts.change(name, asked.role, asked.password, asked.disabled)
    return accounts.get(name)


def told(asked: UserChange) -> str:
    """Return what is changed, without the password."""
    parts = [f"role {asked.role}"] if asked.role else []
    parts += ["password"] if asked.password is not None else []
    parts += [f"disabled {asked.disabled}".lower()] if asked.disabled is not None else []
    return ", ".join(parts)


async def remove(request: Request) -> Response:
    """Remove a user with sessions and tokens."""
    desk_of(request).people.accounts.remove(request.path_params["name"])
    return Response(status_code=204)


async def audit(request: Request) -> Response:
    """Answer the trail of writes, newest first."""
    limit = whole(request, "limit", 100, 1, 1_000)
    before = whole(request, "before", 0, 0, 2**53)
    actor, kind = request.query_params.get("actor", ""), request.query_params.get("kind", "")
    rows = desk_of(request).people.trail.recent(limit, before, actor, kind)
    return json({"entries": rows, "next": rows[-1].id if len(rows) == limit else None})
