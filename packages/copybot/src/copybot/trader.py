"""A fill's way to an order: the market is looked up, the fill judged, the order written, then sent.

`on_fills` decides without waiting where the market and its book are known; else they are asked for first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from copybot.clob import ClobError
from copybot.executor import Executor, OrderLedger
from copybot.model import MICRO, Book, Market, Plan, Refusal
from copybot.ports import BotObserver, Clock
from copybot.positions import PositionLedger
from copybot.risk import Breaker, Exposure, Rules, Scene, judge_buy, judge_sell
from copybot.risk.judge import fee_share, loaded
from copybot.scanner import Books, Catalogue
from copybot.wallets import Detected, WalletLedger

MOST_WAITING = 500  # fills that wait for a market or for an order of ours; beyond it purchases are refused
RETRY = 1.0


class Trader:
    """Decide on the fills of followed wallets. stale tells why nothing may be opened, or None."""

    def __init__(
        self,
        wallets: WalletLedger,
        catalogue: Catalogue,
        books: Books,
        rules: Rules,
        positions: PositionLedger,
        orders: OrderLedger,
        executor: Executor,
        breaker: Breaker,
        clock: Clock,
        observer: BotObserver,
        log: Any,
        max_age: float,
        stale: Callable[[], str | None],
    ) -> None:
        self._wallets, self._catalogue, self._books, self.rules = wallets, catalogue, books, rules
        self._positions, self._orders, self._executor = positions, orders, executor
        self._breaker, self._clock, self._observer, self._log = breaker, clock, observer, log
        self._max_age, self._stale = max_age, stale
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """Return how many fills and orders are under way."""
        return len(self._tasks)

    def on_fills(self, found: Sequence[Detected]) -> None:
        """Decide on new fills."""
        began = asyncio.get_running_loop().time()
        for one in found:
            refusal = self._opening_refused(one)
            if refusal is not None:
                self._refuse(one, refusal)
            elif not self._decide_now(one, began):
                self._start(self._decide_later(one))

    async def drain(self) -> None:
        """Wait for what was sent; what only waits for a market is left to the next life."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- before the market is looked at ---------------------------------------------------------

    def _opening_refused(self, one: Detected) -> Refusal | None:
        """Return why a purchase is not even looked at; sales always are: they only reduce."""
        fill = one.fill
        if fill.side == "SELL":
            return None
        age = self._clock() - fill.timestamp
        if age > self._max_age:
            return Refusal("too_old", f"{age:.0f} s old, limit {self._max_age:g} s")
        if self._breaker.pause is not None:
            return Refusal("breaker", self._breaker.pause.detail)
        if self.rules.limits.reduce_only:
            return Refusal("reduce_only", "positions are only reduced")
        if (why := self._stale()) is not None:
            return Refusal("stale_data", why)
        return Refusal("busy", "too many fills wait") if len(self._tasks) >= MOST_WAITING else None

    # --- the decision ---------------------------------------------------------------------------

    def _decide_now(self, one: Detected, began: float) -> bool:
        market, book = self._catalogue.peek(one.fill.token), self._books.peek(one.fill.token)
        if market is None or book is None or self._must_wait(one):
            return False
        self._conclude(one, market, book)
        self._observer.decided(asyncio.get_running_loop().time() - began)
        return True

    def _must_wait(self, one: Detected) -> bool:
        """Tell whether a sale has to wait for an order of ours in the same lot."""
        fill = one.fill
        return fill.side == "SELL" and any(
            row.token == fill.token and row.leader == fill.leader for row in self._orders.open()
        )

    async def _decide_later(self, one: Detected) -> None:
        """Ask for the market and its book, again and again until the fill is too old."""
        fill, missing = one.fill, "no answer"
        patience = self._max_age if fill.side == "BUY" else max(self._max_age, 300.0)
        until = self._clock() + patience
        while self._clock() < until:
            refusal = self._opening_refused(one) if len(self._tasks) < MOST_WAITING else None
            if refusal is not None:
                self._refuse(one, refusal)
                return
            missing = await self._try(one)
            if not missing:
                return
            await asyncio.sleep(RETRY)
        self._refuse(one, Refusal("no_market", missing))

    async def _try(self, one: Detected) -> str:
        """Decide if everything is there; return what is missing, "" where it is decided."""
        fill = one.fill
        if self._must_wait(one):
            return "an order of ours is under way"
        try:
            market = await self._catalogue.market(fill.token, fill.condition)
            if market is None:
                return "the market is not known (yet)"
            book = await self._book(fill.token, market)
        except (ClobError, ValueError) as error:
            return f"{type(error).__name__}: {error}"[:200]
        if self._must_wait(one):
            return "an order of ours is under way"
        self._conclude(one, market, book)
        return ""

    async def _book(self, token: str, market: Market) -> Book:
        """Return the book; a market that takes no orders has none, and needs none to be refused."""
        if market.open:
            return await self._books.book(token)
        return Book(token, (), (), self._clock(), market.tick, market.min_size, market.neg_risk)

    def _conclude(self, one: Detected, market: Market, book: Book) -> None:
        """Judge, and write either the refusal or the order, without a wait in between."""
        verdict = self._judge(one, market, book)
        if isinstance(verdict, Refusal):
            self._refuse(one, verdict)
        else:
            self.order(verdict)

    def _judge(self, one: Detected, market: Market, book: Book) -> Plan | Refusal:
        scene = Scene(
            market, book, self._exposure(one.fill.leader, market.condition), self.worth(), self._clock()
        )
        if one.fill.side == "BUY":
            return judge_buy(one.fill, scene, self.rules)
        lot = self._positions.lot(one.fill.leader, one.fill.token)
        return judge_sell(one.fill, one.held, lot.size if lot else 0, scene, self.rules)

    def order(self, plan: Plan) -> None:
        """Write an order, then send it beside."""
        intent = self._executor.begin(plan)
        if intent is not None:
            self._start(self._send(intent, plan))

    async def _send(self, intent: str, plan: Plan) -> None:
        status = await self._executor.send(intent, plan)
        self._log.info(
            "order",
            status=status,
            side=plan.side,
            price=plan.price / MICRO,
            shares=plan.size / MICRO,
            market=plan.condition,
            leader=plan.leader,
            why=plan.why,
        )

    def _refuse(self, one: Detected, refusal: Refusal) -> None:
        self._wallets.decide(one.fill.key, "refused", refusal.reason, refusal.detail)
        self._observer.refused(refusal.reason)
        self._log.debug("refused", fill=one.fill.key, reason=refusal.reason, detail=refusal.detail)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """A task that dies is told of; the fill stays undecided and the next start takes it up."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("a decision failed", error=f"{type(error).__name__}: {error}")

    # --- money ----------------------------------------------------------------------------------

    def _exposure(self, leader: str, condition: str) -> Exposure:
        """Return what is at stake: lots at cost, open purchases at their most with a margin for the fee."""
        stakes = [(lot.leader, lot.condition, lot.cost) for lot in self._positions.lots()]
        opening = [row for row in self._orders.open() if row.side == "BUY"]
        reserved = [
            (row.leader, row.condition, self._reserve(row.token, row.price, row.value)) for row in opening
        ]
        stakes += reserved
        return Exposure(
            market=sum(amount for _, at, amount in stakes if at == condition),
            leader=sum(amount for whose, _, amount in stakes if whose == leader),
            total=sum(amount for _, _, amount in stakes),
            cash=self._positions.cash - sum(amount for _, _, amount in reserved),
        )

    def _reserve(self, token: str, price: int, value: int) -> int:
        """Return a purchase with the most fee that it can carry."""
        market = self._catalogue.last(token)
        return value if market is None else loaded(value, fee_share(market.fee, price))

    def worth(self) -> int:
        """Return cash and lots at what they would sell for; at cost where no price is known."""
        total = self._positions.cash
        for lot in self._positions.lots():
            price = self._books.mid(lot.token)
            total += lot.cost if price is None else lot.size * price // MICRO
        return total
