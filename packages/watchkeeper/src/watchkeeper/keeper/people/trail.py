"""The trail of what was done: one row for each write, begun before it acts, ended before it is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.keeper.people.rows import Rows

MOST_TEXT = 500
_COLUMNS = "id, at, kind, actor, way, address, action, resource, result, status, reason, correlation"


@dataclass(frozen=True, slots=True)
class Entry:
    """One write: when, by whom (and how they were known), from where, what, and how it ended.

    result is `begun` (the keeper was killed before it could tell), `done`, `refused` or `failed`.
    """

    id: int
    at: float
    kind: str
    actor: str
    way: str
    address: str
    action: str
    resource: str
    result: str
    status: int
    reason: str
    correlation: str


class Trail:
    """The rows; nothing of this room changes or removes one that has ended, but `expire`."""

    def __init__(self, rows: Rows, now: Callable[[], float]) -> None:
        self._rows = rows
        self._now = now

    def begin(
        self, kind: str, actor: str, way: str, address: str, action: str, resource: str, correlation: str
    ) -> int:
        """Write that something is about to be done; return the row's number."""
        texts = (kind, actor, way, address, action, resource, "begun", 0, "", correlation)
        cut = tuple(text[:MOST_TEXT] if isinstance(text, str) else text for text in texts)
        return self._rows.add(
            f"INSERT INTO trail ({_COLUMNS[4:]}) VALUES ({'?,' * 10}?)", (self._now(), *cut)
        )

    def end(self, id: int, status: int, reason: str = "", actor: str = "", resource: str = "") -> None:
        """Write how it ended, with what became known meanwhile."""
        sql = (
            "UPDATE trail SET result = ?, status = ?, reason = ?, actor = COALESCE(NULLIF(?, ''), actor), "
            "resource = COALESCE(NULLIF(?, ''), resource) WHERE id = ? AND result = 'begun'"
        )
        values = (result_of(status), status, reason[:MOST_TEXT], actor[:MOST_TEXT], resource[:MOST_TEXT], id)
        self._rows.write((sql, values))

    def recent(self, count: int, before: int = 0, actor: str = "", kind: str = "") -> list[Entry]:
        """Return the newest entries, newest first; before is a row number to go on from."""
        where, values = ["1"], list[object]()
        for clause, value in (("id < ?", before), ("actor = ?", actor), ("kind = ?", kind)):
            if value:
                where.append(clause)
                values.append(value)
        sql = f"SELECT {_COLUMNS} FROM trail WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"
        return [Entry(*row) for row in self._rows.read(sql, *values, count)]

    def expire(self, before: float) -> int:
        """Remove the entries older than a Unix time; return how many."""
        return self._rows.write(("DELETE FROM trail WHERE at < ?", (before,)))


def result_of(status: int) -> str:
    if status < 400:
        return "done"
    return "refused" if status < 500 else "failed"
