"""Executions as rows: written before the transaction is sent, settled when the chain has spoken."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

SCHEMA = """
CREATE TABLE IF NOT EXISTS executions (
  id INTEGER PRIMARY KEY,
  at REAL NOT NULL,               -- Unix seconds
  sequence INTEGER NOT NULL,      -- the feed message that showed the opportunity
  nonce INTEGER NOT NULL,
  tx_hash TEXT NOT NULL UNIQUE,
  raw TEXT NOT NULL,              -- the signed transaction; public the moment it is sent
  amount_in TEXT NOT NULL,        -- integers as decimal text: SQLite's are too small for wei
  expected_profit TEXT NOT NULL,
  status TEXT NOT NULL,           -- sent, succeeded, reverted, rejected, unknown
  profit TEXT NOT NULL DEFAULT '0',
  gas_cost TEXT NOT NULL DEFAULT '0',
  reason TEXT
);
CREATE INDEX IF NOT EXISTS executions_status ON executions (status);
"""


class Attempt(NamedTuple):
    """One row before it is settled."""

    at: float
    sequence: int
    nonce: int
    tx_hash: str
    raw: str
    amount_in: int
    expected_profit: int


class Totals(NamedTuple):
    """Sums over all rows; wei."""

    attempted: int
    succeeded: int
    profit: int
    gas_cost: int


class Ledger:
    """The executions of one bot, in SQLite. Each write is committed before the method returns."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")  # survives a killed process; off the hot path
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def attempt(self, row: Attempt) -> None:
        """Write an attempt, before it is sent."""
        self._db.execute(
            "INSERT INTO executions (at, sequence, nonce, tx_hash, raw, amount_in, expected_profit, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'sent')",
            (*row[:5], str(row.amount_in), str(row.expected_profit)),
        )

    def settle(self, tx_hash: str, status: str, profit: int, gas_cost: int, reason: str | None) -> None:
        """Write what became of an attempt."""
        self._db.execute(
            "UPDATE executions SET status = ?, profit = ?, gas_cost = ?, reason = ? WHERE tx_hash = ?",
            (status, str(profit), str(gas_cost), reason, tx_hash),
        )

    def unsettled(self) -> list[tuple[str, int]]:
        """Return hash and nonce of the attempts whose outcome is not known, oldest first."""
        rows = self._db.execute(
            "SELECT tx_hash, nonce FROM executions WHERE status IN ('sent', 'unknown') ORDER BY id"
        )
        return [(str(tx_hash), int(nonce)) for tx_hash, nonce in rows]

    def totals(self) -> Totals:
        """Return the sums over all rows."""
        attempted = succeeded = profit = gas_cost = 0
        for status, earned, gas in self._db.execute("SELECT status, profit, gas_cost FROM executions"):
            attempted += 1
            succeeded += status == "succeeded"
            profit += int(earned)
            gas_cost += int(gas)
        return Totals(attempted, succeeded, profit, gas_cost)
