"""Orders on the wire: prepared and signed before anything is sent, and what the venue answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from copybot.clob.amounts import limit_amounts, market_amounts
from copybot.clob.rows import RowError, seconds
from copybot.clob.signing import Signer, UnsignedOrder, order_digest
from copybot.model import MICRO, AmountError, Level, OrderType, OwnTrade, Placed, Plan, Side, micro


class Prepared(msgspec.Struct, frozen=True):
    """A signed order: its name at the venue, and the part of the body that describes it."""

    order: str
    wire: dict[str, Any]
    type: OrderType

    @property
    def side(self) -> Side:
        """Return the order's side."""
        return cast(Side, self.wire["side"])


def prepare(
    plan: Plan,
    kind: OrderType,
    signer: Signer,
    chain_id: int,
    exchange: str,
    salt: int,
    at: float,
    until: int = 0,
) -> Prepared:
    """Sign an order; at is its time in seconds, until its expiration (0: none)."""
    amounts = market_amounts if kind in ("FAK", "FOK") else limit_amounts
    maker, taker = amounts(plan.side, plan.price, plan.size, plan.tick)
    unsigned = UnsignedOrder(
        salt,
        signer.address,
        signer.address,
        int(plan.token),
        maker,
        taker,
        int(plan.side == "SELL"),
        int(at * 1000),
    )
    digest = order_digest(unsigned, chain_id, exchange)
    wire = wire_of(unsigned, plan.side, until) | {"signature": "0x" + signer.sign(digest).hex()}
    return Prepared("0x" + digest.hex(), wire, kind)


def wire_of(order: UnsignedOrder, side: Side, until: int) -> dict[str, Any]:
    """Return the order as the venue's JSON has it: amounts are texts."""
    nothing = "0x" + "00" * 32
    return {
        "salt": order.salt,
        "maker": order.maker,
        "signer": order.signer,
        "tokenId": str(order.token),
        "makerAmount": str(order.maker_amount),
        "takerAmount": str(order.taker_amount),
        "side": side,
        "signatureType": order.signature_type,
        "timestamp": str(order.timestamp),
        "metadata": nothing,
        "builder": nothing,
        "expiration": str(until),
    }


def placed_of(row: Any, order: str, side: Side) -> Placed:
    """Read the answer to an order that was sent; a buyer takes shares, a seller makes them over."""
    if not isinstance(row, dict):
        raise RowError("shape", "the answer to an order is no object")
    trades = row.get("tradeIDs") or row.get("tradeIds") or ()
    matched = amount(row, "takingAmount" if side == "BUY" else "makingAmount")
    name, status = str(row.get("orderID") or order), str(row.get("status") or "")
    return Placed(name, status, matched, tuple(map(str, trades)))


def order_of(row: Any) -> Placed | None:
    """Read an order that was asked for; None where the venue has none."""
    if not isinstance(row, dict) or not row.get("id"):
        return None
    trades = row.get("associate_trades") or ()
    matched = amount(row, "size_matched")
    return Placed(str(row["id"]), str(row.get("status") or ""), matched, tuple(map(str, trades)))


def own_trades(row: Any, address: str) -> list[OwnTrade]:
    """Read one trade of ours: one entry as taker, one per own order that was met; both in a self-match."""
    if not isinstance(row, dict):
        raise RowError("shape", "a trade is no object")
    mine = [one for one in makers(row) if str(one.get("maker_address", "")).lower() == address.lower()]
    made = [maker_trade(row, one) for one in mine]
    if made and str(row.get("trader_side") or "TAKER").upper() == "MAKER":
        return made
    return [taker_trade(row), *made]


def makers(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the makers' orders that a trade was matched with."""
    rows = row.get("maker_orders")
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def taker_trade(row: Mapping[str, Any]) -> OwnTrade:
    """Read a trade in which we took."""
    return OwnTrade(
        id=str(row.get("id") or ""),
        order=str(row.get("taker_order_id") or ""),
        token=str(row.get("asset_id") or ""),
        condition=str(row.get("market") or "").lower(),
        side=side_of(row),
        matches=taker_matches(row),
        status=status_of(row),
        at=time_of(row),
    )


def taker_matches(row: Mapping[str, Any]) -> tuple[Level, ...]:
    """Return what was met; a maker of the other outcome gives the rest to a dollar."""
    token, size = str(row.get("asset_id")), amount(row, "size")
    matches = []
    for one in makers(row):
        price = amount(one, "price")
        same = str(one.get("asset_id") or token) == token
        matches.append(Level(price if same else MICRO - price, amount(one, "matched_amount")))
    if not matches or sum(match.size for match in matches) != size:
        return (Level(amount(row, "price"), size),)
    return tuple(matches)


def maker_trade(row: Mapping[str, Any], one: Mapping[str, Any]) -> OwnTrade:
    """Read a trade in which an order of ours was taken."""
    token = str(one.get("asset_id") or row.get("asset_id") or "")
    order = str(one.get("order_id") or "")
    return OwnTrade(
        id=f"{row.get('id')}:{order}",
        order=order,
        token=token,
        condition=str(row.get("market") or "").lower(),
        side=maker_side(row, one, token),
        matches=(Level(amount(one, "price"), amount(one, "matched_amount")),),
        status=status_of(row),
        at=time_of(row),
        taker=False,
    )


def time_of(row: Mapping[str, Any]) -> float:
    """Return when a trade was matched."""
    return float(seconds(row.get("match_time") or row.get("timestamp") or row.get("last_update")))


def maker_side(row: Mapping[str, Any], one: Mapping[str, Any], token: str) -> Side:
    """Return the side of a maker's order: its word, else the taker's opposite (the same across outcomes)."""
    if one.get("side"):
        return side_of(one)
    taker = side_of(row)
    if token != str(row.get("asset_id")):
        return taker
    return "SELL" if taker == "BUY" else "BUY"


def amount(row: Mapping[str, Any], name: str) -> int:
    """Return an amount in millionths."""
    try:
        return micro(row.get(name) or 0)
    except AmountError as error:
        raise RowError(name, str(error)) from None


def side_of(row: Mapping[str, Any]) -> Side:
    """Return the side of a row."""
    value = str(row.get("side") or "").upper()
    if value not in ("BUY", "SELL"):
        raise RowError("side", f"side is {row.get('side')!r}")
    return cast(Side, value)


def status_of(row: Mapping[str, Any]) -> str:
    """Return a trade's status in one word."""
    return str(row.get("status") or "").upper().removeprefix("TRADE_STATUS_")
