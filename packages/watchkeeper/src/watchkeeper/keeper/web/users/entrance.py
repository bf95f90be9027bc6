"""First-run setup, login, logout, one's own password, and who one is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import ceil
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.people import (
    LastAdmin,
    People,
    PeopleError,
    PeopleUnwritable,
    Taken,
    TooOften,
    Unfit,
    Unknown,
    User,
    WrongLogin,
    rights_of,
)
from watchkeeper.keeper.web.answers import error, json
from watchkeeper.keeper.web.users.bodies import BadBody, read
from watchkeeper.keeper.web.users.policy import Policy
from watchkeeper.keeper.web.users.record import address_of, note
from watchkeeper.keeper.web.users.shapes import Login, NewPassword, SessionRow, Setup
from watchkeeper.keeper.web.users.visitor import Visitor, cookie_name, visitor_of

Handler = Callable[[Request], Awaitable[Response]]
Result = TypeVar("Result")
STATUS = {Unfit: 400, WrongLogin: 401, Unknown: 404, Taken: 409, LastAdmin: 409, PeopleUnwritable: 503}
MOST_WAITING = 16


@dataclass(slots=True)
class Desk:
    """What the handlers of this room share: one thread does all hashing, so memory stays bounded."""

    people: People
    policy: Policy
    waiting: int = 0
    pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="logins")
    )

    async def slowly(self, work: Callable[..., Result], *given: object) -> Result:
        """Do what takes the time of a hash off the loop; raises TooOften where too many wait."""
        if self.waiting >= MOST_WAITING:
            raise TooOften(2.0)
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, work, *given)
        finally:
            self.waiting -= 1

    def close(self) -> None:
        """Let go of the thread."""
        self.pool.shutdown(wait=False, cancel_futures=True)


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def handled(handler: Handler) -> Handler:
    """Turn what the room raises into answers, and into the reason in the trail."""

    async def answering(request: Request) -> Response:
        try:
            return await handler(request)
        except TooOften as problem:
            note(request, reason=str(problem))
            return error(429, str(problem), {"Retry-After": str(ceil(problem.wait))})
        except BadBody as problem:
            note(request, reason=str(problem))
            return error(problem.status, str(problem))
        except PeopleError as problem:
            note(request, reason=str(problem))
            return error(STATUS.get(type(problem), 400), str(problem))

    return answering


async def session(request: Request) -> Response:
    """Answer who asks, what they may do, and what their writes must show."""
    return json(session_row(visitor_of(request), desk_of(request).people))


def session_row(visitor: Visitor, people: People) -> SessionRow:
    held = visitor.session
    return SessionRow(
        user=visitor.name,
        role=visitor.role,
        way=visitor.way,
        rights=sorted(visitor.rights),
        csrf=held.csrf if held else "",
        ends=held.ends if held else None,
        users=people.any(),
        setup=not people.any(),
    )


async def setup(request: Request) -> Response:
    """Make the first user with the code of the keeper's log, and log in."""
    asked, desk = await read(request, Setup), desk_of(request)
    note(request, actor=asked.name, resource=f"/api/users/{asked.name}")
    user = await desk.slowly(desk.people.set_up, asked.code, asked.name, asked.password, address_of(request))
    return begun(request, desk, user, 201)


async def login(request: Request) -> Response:
    """Begin a session in a cookie."""
    asked, desk = await read(request, Login), desk_of(request)
    note(request, actor=asked.name)
    user = await desk.slowly(desk.people.login, asked.name, asked.password, address_of(request))
    return begun(request, desk, user, 200)


def begun(request: Request, desk: Desk, user: User, status: int) -> Response:
    key = desk.people.sessions.begin(user.name, address_of(request))
    held = desk.people.sessions.find(key)
    if held is None:
        raise WrongLogin("the user was disabled meanwhile")
    visitor = Visitor(user.name, "session", frozenset(), held, user.role)
    row = session_row(visitor, desk.people)
    answer = json(msgspec.structs.replace(row, rights=sorted(rights_of(user.role))), status)
    answer.set_cookie(
        cookie_name(request),
        key,
        max_age=int(desk.policy.session_seconds),
        httponly=True,
        samesite="strict",
        secure=desk.policy.secure_cookie or request.url.scheme == "https",
    )
    return answer


async def logout(request: Request) -> Response:
    """End the session."""
    key = request.cookies.get(cookie_name(request), "")
    desk_of(request).people.sessions.end(key)
    answer = Response(status_code=204)
    answer.delete_cookie(cookie_name(request), httponly=True, samesite="strict")
    return answer


async def password(request: Request) -> Response:
    """Change one's own password; all sessions end, and a new one begins."""
    asked, desk, name = await read(request, NewPassword), desk_of(request), visitor_of(request).name
    user = await desk.slowly(desk.people.login, name, asked.old, address_of(request))
    await desk.slowly(desk.people.accounts.set_password, name, asked.new)
    return begun(request, desk, user, 200)
