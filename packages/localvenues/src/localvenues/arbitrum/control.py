"""The venue's own door for those who run it: state, faults, balances. Bots do not use it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from localvenues.faults import SECONDS, Fault, FaultError, Faults, known
from localvenues.listener import Listener

MAX_SECONDS = 86_400.0


class FaultRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /fault."""

    name: str
    seconds: float = SECONDS
    start: float = 0.0
    seed: int = 0


Balances = Callable[[bytes], Awaitable[dict[str, Any]]]


class Control:
    """Serves GET /status, GET /truth?address=0x..., POST /fault."""

    def __init__(self, status: Callable[[], dict[str, Any]], balances: Balances, faults: Faults) -> None:
        self._status, self._balances, self._faults = status, balances, faults
        app = web.Application()
        app.router.add_get("/status", self._get_status)
        app.router.add_get("/truth", self._get_truth)
        app.router.add_post("/fault", self._post_fault)
        self.listener = Listener(app)

    async def _get_status(self, _: web.Request) -> web.Response:
        faults = {
            "known": self._faults.names,
            "active": [row.name for row in self._faults.active],
            "done": [row.name for row in self._faults.done],
        }
        return web.json_response({**self._status(), "faults": faults})

    async def _get_truth(self, request: web.Request) -> web.Response:
        address = request.query.get("address", "")
        if not re.fullmatch(r"0x[0-9a-fA-F]{40}", address):
            return _refuse("address must be 0x and 40 hexadecimal digits")
        return web.json_response(await self._balances(bytes.fromhex(address[2:])))

    async def _post_fault(self, request: web.Request) -> web.Response:
        try:
            asked = msgspec.json.decode(await request.read(), type=FaultRequest)
            if not (0 <= asked.seconds <= MAX_SECONDS and 0 <= asked.start <= MAX_SECONDS):
                return _refuse(f"start and seconds must be between 0 and {MAX_SECONDS:g}")
            fault = Fault(known(asked.name, self._faults.names), asked.start, asked.seconds, asked.seed)
        except (msgspec.DecodeError, FaultError) as error:
            return _refuse(str(error))
        self._faults.schedule(fault)
        return web.json_response(msgspec.to_builtins(fault), status=202)


def _refuse(reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=400)
