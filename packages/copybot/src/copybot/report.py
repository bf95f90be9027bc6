"""What came of it all: profit by leader and market, what was missed and refused and why."""

from __future__ import annotations

from typing import Any

from copybot.model import dollars
from copybot.positions import PositionLedger
from copybot.state import State

PROFIT = """
SELECT {name}, sum(trades), sum(bought), sum(sold), sum(fees), sum(realised) FROM (
  SELECT {name}, 1 AS trades, CASE side WHEN 'BUY' THEN cost ELSE 0 END AS bought,
    CASE side WHEN 'SELL' THEN cost ELSE 0 END AS sold, fee AS fees, realised
  FROM trades WHERE status = 'CONFIRMED'
  UNION ALL SELECT {name}, 0, 0, payout, 0, realised FROM redeems
) GROUP BY {name} ORDER BY sum(realised) DESC
"""


def report(state: State, most: int = 50) -> dict[str, Any]:
    """Return the report; money in dollars as text."""
    books = PositionLedger(state)
    totals = books.totals()
    return {
        "cash": money(books.cash),
        "realised": money(totals.realised),
        "fees": money(totals.fees),
        "positions_at_cost": money(totals.cost),
        "positions": positions(books),
        "by_leader": profit(state, "leader", most),
        "by_market": profit(state, "condition", most),
        "fills": fills(state),
        "refused": refused(state),
        "orders": orders(state),
        "missed": missed(state, most),
    }


def positions(books: PositionLedger) -> list[dict[str, str]]:
    """Return what is held: one row per leader and token; the cost includes the fees paid for it."""
    names = ("leader", "token", "condition")
    return [
        {**{name: getattr(lot, name) for name in names}, "shares": money(lot.size), "cost": money(lot.cost)}
        for lot in sorted(books.lots(), key=lambda lot: (lot.leader, lot.token))
    ]


def money(amount: int) -> str:
    """Write millionths as dollars."""
    return f"{dollars(amount):.6f}"


def profit(state: State, name: str, most: int) -> list[dict[str, Any]]:
    """Return trades, volume, fees and realised profit by one column: leader or condition."""
    if name not in ("leader", "condition"):
        raise ValueError(name)
    rows = state.db.execute(PROFIT.format(name=name)).fetchmany(most)
    keys = ("bought", "sold", "fees", "realised")
    return [
        {name: key, "trades": trades, **dict(zip(keys, map(money, amounts), strict=True))}
        for key, trades, *amounts in rows
    ]


def fills(state: State) -> dict[str, int]:
    """Return how many of the leaders' fills had which decision."""
    rows = state.db.execute("SELECT coalesce(decision, 'open'), count(*) FROM fills GROUP BY 1 ORDER BY 1")
    return {str(decision): int(count) for decision, count in rows}


def refused(state: State) -> dict[str, int]:
    """Return how many fills were refused for which reason."""
    rows = state.db.execute(
        "SELECT reason, count(*) FROM fills WHERE decision = 'refused' GROUP BY 1 ORDER BY 2 DESC"
    )
    return {str(reason): int(count) for reason, count in rows}


def orders(state: State) -> dict[str, int]:
    """Return how many orders stand how."""
    rows = state.db.execute("SELECT status, count(*) FROM orders GROUP BY 1 ORDER BY 1")
    return {str(status): int(count) for status, count in rows}


def missed(state: State, most: int) -> list[dict[str, Any]]:
    """Return the dearest fills that were refused, or whose order brought nothing, with the reason."""
    rows = state.db.execute(
        "SELECT f.leader, f.token, f.side, f.price, f.size, coalesce(f.reason, 'order ' || o.status),"
        " coalesce(f.detail, o.reason) FROM fills f LEFT JOIN orders o ON o.fill = f.key"
        " WHERE f.decision = 'refused' OR (o.id IS NOT NULL AND o.matched = 0 AND o.status IN"
        " ('rejected', 'absent', 'settled')) ORDER BY f.price * f.size DESC LIMIT ?",
        (most,),
    )
    names = ("leader", "token", "side", "price", "size", "reason", "detail")
    return [
        {**dict(zip(names, row, strict=True)), "price": str(dollars(row[3])), "size": str(dollars(row[4]))}
        for row in rows
    ]
