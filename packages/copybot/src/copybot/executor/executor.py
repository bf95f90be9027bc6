"""Send orders and learn what became of them.

An attempt is a row before it is sent. An order is sent once; where the answer is lost its outcome is asked by
the hash that was computed here, never sent again. Failures never leave this room as exceptions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from copybot.clob import ClobError, ClobLimited, ClobRefused, ClobRestarting, Prepared
from copybot.executor.ledger import INTENT, OrderLedger, OrderRow
from copybot.model import OrderType, Placed, Plan
from copybot.ports import Clock, WorkObserver
from copybot.settings import ExecutionSettings

RETRY_SECONDS = 10.0  # for what the venue refused to look at


class Desk(Protocol):
    """Where orders are placed: the client of the local venue, or the official one."""

    async def prepare(self, plan: Plan, kind: OrderType, until: int = 0) -> Prepared: ...
    async def place(self, prepared: Prepared) -> Placed: ...
    async def order(self, name: str) -> Placed | None: ...
    async def cancel(self, names: Sequence[str]) -> None: ...


class ExecutorObserver(WorkObserver, Protocol):
    """What the executor tells."""

    def ordered(self, side: str) -> None: ...
    def executed(self, outcome: str, seconds: float) -> None: ...


class Executor:
    """Place the plans of one wallet."""

    def __init__(
        self,
        desk: Desk,
        ledger: OrderLedger,
        settings: ExecutionSettings,
        clock: Clock,
        observer: ExecutorObserver,
        traded: Callable[[str], int] = lambda order: 0,
        settle: Callable[[float], Awaitable[bool]] | None = None,
    ) -> None:
        self._traded = traded  # the shares of an order that own trades have shown so far
        self._settle = settle  # asks for own trades since a time; False where there was no answer
        self._desk, self._ledger, self._settings = desk, ledger, settings
        self._clock, self._observer = clock, observer

    def begin(self, plan: Plan) -> str | None:
        """Write an order's row, without waiting; None where its fill had an order before.

        From here on it counts in every limit, so that decisions made at the same moment see each other.
        """
        intent = self._ledger.attempt(plan, self._kind(plan), self._clock())
        if intent is not None:
            self._observer.ordered(plan.side)
        return intent

    def _kind(self, plan: Plan) -> OrderType:
        """Return an order's type; one that may not rest, where others do, takes what it finds."""
        configured = self._settings.order_type
        return "FAK" if configured == "GTC" and not plan.rests else configured

    async def send(self, intent: str, plan: Plan) -> str:
        """Sign and send one order that was begun.

        Return its status: resting, matched, settled, rejected, absent or uncertain.
        """
        began = asyncio.get_running_loop().time()
        with self._observer.operation("execute") as work:
            status = await self._attempt(intent, plan)
            if status in ("rejected", "absent", "uncertain"):
                work.fail()
        self._observer.executed(status, asyncio.get_running_loop().time() - began)
        return status

    async def _attempt(self, intent: str, plan: Plan) -> str:
        try:
            prepared = await self._desk.prepare(plan, self._kind(plan))
        except ClobError as error:
            return self._mark(intent, "rejected", reason=error.reason)
        self._ledger.name(intent, prepared.order)
        try:
            placed = await self._place(prepared, self._clock() + RETRY_SECONDS)
        except ClobRefused as error:
            return self._mark(prepared.order, "rejected", reason=str(error)[:200])
        except ClobError as error:
            if not error.uncertain:
                return self._mark(prepared.order, "rejected", reason=error.reason)
            self._mark(prepared.order, "uncertain", reason=error.reason)
            return await self.clear_up(prepared.order)
        if placed.matched < plan.size and prepared.type == "GTC":
            return self._mark(
                prepared.order, "resting", placed.matched
            )  # the rest of it may still be matched
        return self._take(prepared.order, placed)

    async def _place(self, prepared: Prepared, until: float) -> Placed:
        """Send an order; again only what the venue says it did not look at: the same order, the same hash."""
        while True:
            try:
                return await self._desk.place(prepared)
            except (ClobLimited, ClobRestarting) as error:
                pause = error.after if isinstance(error, ClobLimited) else 1.0
                if self._clock() + pause > until:
                    raise
            await asyncio.sleep(pause)

    def _mark(self, order: str, status: str, matched: int | None = None, reason: str | None = None) -> str:
        self._ledger.mark(order, status, matched, reason)
        return status

    def _take(self, order: str, placed: Placed) -> str:
        """Write what the venue said of an order."""
        if placed.resting:
            return self._mark(order, "resting", placed.matched)
        if placed.matched:
            return self._mark(order, "matched", placed.matched)
        if placed.status.upper().removeprefix("ORDER_STATUS_") in ("MATCHED", "FILLED", ""):
            return self._mark(order, "uncertain")  # matched, but how much is not said: ask
        return self._mark(order, "settled", 0, placed.status)

    async def clear_up(self, order: str) -> str:
        """Ask by its hash what became of an order; give up asking only when the time for it is over."""
        row = self._ledger.find(order)
        if row is None:
            return "absent"
        until = row.at + self._settings.uncertain_seconds
        while True:
            await asyncio.sleep(self._settings.query_seconds)
            final = self._clock() >= until
            status = await self.ask(row, final=final)
            if status != "uncertain" or final:
                return status

    async def ask(self, row: OrderRow, *, final: bool) -> str:
        """Ask once; an unknown order is absent when its time is over and own trades do not show it either."""
        try:
            placed = await self._desk.order(row.id)
        except ClobError:
            return row.status if row.status == "resting" else "uncertain"
        if placed is not None:
            return self._take(row.id, placed)
        over = final or self._clock() >= row.at + self._settings.uncertain_seconds
        if over and self._settle is not None and not await self._settle(row.at):
            return "uncertain"  # the venue forgets orders; only its trades can say that there was none
        if (shares := self._traded(row.id)) > 0:
            return self._mark(row.id, "matched", shares)  # the order is forgotten, its trades are not
        if over:
            return self._mark(row.id, "absent", 0, "the venue does not know it")
        return "uncertain"

    async def recover(self) -> list[tuple[str, str]]:
        """Ask for every order that an earlier life left open; return what became of each."""
        found = []
        for row in self._ledger.open():
            if row.id.startswith(INTENT):
                found.append((row.id, self._mark(row.id, "absent", 0, "never sent")))
            elif row.status != "matched":
                self._mark(row.id, "resting" if row.status == "resting" else "uncertain")
                found.append((row.id, await self.ask(row, final=False)))
        return found

    async def look_after(self) -> None:
        """Ask for resting and uncertain orders; cancel those that have rested for too long."""
        now = self._clock()
        for row in self._ledger.open():
            if row.status == "resting" and now - row.at > self._settings.resting_seconds:
                await self._cancel([row.id])
            if row.status == "resting" or (row.status == "uncertain" and now - row.at > 5.0):
                await self.ask(row, final=False)

    async def stop(self) -> None:
        """Cancel what rests, where that is configured."""
        if self._settings.on_stop == "cancel":
            resting = [row.id for row in self._ledger.open() if row.status == "resting"]
            if resting and await self._cancel(resting):
                for row in self._ledger.open():
                    if row.id in resting:
                        await self.ask(row, final=False)

    async def _cancel(self, orders: list[str]) -> bool:
        try:
            await self._desk.cancel(orders)
        except ClobError:
            return False
        return True
