"""Followed wallets as rows: where each was read up to, every fill once, what the leader holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence, Set

import msgspec

from copybot.model import Fill
from copybot.state import State
from copybot.wallets.dedup import Recent, twins

COLUMNS = "leader, tx, token, condition, side, price, size, timestamp, occurrence"


class Mark(msgspec.Struct, frozen=True):
    """How far a wallet was read. Fills before `since` are the baseline. Times are Unix seconds."""

    since: int
    watermark: int
    snapshot: bool


class Detected(msgspec.Struct, frozen=True):
    """A fill seen for the first time, with what the leader held of the token just before."""

    fill: Fill
    held: int


class WalletLedger:
    """The fills and marks of all followed wallets."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.recent = Recent()

    def follow(self, leader: str, now: float) -> Mark:
        """Return a wallet's mark; one that is new begins now, so that its past is not copied."""
        self._state.db.execute(
            "INSERT OR IGNORE INTO leaders VALUES (?, ?, ?, 0)", (leader, int(now), int(now))
        )
        row = self._state.db.execute(
            "SELECT since, watermark, snapshot FROM leaders WHERE leader = ?", (leader,)
        ).fetchone()
        return Mark(int(row[0]), int(row[1]), bool(row[2]))

    def snapshot(self, leader: str, holdings: Iterable[tuple[str, int]]) -> None:
        """Take what a leader held when it was first followed; sales are judged against it."""
        with self._state.transaction() as db:
            db.executemany(
                "INSERT INTO holdings VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size",
                [(leader, token, size) for token, size in holdings],
            )
            db.execute("UPDATE leaders SET snapshot = 1 WHERE leader = ?", (leader,))

    def admit(
        self, fills: Sequence[Fill], source: str, now: float, since: int, watermark: int | None = None
    ) -> list[Detected]:
        """Write fills and the mark in one transaction; return those that are new and not of the baseline."""
        unknown = [fill for fill in fills if fill.key not in self.recent]
        told = {fill.key for fill in fills}  # what one answer tells as two is two
        found: list[Detected] = []
        if unknown or watermark is not None:
            with self._state.transaction() as db:
                found = [one for fill in unknown if (one := self._insert(db, fill, source, now, since, told))]
                if watermark is not None and fills:
                    newest = (watermark, fills[0].leader, watermark)
                    db.execute("UPDATE leaders SET watermark = ? WHERE leader = ? AND watermark < ?", newest)
        for fill in unknown:
            self.recent.add(fill.key)
        return [one for one in found if one.fill.timestamp >= since]

    def _insert(
        self, db: sqlite3.Connection, fill: Fill, source: str, now: float, since: int, told: Set[str]
    ) -> Detected | None:
        if any(name not in told and self._known(db, name) for name in twins(fill)):
            return None
        key = (fill.leader, fill.token)
        held = self._held(db, *key)
        old = fill.timestamp < since
        row = (fill.key, *msgspec.structs.astuple(fill), source, now, held, "baseline" if old else None)
        written = db.execute(
            f"INSERT OR IGNORE INTO fills (key, {COLUMNS}, source, seen, held, decision)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        if not written.rowcount:
            return None
        if not old:
            after = held + fill.size if fill.side == "BUY" else max(0, held - fill.size)
            db.execute("INSERT OR REPLACE INTO holdings VALUES (?, ?, ?)", (*key, after))
        return Detected(fill, held)

    def _known(self, db: sqlite3.Connection, key: str) -> bool:
        return db.execute("SELECT 1 FROM fills WHERE key = ?", (key,)).fetchone() is not None

    def _held(self, db: sqlite3.Connection, leader: str, token: str) -> int:
        row = db.execute(
            "SELECT size FROM holdings WHERE leader = ? AND token = ?", (leader, token)
        ).fetchone()
        return int(row[0]) if row else 0

    def undecided(self) -> list[Detected]:
        """Return the fills that an earlier life saw and did not decide, oldest first."""
        rows = self._state.db.execute(
            f"SELECT {COLUMNS}, held FROM fills WHERE decision IS NULL ORDER BY timestamp"
        )
        return [Detected(Fill(*row[:-1]), int(row[-1])) for row in rows]

    def decide(self, key: str, decision: str, reason: str = "", detail: str = "") -> None:
        """Write what became of a fill."""
        self._state.db.execute(
            "UPDATE fills SET decision = ?, reason = ?, detail = ? WHERE key = ?",
            (decision, reason, detail, key),
        )

    def forget(self, before: float, margin: int) -> int:
        """Delete decided fills older than a time, and return how many.

        A fill within `margin` seconds of its leader's mark stays: the next poll shows it again.
        """
        done = self._state.db.execute(
            "DELETE FROM fills WHERE timestamp < ? AND decision IS NOT NULL"
            " AND timestamp < (SELECT watermark FROM leaders WHERE leaders.leader = fills.leader) - ?"
            " AND key NOT IN (SELECT fill FROM orders)",
            (int(before), margin),
        )
        return done.rowcount
