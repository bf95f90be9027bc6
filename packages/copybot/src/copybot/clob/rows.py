"""Reading rows of the Data API (v1 and v2) and of the activity stream; pure.

A row that is no trade of a wallet is None; a row that should be one and is not raises RowError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, cast

import msgspec

from copybot.model import AmountError, Fill, Holding, micro

NAMES = {  # v2 to v1
    "proxyWallet": "proxy_wallet",
    "asset": "token_id",
    "conditionId": "condition_id",
    "transactionHash": "transaction_hash",
}
MILLISECONDS = 100_000_000_000  # a timestamp above this is in milliseconds


class RowError(ValueError):
    """A row cannot be read; `reason` is a word for metrics."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


class Page(msgspec.Struct, frozen=True):
    """One page of rows, each as it came, and the cursor of the next; None where there is none."""

    rows: list[Any]
    next: str | None = None


DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Any, float_hook=Decimal)


def decode(data: bytes) -> Any:
    """Decode JSON with exact decimals; raise RowError."""
    try:
        return DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RowError("json", str(error)[:200]) from None


def page_of(data: bytes) -> Page:
    """Read a page of v2 ({data, pagination}) or of v1 (a bare array)."""
    tree = decode(data)
    if isinstance(tree, list):
        return Page(tree)
    if not isinstance(tree, dict) or not isinstance(tree.get("data"), list):
        raise RowError("page", "neither an array nor {data}")
    pagination = tree.get("pagination")
    if not isinstance(pagination, dict) or not pagination.get("has_more"):
        return Page(tree["data"])
    following = pagination.get("next_cursor")
    return Page(tree["data"], str(following) if following else None)


def field(row: Mapping[str, Any], name: str) -> Any:
    """Return a field by its v1 name, whichever version the row has."""
    value = row.get(name)
    return row.get(NAMES.get(name, name)) if value is None else value


def fill_of(row: Any) -> Fill | None:
    """Read one trade row; None for REDEEM, SPLIT, MERGE and the other activities."""
    if not isinstance(row, dict):
        raise RowError("shape", "a row is no object")
    if str(row.get("type") or "TRADE").upper() != "TRADE":
        return None
    token, condition, tx = (text(row, name) for name in ("asset", "conditionId", "transactionHash"))
    price, size = amount(row, "price"), amount(row, "size")
    if not 0 < price < 1_000_000 or size <= 0:
        raise RowError("amount", f"price {price}, size {size}")
    return Fill(
        leader=text(row, "proxyWallet").lower(),
        tx=tx.lower(),
        token=token,
        condition=condition.lower(),
        side=side(row),
        price=price,
        size=size,
        timestamp=seconds(row.get("timestamp")),
    )


def text(row: Mapping[str, Any], name: str) -> str:
    """Return a field that must be a text of some length."""
    value = field(row, name)
    if not isinstance(value, str) or not value:
        raise RowError(f"no_{NAMES.get(name, name)}", f"{name} is {value!r}")
    return value


def amount(row: Mapping[str, Any], name: str) -> int:
    """Return a field that must be a number, in millionths."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise RowError(name, f"{name} is {value!r}")
    try:
        return micro(value)
    except AmountError as error:
        raise RowError(name, str(error)) from None


def side(row: Mapping[str, Any]) -> Literal["BUY", "SELL"]:
    """Return the side, which must be one of two."""
    value = str(row.get("side") or "").upper()
    if value not in ("BUY", "SELL"):
        raise RowError("side", f"side is {row.get('side')!r}")
    return cast(Literal["BUY", "SELL"], value)


def seconds(value: Any) -> int:
    """Return a time in seconds; it may come in milliseconds or as text."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise RowError("timestamp", f"timestamp is {value!r}") from None
    if not 0 < number < 1000 * MILLISECONDS:
        raise RowError("timestamp", f"timestamp is {value!r}")
    return number // 1000 if number > MILLISECONDS else number


def activity_rows(data: bytes) -> Iterable[tuple[str, Any]]:
    """Return (type, row) of each activity in a frame of the activity stream; an empty frame has none."""
    if not data.strip():
        return []
    tree = decode(data)
    frames = tree if isinstance(tree, list) else [tree]
    return [pair for frame in frames if isinstance(frame, dict) for pair in payloads(frame)]


def payloads(frame: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Return (type, row) of each payload of one message."""
    if frame.get("topic") != "activity":
        return []
    payload = frame.get("payload")
    rows = payload if isinstance(payload, list) else [payload]
    return [(str(frame.get("type")), row) for row in rows]


def holding_of(row: Any) -> Holding:
    """Read one position row of v1 or v2."""
    if not isinstance(row, dict):
        raise RowError("shape", "a row is no object")
    v2 = "token_id" in row
    return Holding(
        token=text(row, "asset"),
        condition=text(row, "conditionId").lower(),
        size=amount(row, "current_size" if v2 else "size"),
        average=amount(row, "avg_price" if v2 else "avgPrice"),
        price=amount(row, "current_price" if v2 else "curPrice"),
        redeemable=bool(row.get("redeemable")),
    )
