"""The JSON-RPC door that bots use: the chain node behind it, faults in front."""

from __future__ import annotations

import asyncio
import random

import aiohttp
from aiohttp import web

from localvenues.faults import Fault
from localvenues.listener import Listener

FAULTS = ("rpc_slow", "rpc_429", "rpc_down")
SLOW_SECONDS = (1.0, 3.0)
RETRY_AFTER_SECONDS = 1
MAX_BODY = 8 * 1024 * 1024


class Proxy:
    """Passes JSON-RPC requests, single and batch, to the node."""

    def __init__(self, node: str, session: aiohttp.ClientSession) -> None:
        self._node, self._session = node, session
        self._active: list[Fault] = []
        self._random = random.Random(0)
        self.requests = 0
        self.refused = 0
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post("/", self._serve)
        self.listener = Listener(app)

    def _is_active(self, name: str) -> bool:
        return any(fault.name == name for fault in self._active)

    async def _serve(self, request: web.Request) -> web.Response:
        self.requests += 1
        body = await request.read()
        if self._is_active("rpc_slow"):
            await asyncio.sleep(self._random.uniform(*SLOW_SECONDS))
        if self._is_active("rpc_429"):
            self.refused += 1
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return web.Response(status=429, text="too many requests", headers=headers)
        return await self._pass(body)

    async def _pass(self, body: bytes) -> web.Response:
        headers = {"content-type": "application/json"}
        try:
            async with self._session.post(self._node, data=body, headers=headers) as reply:
                answer = await reply.read()
                return web.Response(body=answer, status=reply.status, content_type="application/json")
        except aiohttp.ClientError as error:
            return web.Response(status=502, text=f"the chain node does not answer: {error!r}")

    async def begin(self, fault: Fault) -> None:
        """Start a fault of the RPC door."""
        self._active.append(fault)
        self._random = random.Random(fault.seed)
        if fault.name == "rpc_down":
            await self.listener.shut()

    async def end(self, fault: Fault) -> None:
        """End a fault; a closed door opens on its old port."""
        self._active.remove(fault)
        if fault.name == "rpc_down" and not self._is_active("rpc_down"):
            await self.listener.open()
