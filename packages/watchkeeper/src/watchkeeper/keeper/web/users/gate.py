"""The gate: recognises the visitor, refuses what is not allowed, and keeps the trail of writes."""

from __future__ import annotations

from secrets import compare_digest

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper.keeper.people import People, PeopleUnwritable
from watchkeeper.keeper.web.answers import error, foreign
from watchkeeper.keeper.web.users.policy import SAFE, Policy, Wanted, under, wanted
from watchkeeper.keeper.web.users.record import Record
from watchkeeper.keeper.web.users.visitor import Visitor, recognised

CSRF_HEADER = "x-csrf-token"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="watchkeeper", Bearer'}
STREAMS = ("/api/events",)


class Gate:
    """Stands before every path; handlers find the visitor in `request.state.visitor`."""

    def __init__(self, app: ASGIApp, people: People, token: str = "", policy: Policy | None = None) -> None:
        self._app = app
        self._people = people
        self._token = token
        self._policy = policy or Policy()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = Request(scope)
        visitor = recognised(request, self._people, self._token, self._policy)
        request.state.visitor = visitor
        request.state.noted = {}
        need = wanted(request.method, scope["path"])
        refusal = self._refusal(request, visitor, need)
        if request.method in SAFE or need in ("read", "ingest", "probe"):
            app = refusal or self._app
            return await app(scope, receive, self._while_logged_in(request, visitor, send))
        await self._recorded(request, visitor, refusal or self._app, receive, send)

    def _refusal(self, request: Request, visitor: Visitor, need: Wanted) -> Response | None:
        """Return the answer to a visitor who may not, None to one who may."""
        writes = request.method not in SAFE and need != "read"
        if writes and foreign(request):
            return error(403, "requests of foreign web pages are refused")
        if not self._allowed(visitor, need):
            return self._denied(visitor, need)
        if writes and visitor.session is not None and need not in ("public", "signed"):
            shown = request.headers.get(CSRF_HEADER, "")
            if not compare_digest(shown.encode(), visitor.session.csrf.encode()):
                return error(403, "the header X-CSRF-Token must hold the value that /api/session tells")
        return None

    def _allowed(self, visitor: Visitor, need: Wanted) -> bool:
        if need == "signed":
            return True
        if visitor.way == "wrong":
            return need == "public" and not self._token
        if need == "public":
            return not self._token or self._people.any() or bool(visitor.name)
        if need == "probe":
            return self._policy.loopback or "read" in visitor.rights
        if need == "self":
            return visitor.way == "session"
        return need in visitor.rights

    def _denied(self, visitor: Visitor, need: Wanted) -> Response:
        if visitor.name and need == "self":
            return error(403, "only somebody who has logged in may do this")
        if visitor.name:
            return error(403, f"{visitor.name} may not do this: the right to {need} is needed")
        if visitor.way == "wrong":
            return error(401, "this token is not good, or not any more", self._challenge())
        return error(
            401, "log in, or show a token: Authorization: Bearer, or as a password", self._challenge()
        )

    def _challenge(self) -> dict[str, str]:
        # A browser opens its own password window for Basic; where there are users the page asks itself.
        return CHALLENGE if self._token and not self._people.any() else {"WWW-Authenticate": "Bearer"}

    async def _recorded(
        self, request: Request, visitor: Visitor, app: ASGIApp, receive: Receive, send: Send
    ) -> None:
        """Write a row, act, complete the row, answer: nobody is told of a write that left no trace."""
        record = Record(self._people.trail, request, visitor)
        try:
            record.begin()
        except PeopleUnwritable as problem:
            return await error(503, str(problem))(request.scope, receive, send)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.end(int(message["status"]))
                MutableHeaders(scope=message)["X-Correlation-Id"] = record.correlation
            await send(message)

        try:
            await app(request.scope, receive, sending)
        except BaseException:
            record.end(500)
            raise

    def _while_logged_in(self, request: Request, visitor: Visitor, send: Send) -> Send:
        """Return a way to send that ends an event stream once its session has ended."""
        if visitor.session is None or not under(request.scope["path"], STREAMS):
            return send
        over = False

        async def sending(message: Message) -> None:
            nonlocal over
            if over:
                return
            now = recognised(request, self._people, self._token, self._policy)
            if message["type"] == "http.response.body" and "read" not in now.rights:
                over, message = True, {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return sending
