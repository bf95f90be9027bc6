"""A stand-in for the relayer: split, merge and redeem, mined two seconds after they were submitted."""

from __future__ import annotations

import msgspec
from aiohttp import web

from localvenues.polymarket.doors.host import Host, answer, refuse
from localvenues.polymarket.doors.keyed import KeyDoor
from localvenues.polymarket.exchange.money import micro
from localvenues.polymarket.wire.keys import ApiKey
from localvenues.polymarket.world.world import World

KINDS = ("SPLIT", "MERGE", "REDEEM")


class SubmitRequest(msgspec.Struct, rename="camel"):
    """The body of POST /submit; amount is in shares."""

    type: str
    condition_id: str
    amount: str = "0"


class RelayerDoor:
    """Serves POST /submit and GET /transaction."""

    def __init__(self, world: World, host: Host, keys: KeyDoor) -> None:
        self._world, self._host = world, host
        keys.guard(host, "POST", "/submit", self._submit)
        host.app.router.add_get("/transaction", self._transaction)

    async def _submit(self, _: web.Request, key: ApiKey, body: bytes) -> web.Response:
        try:
            asked = msgspec.json.decode(body, type=SubmitRequest)
            shares = micro(asked.amount)
        except ValueError as error:
            return refuse(str(error), 400)
        market = self._world.exchange.markets.get(asked.condition_id)
        if market is None or asked.type not in KINDS:
            return refuse("unknown condition or type", 400)
        made = self._world.convert_later(key.owner, market, asked.type, shares)  # type: ignore[arg-type]
        return answer({"transactionID": made.id, "transactionHash": "", "state": made.state})

    async def _transaction(self, request: web.Request) -> web.Response:
        made = self._world.submissions.get(request.query.get("id", ""))
        if made is None:
            return refuse("transaction not found", 404)
        state = made.state_at(self._host.clock.now())
        reason = "execution reverted" if state == "STATE_FAILED" else ""
        return answer(
            [
                {
                    "transaction_id": made.id,
                    "transaction_hash": made.transaction,
                    "state": state,
                    "error_msg": reason,
                }
            ]
        )
