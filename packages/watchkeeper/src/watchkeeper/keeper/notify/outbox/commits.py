"""Group commit: what many callers write at the same time shares one transaction.

A commit that reaches the disk costs about 2 ms; one for all that has gathered meanwhile costs no more. What
may be lost in a power cut, though not in a crash, is not waited for: it costs 0.05 ms.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from watchkeeper.keeper.notify.errors import OutboxUnwritable

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]
Piece = tuple[Work, bool]


class Commits:
    """Runs pieces of work on a connection in one thread, all that wait in one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._thread = ThreadPoolExecutor(1, "outbox")
        self._waiting: list[tuple[Piece, asyncio.Future[Any]]] = []
        self._busy: asyncio.Task[None] | None = None

    async def do(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Return what a piece of work gives, when it is written; raises OutboxUnwritable.

        durable: it is on the disk then. Else it outlives a crash of the process, not one of the machine.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(((work, durable), future))
        if self._busy is None:
            self._busy = asyncio.create_task(self._drain())
        return await future

    def close(self) -> None:
        """Finish what was begun and close the file."""
        self._thread.submit(self._db.close).result()
        self._thread.shutdown()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                done = await loop.run_in_executor(self._thread, self._commit, [piece for piece, _ in batch])
                settle([future for _, future in batch], done)
        finally:
            self._busy = None

    def _commit(self, pieces: list[Piece]) -> list[Any] | OutboxUnwritable:
        """Do all or nothing."""
        durable = any(durable for _, durable in pieces)
        try:
            self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                results = [work(self._db) for work, _ in pieces]
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except Exception as error:  # sqlite3.Error, and what a piece of work may raise
            return OutboxUnwritable(f"the outbox cannot be written: {error}")
        return results


def settle(futures: list[asyncio.Future[Any]], done: list[Any] | OutboxUnwritable) -> None:
    """Give each caller its result, or all of them the error."""
    for place, future in enumerate(futures):
        if future.done():
            continue
        if isinstance(done, OutboxUnwritable):
            future.set_exception(done)
        else:
            future.set_result(done[place])
