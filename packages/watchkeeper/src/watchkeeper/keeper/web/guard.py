"""Who may ask, and what a browser may do with the answers."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper.keeper.web.answers import error

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in ALWAYS.items()]
_NAMES = frozenset(name for name, _ in _RAW)


class Guard:
    """Asks for the token where there is one, checks the Host, adds the headers of safety.

    With asks=False somebody behind it asks (the gate of users).

    The Host check keeps a web site that the user visits from reaching a keeper on loopback by a name
    of its own that it points to 127.0.0.1 (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, token: str = "", hosts: Sequence[str] = (), asks: bool = True) -> None:
        self._app = app
        self._token = token
        self._asks = asks
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        answer: ASGIApp = self._app
        if not self._token and not self._own_host(headers.get("host", "")):
            answer = error(421, "this name does not lead here; add it to listen.hosts")
        elif self._asks and self._token and not self._holds_token(headers.get("authorization", "")):
            asked = {"WWW-Authenticate": 'Basic realm="watchkeeper", Bearer'}
            answer = error(401, "a token is needed: Authorization: Bearer, or as a password", asked)
        await answer(scope, receive, guarded(send))

    def _own_host(self, host: str) -> bool:
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        name = name.strip("[]").lower()
        return not name or name in self._hosts or name == "localhost" or is_address(name)

    def _holds_token(self, given: str) -> bool:
        kind, _, value = given.partition(" ")
        if kind.lower() == "basic":
            value = password(value)
        elif kind.lower() != "bearer":
            return False
        return hmac.compare_digest(value.strip().encode(), self._token.encode())


@lru_cache(maxsize=64)
def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def password(value: str) -> str:
    """Return the password of Basic credentials; empty where they are malformed."""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def guarded(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in _NAMES]
            message["headers"] = kept + _RAW
        await send(message)

    return sending
