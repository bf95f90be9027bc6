"""Markets, from the Gamma API. Its arrays of outcomes, prices and tokens are JSON inside texts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from copybot.clob.http import Http
from copybot.clob.rows import RowError, decode, text
from copybot.model import AmountError, Fee, Market, micro


class Gamma:
    """The Gamma API: what markets there are."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def by_condition(self, condition: str) -> Market | None:
        """Return one market, or None where Gamma has none (yet)."""
        return await self._one({"condition_ids": condition})

    async def by_token(self, token: str) -> Market | None:
        """Return the market of an outcome token, or None where Gamma has none (yet)."""
        return await self._one({"clob_token_ids": token})

    async def page(self, cursor: str | None, limit: int = 100) -> tuple[list[Any], str | None]:
        """Return one page of open markets, as rows, and the cursor of the next."""
        params = {"limit": str(limit), "closed": "false"} | ({"after_cursor": cursor} if cursor else {})
        tree = decode(await self._http.get("/markets/keyset", params))
        if not isinstance(tree, dict):
            raise RowError("page", "a page of markets is no object")
        rows = tree.get("markets", tree.get("data"))
        following = tree.get("next_cursor")
        return (rows if isinstance(rows, list) else []), str(following) if following else None

    async def _one(self, params: dict[str, str]) -> Market | None:
        """Ask for open markets first, then for closed ones: the list shows one kind at a time."""
        for closed in ("false", "true"):
            tree = decode(await self._http.get("/markets", params | {"closed": closed}))
            rows = tree.get("markets", tree.get("data")) if isinstance(tree, dict) else tree
            if isinstance(rows, list) and rows:
                return market_of(rows[0])
        return None


def market_of(row: Any) -> Market:
    """Read one market; raise RowError."""
    if not isinstance(row, dict):
        raise RowError("shape", "a market is no object")
    tokens = texts(row, "clobTokenIds")
    if len(tokens) < 2:
        raise RowError("hydrating", "a market without tokens: the venue has not made its books yet")
    try:
        return Market(
            condition=text(row, "conditionId").lower(),
            question=str(row.get("question") or ""),
            slug=str(row.get("slug") or ""),
            tokens=tokens,
            outcomes=texts(row, "outcomes"),
            prices=tuple(micro(price) for price in texts(row, "outcomePrices")),
            tick=micro(row.get("orderPriceMinTickSize") or Decimal("0.01")),
            min_size=micro(row.get("orderMinSize") or 5),
            neg_risk=bool(row.get("negRisk")),
            active=bool(row.get("active", True)),
            closed=bool(row.get("closed")),
            accepting=bool(row.get("acceptingOrders", True)),
            end=unix(row.get("endDate")),
            liquidity=micro(row.get("liquidityNum", row.get("liquidity")) or 0),
            fee=fee_of(row),
        )
    except AmountError as error:
        raise RowError("amount", str(error)) from None


def texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Read an array of texts that stands in a text itself, or plainly."""
    value = row.get(name)
    if isinstance(value, str) and value:
        value = decode(value.encode())
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def fee_of(row: Mapping[str, Any]) -> Fee:
    """Read a market's fee schedule; none where fees are not enabled."""
    schedule = row.get("feeSchedule")
    if not row.get("feesEnabled") or not isinstance(schedule, dict):
        return Fee()
    return Fee(Decimal(str(schedule.get("rate") or 0)), Decimal(str(schedule.get("exponent") or 1)))


def unix(value: Any) -> float | None:
    """Read a time in ISO 8601; None where there is none."""
    try:
        return datetime.fromisoformat(str(value)).timestamp() if value else None
    except ValueError:
        return None
