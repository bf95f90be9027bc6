"""Orders as rows: written before they are sent, settled when the venue has spoken."""

from __future__ import annotations

import msgspec

from copybot.model import Plan, Side
from copybot.state import State

INTENT = "intent:"  # an attempt that was never signed, hence never sent
COLUMNS = "id, fill, leader, token, condition, side, price, size, tick, neg_risk, why, at, status, matched"


class OrderRow(msgspec.Struct, frozen=True):
    """One order as it stands. matched is shares; at is Unix seconds."""

    id: str
    fill: str
    leader: str
    token: str
    condition: str
    side: Side
    price: int
    size: int
    tick: int
    neg_risk: int
    why: str
    at: float
    status: str
    matched: int

    @property
    def value(self) -> int:
        """Return the most that it may cost, before fees; rounded up."""
        return -(-self.size * self.price // 1_000_000)


class OrderLedger:
    """All orders of the bot."""

    def __init__(self, state: State) -> None:
        self._state = state

    def attempt(self, plan: Plan, kind: str, at: float) -> str | None:
        """Write an attempt before it is signed, with its fill's decision.

        Return the row's provisional name; None if the fill had an order before.
        """
        name = INTENT + plan.fill_key
        row = (
            *(
                name,
                plan.fill_key,
                plan.leader,
                plan.token,
                plan.condition,
                plan.side,
                plan.price,
                plan.size,
            ),
            *(plan.tick, int(plan.neg_risk), plan.why, kind, at),
        )
        with self._state.transaction() as db:
            written = db.execute(
                "INSERT OR IGNORE INTO orders (id, fill, leader, token, condition, side, price, size, tick,"
                " neg_risk, why, type, at, status)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'submitting')",
                row,
            )
            db.execute("UPDATE fills SET decision = 'copied' WHERE key = ?", (plan.fill_key,))
        return name if written.rowcount else None

    def name(self, intent: str, order: str) -> None:
        """Give an attempt the name that the venue will know it by; before it is sent."""
        self._state.db.execute("UPDATE orders SET id = ? WHERE id = ?", (order, intent))

    def mark(self, order: str, status: str, matched: int | None = None, reason: str | None = None) -> None:
        """Write where an order stands."""
        self._state.db.execute(
            "UPDATE orders SET status = ?, matched = max(matched, coalesce(?, matched)),"
            " reason = coalesce(?, reason) WHERE id = ?",
            (status, matched, reason, order),
        )

    def open(self) -> list[OrderRow]:
        """Return the orders that may still change anything, oldest first."""
        rows = self._state.db.execute(
            f"SELECT {COLUMNS} FROM orders WHERE status IN ('submitting', 'uncertain', 'resting', 'matched')"
            " ORDER BY at"
        )
        return [OrderRow(*row) for row in rows]

    def find(self, order: str) -> OrderRow | None:
        """Return one order."""
        row = self._state.db.execute(f"SELECT {COLUMNS} FROM orders WHERE id = ?", (order,)).fetchone()
        return OrderRow(*row) if row else None

    def has(self, fill: str) -> bool:
        """Tell whether a fill had its order."""
        return self._state.db.execute("SELECT 1 FROM orders WHERE fill = ?", (fill,)).fetchone() is not None
