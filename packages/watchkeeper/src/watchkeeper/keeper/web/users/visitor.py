"""Who asks: known by a session, a token, or not at all."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from watchkeeper.keeper.people import People, Right, Session, rights_of
from watchkeeper.keeper.web.users.policy import PROGRAMS, Policy, under

Way = Literal["session", "token", "keeper", "program", "none", "wrong"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """A name (empty where there is none), how it is known, and what it may do.

    way is `session`, `token` (an API token), `keeper` (the keeper's own token), `program` (a program of
    this machine on Prometheus' and Alertmanager's paths), `none`, or `wrong` for a token that is not good.
    """

    name: str
    way: Way
    rights: frozenset[Right]
    session: Session | None = None
    role: str = ""


def recognised(request: Request, people: People, token: str, policy: Policy) -> Visitor:
    """Return who asks; a token that is shown counts before a session."""
    shown = shown_token(request.headers.get("authorization", ""))
    if shown is not None:
        return by_token(shown, people, token)
    key = request.cookies.get(cookie_name(request))
    session = people.sessions.find(key) if key else None
    if session is not None:
        return Visitor(session.user, "session", rights_of(session.role), session, session.role)
    users = people.any()
    rights = policy.anonymous_rights(users)
    if is_program(request) and policy.programs_are_free(users):
        return Visitor("", "program", rights | rights_of("operator"))
    return Visitor("", "none", rights)


def by_token(shown: str, people: People, token: str) -> Visitor:
    if token and hmac.compare_digest(shown.encode("utf-8", "replace"), token.encode()):
        return Visitor("keeper-token", "keeper", rights_of("admin"), role="admin")
    found = people.tokens.find(shown)
    if found is None:
        return Visitor("", "wrong", frozenset())
    return Visitor(found[0].user, "token", found[1])


def shown_token(header: str) -> str | None:
    """Return the token of an Authorization header, also as the password of Basic; None without either."""
    kind, _, value = header.partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def is_program(request: Request) -> bool:
    """Return whether a request is for programs' paths and not sent by a browser's page.

    Browsers put these headers on requests of pages themselves; pages cannot take them away.
    """
    by_page = any(name in request.headers for name in ("origin", "sec-fetch-mode", "sec-fetch-site"))
    return not by_page and under(request.scope["path"], PROGRAMS)


def cookie_name(request: Request) -> str:
    """Return the cookie's name: browsers share cookies between the ports of a host, keepers must not."""
    server = request.scope.get("server") or ("", 0)
    return f"watchkeeper_{server[1]}"


def visitor_of(request: Request) -> Visitor:
    """Return the visitor that the gate has recognised."""
    visitor: Visitor = request.state.visitor
    return visitor
