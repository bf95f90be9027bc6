"""The CLOB: books for everybody, orders and trades of one wallet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from copybot.clob.books import book_of
from copybot.clob.errors import ClobMalformed, ClobNotFound, ClobRefused
from copybot.clob.http import Http
from copybot.clob.orders import Prepared, order_of, own_trades, placed_of, prepare
from copybot.clob.rows import RowError, decode
from copybot.clob.signing import (
    EXCHANGE,
    NEG_RISK_EXCHANGE,
    Credentials,
    Signer,
    l1_headers,
    l2_headers,
)
from copybot.model import Book, OrderType, OwnTrade, Placed, Plan
from copybot.ports import Clock

T = TypeVar("T")
LAST_CURSOR = "LTE="  # base64 of -1: there is no further page


class Contracts(msgspec.Struct, frozen=True):
    """The exchanges that orders are signed for."""

    exchange: str = EXCHANGE
    neg_risk_exchange: str = NEG_RISK_EXCHANGE


class Trading:
    """Orders and trades of the wallet that `signer` holds. Errors: ClobError."""

    def __init__(
        self,
        http: Http,
        signer: Signer,
        clock: Clock,
        salt: Callable[[], int],
        *,
        relayer: Http | None = None,
        chain_id: int = 137,
        contracts: Contracts | None = None,
    ) -> None:
        self._http, self._signer, self._clock, self._salt = http, signer, clock, salt
        self._chain_id, self._contracts = chain_id, contracts or Contracts()
        self._relayer = relayer
        self.credentials: Credentials | None = None

    @property
    def address(self) -> str:
        """Return the address that holds money and positions, in lower case."""
        return self._signer.address.lower()

    def exchange(self, neg_risk: bool) -> str:
        """Return the contract that an order is signed for."""
        return self._contracts.neg_risk_exchange if neg_risk else self._contracts.exchange

    async def login(self) -> Credentials:
        """Derive the wallet's API key, or create it where there is none."""
        for method, path in (("GET", "/auth/derive-api-key"), ("POST", "/auth/api-key")):
            headers = l1_headers(self._signer, int(self._clock()), self._chain_id)
            try:
                row = tree_of(await self._http.send(method, path, headers=headers))
            except ClobRefused:
                if method == "POST":
                    raise
                continue
            if isinstance(row, dict) and row.get("apiKey"):
                self.credentials = Credentials(str(row["apiKey"]), str(row["secret"]), str(row["passphrase"]))
                return self.credentials
        raise ClobMalformed("the venue gave no API key")

    async def book(self, token: str) -> Book:
        """Return a token's book."""
        return parsed(
            lambda tree: book_of(tree, self._clock()), await self._http.get("/book", {"token_id": token})
        )

    async def prepare(self, plan: Plan, kind: OrderType, until: int = 0) -> Prepared:
        """Sign an order, without sending it."""
        exchange = self.exchange(plan.neg_risk)
        return prepare(plan, kind, self._signer, self._chain_id, exchange, self._salt(), self._clock(), until)

    async def place(self, prepared: Prepared) -> Placed:
        """Send an order, once; an error with `uncertain` says nothing of what became of it."""
        owner = self.credentials.key if self.credentials else ""
        body = {"deferExec": False, "order": prepared.wire, "owner": owner, "orderType": prepared.type}
        data = await self._authorised("POST", "/order", body=msgspec.json.encode(body))
        tree = tree_of(data)
        if isinstance(tree, dict) and tree.get("success") is False:
            raise ClobRefused(200, str(tree.get("errorMsg") or "not accepted"))
        return parsed(lambda row: placed_of(row, prepared.order, prepared.side), data)

    async def order(self, name: str) -> Placed | None:
        """Return an order by its hash, or None where the venue knows none."""
        try:
            data = await self._authorised("GET", f"/data/order/{name}")
        except ClobNotFound:
            return None
        return parsed(order_of, data)

    async def cancel(self, names: Sequence[str]) -> None:
        """Cancel orders; those that are gone are no error."""
        for start in range(0, len(names), 1000):
            body = msgspec.json.encode(list(names[start : start + 1000]))
            await self._authorised("DELETE", "/orders", body=body)

    async def trades(self, after: int) -> list[OwnTrade]:
        """Return the wallet's trades since a time (Unix seconds)."""
        found: list[OwnTrade] = []
        cursor = ""
        for _ in range(100):
            params = {"maker_address": self.address, "after": str(after)}
            data = await self._authorised(
                "GET", "/data/trades", params=params | ({"next_cursor": cursor} if cursor else {})
            )
            tree = tree_of(data)
            rows = tree.get("data") if isinstance(tree, dict) else tree
            for row in rows if isinstance(rows, list) else []:
                found += read(row, self.address)
            cursor = str(tree.get("next_cursor") or "") if isinstance(tree, dict) else ""
            if cursor in ("", LAST_CURSOR):
                break
        return found

    async def cash(self) -> int:
        """Return the wallet's collateral in millionths of a dollar."""
        params = {"asset_type": "COLLATERAL", "signature_type": "0"}
        row = tree_of(await self._authorised("GET", "/balance-allowance", params=params))
        try:
            return int(str(row["balance"]))
        except (KeyError, TypeError, ValueError):
            raise ClobMalformed("no balance in the answer") from None

    async def redeem(self, condition: str) -> str:
        """Ask the relayer to pay a resolved market out; return the name of its transaction."""
        body = msgspec.json.encode({"type": "REDEEM", "conditionId": condition})
        row = tree_of(await self._authorised("POST", "/submit", body=body, http=self._relayer))
        return str(row.get("transactionID") or "") if isinstance(row, dict) else ""

    async def relayed(self, transaction: str) -> str:
        """Return the state of a relayed transaction, "" where the relayer does not know it."""
        data = await self._authorised("GET", "/transaction", params={"id": transaction}, http=self._relayer)
        rows = tree_of(data)
        row = rows[0] if isinstance(rows, list) and rows else rows
        return str(row.get("state") or "") if isinstance(row, dict) else ""

    async def _authorised(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: bytes = b"",
        http: Http | None = None,
    ) -> bytes:
        http = http or self._http
        credentials = self.credentials or await self.login()
        signed = http.prefix + path
        headers = l2_headers(self._signer.address, credentials, int(self._clock()), method, signed, body)
        return await http.send(method, path, params=params, headers=headers, body=body or None)


def tree_of(data: bytes) -> Any:
    """Decode an answer; raise ClobMalformed."""
    return parsed(lambda tree: tree, data)


def parsed(read: Callable[[Any], T], data: bytes) -> T:
    """Decode and read an answer; raise ClobMalformed."""
    try:
        return read(decode(data))
    except RowError as error:
        raise ClobMalformed(str(error)) from None


def read(row: Any, address: str) -> list[OwnTrade]:
    """Read one own trade; raise ClobMalformed."""
    try:
        return own_trades(row, address)
    except RowError as error:
        raise ClobMalformed(str(error)) from None
