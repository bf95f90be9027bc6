"""The Data API: trades and holdings of any wallet. Answers are cached per URL, so each URL is asked once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from copybot.clob.http import Http
from copybot.clob.rows import decode, page_of
from copybot.model import micro

PAGE = 500


class Sweep(msgspec.Struct, frozen=True):
    """All rows of a wallet since a time; complete is False where the last page was not reached."""

    rows: list[Any]
    complete: bool


class Data:
    """The Data API, version 2 by default. `nonce` returns a text that was not used before."""

    def __init__(
        self, http: Http, nonce: Callable[[], str], *, version: int = 2, most_pages: int = 40
    ) -> None:
        self._http, self._nonce, self._version, self._most_pages = http, nonce, version, most_pages

    async def trades(self, user: str, start: int) -> Sweep:
        """Return a wallet's fills since a time (Unix seconds), made and taken; raise ClobError, RowError."""
        if self._version == 1:
            return await self._trades_v1(user, start)
        rows: list[Any] = []
        cursor: str | None = None
        for _ in range(self._most_pages):
            params = {"user": user, "taker_only": "false", "start": str(start), "limit": str(PAGE)}
            page = page_of(await self._http.get("/v2/trades", self._fresh(params, cursor)))
            rows += page.rows
            cursor = page.next
            if cursor is None:
                return Sweep(rows, True)
        return Sweep(rows, False)

    async def _trades_v1(self, user: str, start: int) -> Sweep:
        """Read the older API, page by offset until a short page; it stops at an offset of 10,000."""
        rows: list[Any] = []
        for offset in range(0, 10_000, PAGE):
            params = {"user": user, "takerOnly": "false", "limit": str(PAGE), "offset": str(offset)}
            page = page_of(await self._http.get("/trades", self._fresh(params | {"start": str(start)}, None)))
            rows += page.rows
            if len(page.rows) < PAGE:
                return Sweep(rows, True)
        return Sweep(rows, False)

    async def positions(self, user: str, status: str = "OPEN") -> list[Any]:
        """Return a wallet's positions of one status as rows; raise ClobError, RowError.

        Once its market is resolved a position is no longer OPEN but REDEEMABLE, or REDEEMABLE_LOST.
        """
        rows: list[Any] = []
        cursor: str | None = None
        for _ in range(self._most_pages):
            params = self._fresh({"user": user, "status": status}, cursor)
            page = page_of(await self._http.get("/v2/positions", params))
            rows += page.rows
            cursor = page.next
            if cursor is None:
                break
        return rows

    async def value(self, user: str) -> int:
        """Return what a wallet's positions are worth, in millionths of a dollar."""
        tree = decode(await self._http.get("/v2/value", self._fresh({"user": user}, None)))
        row = tree[0] if isinstance(tree, list) and tree else tree
        return micro(row.get("value") or 0) if isinstance(row, dict) else 0

    def _fresh(self, params: dict[str, str], cursor: str | None) -> dict[str, str]:
        """Add what no cache has seen before: a changing parameter, and the cursor."""
        return params | {"_": self._nonce()} | ({"cursor": cursor} if cursor else {})
