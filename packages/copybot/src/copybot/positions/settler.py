"""From matched to confirmed: own trades by push and by poll; an order settles when its trades are final."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

import msgspec

from copybot.clob import ClobError, Credentials, RowError
from copybot.clob.books import market_events
from copybot.clob.orders import own_trades
from copybot.executor import OrderLedger, OrderRow
from copybot.model import Fee, OwnTrade
from copybot.ports import Clock
from copybot.positions.ledger import PositionLedger

ROUNDING = 100  # millionths of a share that the sums of an order and of its trades may differ by
BACK = 120  # seconds: clocks differ, and a trade is as old as its match


class Trades(Protocol):
    """Where own trades are asked for."""

    credentials: Credentials | None

    @property
    def address(self) -> str: ...

    async def trades(self, after: int) -> list[OwnTrade]: ...


class SettleObserver(Protocol):
    """What the settler tells."""

    def confirmed(self, side: str, value: int) -> None: ...
    def ghost(self) -> None: ...
    def malformed(self, source: str, reason: str) -> None: ...


class Settler:
    """Bring own trades into the books. fee_of tells the fee of a token's market, None while it is not known;
    learn asks for it.
    """

    def __init__(
        self,
        venue: Trades,
        books: PositionLedger,
        orders: OrderLedger,
        clock: Clock,
        observer: SettleObserver,
        fee_of: Callable[[str], Fee | None],
        learn: Callable[[str, str], Awaitable[object]],
        on_trade: Callable[[OwnTrade, OrderRow | None, str], None],
    ) -> None:
        self._learn = learn
        self._venue, self._books, self._orders = venue, books, orders
        self._clock, self._observer, self._fee_of, self._on_trade = clock, observer, fee_of, on_trade
        self._wake = asyncio.Event()

    # --- pushed ---------------------------------------------------------------------------------

    def hello(self) -> Sequence[bytes]:
        """Return the subscription of the user stream."""
        credentials = self._venue.credentials
        if credentials is None:
            return ()
        auth = {"apiKey": credentials.key, "secret": credentials.secret, "passphrase": credentials.passphrase}
        return (msgspec.json.encode({"type": "user", "auth": auth}),)

    def wake(self) -> None:
        """Ask at once."""
        self._wake.set()

    def on_frame(self, data: bytes) -> None:
        """Take one frame of the user stream: trades are applied, anything else is a reason to look."""
        try:
            for event in market_events(data):
                self._event(event)
        except RowError as error:
            self._observer.malformed("user", error.reason)

    def _event(self, event: dict[str, Any]) -> None:
        if event.get("event_type") == "trade":
            for trade in own_trades(event, self._venue.address):
                self.take(trade)
        self.wake()

    # --- polled ---------------------------------------------------------------------------------

    async def run(self, every: float, idle: float) -> None:
        """Ask for ever: often while anything is under way, seldom otherwise."""
        while True:
            self._wake.clear()
            await self.settle()
            pause = every if self._orders.open() or self._books.moving() else idle
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
                await asyncio.sleep(min(every, 0.25))  # frames come in bursts
            except TimeoutError:
                continue

    async def settle(self, after: float | None = None) -> bool:
        """Ask for the trades since anything was open, and settle what is final; tell whether it could."""
        since = self._since() if after is None else after
        if since is None:
            return True
        try:
            for trade in await self._venue.trades(max(0, int(since) - BACK)):
                if self._fee_of(trade.token) is None:
                    await self._learn(trade.token, trade.condition)
                self.take(trade)
        except (ClobError, RowError):
            return False
        self._close()
        return True

    def _since(self) -> float | None:
        """Return when the oldest open thing began, or None where nothing is open."""
        times = [row.at for row in self._orders.open()] + [at for _, at in self._books.moving()]
        return min(times) if times else None

    def take(self, trade: OwnTrade) -> None:
        """Write one trade's status; a status that is old news changes nothing."""
        row = self._orders.find(trade.order)
        fee = self._fee_of(trade.token)
        if fee is None or not trade.id:
            return  # the market is not known yet: the next poll brings the trade again
        moved = self._books.apply(trade, row.leader if row else "", trade.fee(fee))
        if moved is None:
            return
        if row is not None and row.status == "absent":  # its trade proves that the venue took it
            self._orders.mark(row.id, "matched", self._books.shares_of(row.id))
        if moved == "CONFIRMED":
            self._observer.confirmed(trade.side, trade.cost)
        elif moved == "FAILED":
            self._observer.ghost()
        self._on_trade(trade, row, moved)

    def _close(self) -> None:
        for row in self._orders.open():
            if row.status == "matched" and self._books.final_shares(row.id) + ROUNDING >= row.matched:
                self._orders.mark(row.id, "settled")
