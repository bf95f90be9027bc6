"""What is done beside the trading: books against the venue, redemption, exits, the day's loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from copybot.clob import ClobError, Data, RowError, Trading
from copybot.clob.rows import holding_of
from copybot.executor import OrderLedger
from copybot.model import MICRO, Holding, Plan, dollars
from copybot.ports import BotObserver, Clock
from copybot.positions import Difference, Lot, PositionLedger, Redeemer, differences
from copybot.risk import Breaker, Day, Exposure, Scene, day_at, exit_reason, judge_exit, loss_of, status_of
from copybot.scanner import Books, Catalogue
from copybot.state import State
from copybot.trader import Trader

HELD = ("OPEN", "REDEEMABLE", "REDEEMABLE_LOST")
MOST_LEADERS = 50  # leaders whose profit is told by name
GONE_AFTER = 30.0  # seconds after which shares that the venue no longer shows were paid out


class Bookkeeper:
    """The chores of one wallet; each may fail with ClobError or RowError and is then done the next time."""

    def __init__(
        self,
        state: State,
        venue: Trading,
        data: Data,
        catalogue: Catalogue,
        books: Books,
        positions: PositionLedger,
        orders: OrderLedger,
        redeemer: Redeemer | None,
        trader: Trader,
        clock: Clock,
        observer: BotObserver,
        log: Any,
    ) -> None:
        self._state, self._venue, self._data = state, venue, data
        self._catalogue, self._books, self._positions, self._orders = catalogue, books, positions, orders
        self._redeemer, self._trader = redeemer, trader
        self._clock, self._observer, self._log = clock, observer, log
        self._exits = int(state.fact("exits") or 0)
        self._missing: dict[str, float] = {}

    # --- books against the venue ----------------------------------------------------------------

    async def open_books(self) -> None:
        """Begin the books with the cash that the venue shows; raise ClobError."""
        if not self._positions.opened:
            self._positions.open_with(await self._venue.cash())

    async def reconcile(self) -> list[Difference] | None:
        """Compare the books with the venue where nothing is under way; None where it cannot be said."""
        if self._orders.open() or self._positions.moving():
            return None
        version = self._positions.totals()
        cash, holdings = await self._venue.cash(), await self._holdings()
        if self._orders.open() or self._positions.moving() or self._positions.totals() != version:
            return None  # something began meanwhile
        found = differences(cash, holdings, self._positions.cash, self._positions.lots())
        self._observer.reconciled(len(found))
        for difference in found:
            self._log.warning("the books differ", difference=str(difference))
        await self._watch_missing(
            differences(cash, holdings, self._positions.cash, self._positions.lots(), 0)
        )
        return found

    async def _holdings(self) -> list[Holding]:
        """Return all that is held: what waits to be redeemed is no longer open, but it is there."""
        held: dict[str, Holding] = {}
        for status in HELD:  # a market that is resolved meanwhile is seen twice rather than never
            for row in await self._data.positions(self._venue.address, status):
                one = holding_of(row)
                held[one.token] = one
        return list(held.values())

    async def _watch_missing(self, found: list[Difference]) -> None:
        """Note shares, however few, that the venue no longer shows: after a while they count as paid out."""
        now = self._clock()
        gone = {one.what for one in found if one.what != "cash" and not one.venue and one.books}
        self._missing = {token: self._missing.get(token, now) for token in gone}
        for token, since in list(self._missing.items()):
            if now - since >= GONE_AFTER and self._redeemer is not None:
                market = await self._catalogue.market(token, self._condition(token), fresh=True)
                if market is not None and (payout := self._redeemer.gone(market)) is not None:
                    self._paid(market.question, payout)

    def _condition(self, token: str) -> str:
        return next((lot.condition for lot in self._positions.lots() if lot.token == token), "")

    # --- redemption -----------------------------------------------------------------------------

    async def redeem(self) -> None:
        """Redeem every lot whose market is resolved."""
        if self._redeemer is None:
            return
        for condition, token in {lot.condition: lot.token for lot in self._positions.lots()}.items():
            market = await self._catalogue.market(token, condition)
            if market is None or not market.closed or self._busy(condition):
                continue
            payout = await self._redeemer.redeem(market)
            if payout is not None:
                self._paid(market.question, payout)

    def _busy(self, condition: str) -> bool:
        return any(row.condition == condition for row in self._orders.open())

    def _paid(self, question: str, payout: int) -> None:
        self._observer.redeemed(payout)
        self._log.info("redeemed", market=question, payout=str(dollars(payout)))

    # --- exits ----------------------------------------------------------------------------------

    async def exits(self) -> None:
        """Sell lots that have lost or won enough."""
        limits = self._trader.rules.limits
        if not limits.stop_loss and not limits.take_profit:
            return
        for lot in self._positions.lots():
            price = self._books.mid(lot.token)
            why = None if price is None else exit_reason(limits, lot.cost, lot.size * price // MICRO)
            if why and not self._ordered(lot.token):
                await self._exit(lot, why)

    def _ordered(self, token: str) -> bool:
        return any(row.token == token for row in self._orders.open())

    async def _exit(self, asked: Lot, why: str) -> None:
        market = await self._catalogue.market(asked.token, asked.condition)
        if market is None:
            return
        book = await self._books.fetch(asked.token)
        lot = self._positions.lot(asked.leader, asked.token)
        if lot is None or self._ordered(asked.token):
            return  # sold, or in an order, while the book was asked for
        scene = Scene(market, book, Exposure(0, 0, 0, 0), 0, self._clock())
        if exit_reason(self._trader.rules.limits, lot.cost, lot.size * (book.bid or 0) // MICRO) != why:
            return  # the fresh book says otherwise
        self._exits += 1
        self._state.remember("exits", self._exits)
        plan = judge_exit(f"exit:{self._exits}", lot.leader, lot.size, why, scene)
        if isinstance(plan, Plan):
            self._trader.order(plan)

    # --- the day ----------------------------------------------------------------------------------

    def judge_day(self, breaker: Breaker, warning: int, critical: int) -> tuple[str, bool]:
        """Judge the day's loss; return its status, and whether the breaker tripped or resumed by it."""
        now, equity = self._clock(), self._trader.worth()
        day = self._day()
        today = day_at(day, now, equity)
        if today != day:
            self._state.remember("day", f"{today.number}:{today.opening}")
        loss = loss_of(today, equity)
        status = status_of(loss, warning, critical)
        self._observer.daily_loss(loss / MICRO, status)
        changed = False
        if status == "critical":
            changed = breaker.trip("daily_loss", now, f"{loss / 10_000:.1f} % of the day's opening lost")
        elif day is not None and today.number != day.number and breaker.pause is not None:
            changed = breaker.pause.cause == "daily_loss" and breaker.resume()
        return status, changed

    def _day(self) -> Day | None:
        kept = self._state.fact("day")
        if kept is None:
            return None
        number, opening = kept.split(":")
        return Day(int(number), int(opening))

    def show_money(self) -> None:
        """Tell the money and what is at stake."""
        totals, worth = self._positions.totals(), self._trader.worth()
        self._observer.money(self._positions.cash, worth, totals.realised, totals.fees)
        reserved = sum(row.value for row in self._orders.open() if row.side == "BUY")
        self._observer.exposure(totals.cost + reserved, totals.positions)
        moving = [at for _, at in self._positions.moving()]
        self._observer.under_way(self._clock() - min(moving) if moving else 0.0)
        self._observer.markets(len(self._catalogue), len(self._books))

    async def show_leaders(self, followed: Sequence[str]) -> None:
        """Tell the profit of each leader; those beyond the most are told in one sum."""
        named, others = set(followed[:MOST_LEADERS]), 0
        for leader, realised in self._positions.by_leader().items():
            if leader in named:
                self._observer.leader_profit(leader, realised)
            else:
                others += realised
        self._observer.leader_profit("others", others)

    async def refresh_books(self) -> None:
        """Ask for the book of a lot that the stream has not shown lately: its price judges the day."""
        for lot in self._positions.lots():
            if self._books.peek(lot.token) is None:
                market = await self._catalogue.market(lot.token, lot.condition)
                if market is not None and market.open:
                    await self._books.book(lot.token)


CHORE_ERRORS = (ClobError, RowError)
