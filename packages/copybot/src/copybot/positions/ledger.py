"""Own trades and lots as rows. A fill counts when it is CONFIRMED, in one transaction with its status."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from copybot.model import OwnTrade
from copybot.positions.accounts import Effect, Lot, advances, redeemed, traded
from copybot.state import State


class Totals(msgspec.Struct, frozen=True):
    """Sums since the first start, in millionths of a dollar."""

    realised: int
    fees: int
    cost: int
    positions: int


class PositionLedger:
    """The books of one wallet."""

    def __init__(self, state: State) -> None:
        self._state = state

    # --- cash -----------------------------------------------------------------------------------

    def open_with(self, cash: int) -> None:
        """Begin the books with this much cash; what they began with once is kept."""
        if self._state.fact("cash") is None:
            self._state.remember("cash", cash)

    @property
    def opened(self) -> bool:
        """Tell whether the books have begun."""
        return self._state.fact("cash") is not None

    @property
    def cash(self) -> int:
        """Return the cash by confirmed trades and payouts."""
        return int(self._state.fact("cash") or 0)

    def _flow(self, amount: int) -> None:
        self._state.remember("cash", self.cash + amount)

    # --- trades ---------------------------------------------------------------------------------

    def apply(self, trade: OwnTrade, leader: str, fee: int) -> str | None:
        """Write a trade's status; return it where it moved on, else None."""
        with self._state.transaction() as db:
            row = db.execute("SELECT status FROM trades WHERE id = ?", (trade.id,)).fetchone()
            if not advances(row[0] if row else None, trade.status):
                return None
            self._write(db, trade, leader, fee)
            if trade.status == "CONFIRMED":
                self._count(db, trade, leader, fee)
        return trade.status

    def _write(self, db: sqlite3.Connection, trade: OwnTrade, leader: str, fee: int) -> None:
        names = (trade.id, trade.order, leader, trade.token, trade.condition, trade.side)
        db.execute(
            "INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
            " ON CONFLICT (id) DO UPDATE SET status = excluded.status",
            (*names, trade.size, trade.cost, fee, trade.status, trade.at),
        )

    def _count(self, db: sqlite3.Connection, trade: OwnTrade, leader: str, fee: int) -> None:
        lot = self._lot(db, leader, trade.token, trade.condition)
        effect = traded(lot, trade.side, trade.size, trade.cost, fee)
        self._keep(db, effect)
        db.execute("UPDATE trades SET realised = ? WHERE id = ?", (effect.realised, trade.id))

    def _keep(self, db: sqlite3.Connection, effect: Effect) -> None:
        lot = effect.lot
        if lot.size:
            db.execute("INSERT OR REPLACE INTO lots VALUES (?, ?, ?, ?, ?)", msgspec.structs.astuple(lot))
        else:
            db.execute("DELETE FROM lots WHERE leader = ? AND token = ?", (lot.leader, lot.token))
        self._flow(effect.flow)

    def _lot(self, db: sqlite3.Connection, leader: str, token: str, condition: str) -> Lot:
        row = db.execute(
            "SELECT leader, token, condition, size, cost FROM lots WHERE leader = ? AND token = ?",
            (leader, token),
        ).fetchone()
        return Lot(*row) if row else Lot(leader, token, condition)

    def moving(self) -> list[tuple[str, float]]:
        """Return id and time of the trades that are not final yet."""
        rows = self._state.db.execute(
            "SELECT id, at FROM trades WHERE status NOT IN ('CONFIRMED', 'FAILED') ORDER BY at"
        )
        return [(str(name), float(at)) for name, at in rows]

    def shares_of(self, order: str) -> int:
        """Return the shares of an order's trades, final or not."""
        query = "SELECT coalesce(sum(size), 0) FROM trades WHERE order_id = ?"
        return int(self._state.db.execute(query, (order,)).fetchone()[0])

    def final_shares(self, order: str) -> int:
        """Return the shares of an order's trades that are final."""
        row = self._state.db.execute(
            "SELECT coalesce(sum(size), 0) FROM trades"
            " WHERE order_id = ? AND status IN ('CONFIRMED', 'FAILED')",
            (order,),
        ).fetchone()
        return int(row[0])

    # --- lots -----------------------------------------------------------------------------------

    def lot(self, leader: str, token: str) -> Lot | None:
        """Return one lot, or None."""
        lot = self._lot(self._state.db, leader, token, "")
        return lot if lot.size else None

    def lots(self) -> list[Lot]:
        """Return all lots."""
        rows = self._state.db.execute("SELECT leader, token, condition, size, cost FROM lots")
        return [Lot(*row) for row in rows]

    def redeem(self, condition: str, prices: dict[str, int], at: float) -> int:
        """Pay out all lots of a condition at the resolved prices; return the payout."""
        total = 0
        with self._state.transaction() as db:
            for lot in [lot for lot in self.lots() if lot.condition == condition and lot.token in prices]:
                effect = redeemed(lot, prices[lot.token])
                self._keep(db, effect)
                db.execute(
                    "INSERT INTO redeems (condition, leader, token, size, payout, realised, at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (condition, lot.leader, lot.token, lot.size, effect.flow, effect.realised, at),
                )
                total += effect.flow
        return total

    def totals(self) -> Totals:
        """Return the sums."""
        realised, fees = self._state.db.execute(
            "SELECT coalesce(sum(realised), 0), coalesce(sum(fee), 0) FROM trades WHERE status = 'CONFIRMED'"
        ).fetchone()
        paid = self._state.db.execute("SELECT coalesce(sum(realised), 0) FROM redeems").fetchone()[0]
        cost, count = self._state.db.execute("SELECT coalesce(sum(cost), 0), count(*) FROM lots").fetchone()
        return Totals(int(realised) + int(paid), int(fees), int(cost), int(count))

    def by_leader(self) -> dict[str, int]:
        """Return what was realised in each leader's wake, fees taken off."""
        rows = self._state.db.execute(
            "SELECT leader, sum(realised) FROM"
            " (SELECT leader, realised FROM trades WHERE status = 'CONFIRMED'"
            " UNION ALL SELECT leader, realised FROM redeems) GROUP BY leader"
        )
        return {str(leader): int(amount) for leader, amount in rows}


def by_token(lots: Sequence[Lot]) -> dict[str, int]:
    """Return the shares of each token."""
    sums: dict[str, int] = {}
    for lot in lots:
        sums[lot.token] = sums.get(lot.token, 0) + lot.size
    return sums
