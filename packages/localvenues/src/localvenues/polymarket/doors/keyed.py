"""API keys over HTTP, and the check of L2 headers before a handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from localvenues.polymarket.doors.host import Host, answer, refuse
from localvenues.polymarket.wire.keys import ApiKey, KeyExists, Keys, Unauthorized

Keyed = Callable[[web.Request, ApiKey, bytes], Awaitable[web.Response]]


class KeyDoor:
    """Serves /auth and lets only requests with valid L2 headers through to others' handlers."""

    def __init__(self, host: Host, keys: Keys) -> None:
        self._host, self._keys = host, keys
        host.app.router.add_post("/auth/api-key", self._create_key)
        host.app.router.add_get("/auth/derive-api-key", self._derive_key)
        self.guard(host, "GET", "/auth/api-keys", self._get_keys)
        self.guard(host, "DELETE", "/auth/api-key", self._delete_key)
        self.guard(host, "GET", "/auth/ban-status/closed-only", self._closed_only)

    def guard(self, host: Host, method: str, path: str, handler: Keyed) -> None:
        """Serve a path of a host for valid keys."""
        host.app.router.add_route(method, path, self._keyed(handler))

    async def _create_key(self, request: web.Request) -> web.Response:
        try:
            owner, nonce = self._keys.signer(request.headers, self._now())
            return _credentials(self._keys.create(owner, nonce))
        except Unauthorized as error:
            return refuse(str(error), 401)
        except KeyExists as error:
            return refuse(str(error), 400)

    async def _derive_key(self, request: web.Request) -> web.Response:
        try:
            owner, nonce = self._keys.signer(request.headers, self._now())
            return _credentials(self._keys.derive(owner, nonce))
        except Unauthorized as error:
            return refuse(str(error), 401)
        except KeyError:
            return refuse("Could not derive api key!", 400)

    def _keyed(self, handler: Keyed) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Check the L2 headers before a handler."""

        async def checked(request: web.Request) -> web.Response:
            body = await request.read()
            try:
                text = body.decode("utf-8", "replace")
                key = self._keys.check(request.headers, self._now(), request.method, request.path, text)
            except (Unauthorized, ValueError):
                return refuse("Unauthorized/Invalid api key", 401)
            return await handler(request, key, body)

        return checked

    async def _get_keys(self, _: web.Request, key: ApiKey, __: bytes) -> web.Response:
        return answer({"apiKeys": self._keys.of(key.owner)})

    async def _delete_key(self, _: web.Request, key: ApiKey, __: bytes) -> web.Response:
        self._keys.delete(key.key)
        return answer("OK")

    async def _closed_only(self, _: web.Request, __: ApiKey, ___: bytes) -> web.Response:
        return answer({"closed_only": False})

    def _now(self) -> int:
        return self._host.clock.now()


def _credentials(key: ApiKey) -> web.Response:
    return answer({"apiKey": key.key, "secret": key.secret, "passphrase": key.passphrase})
