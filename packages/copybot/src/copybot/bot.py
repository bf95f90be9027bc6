"""The life of a copied trade: the one file that knows the order of the rooms.

fill seen (`wallets`) -> market and book (`scanner`) -> amount (`sizing`) -> verdict (`risk`) -> row and order
(`executor`) -> confirmed trade (`positions`). `trader.Trader` takes a fill to its order; here the rooms are
put together and kept running.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

import msgspec

from copybot.alerts import Telegram
from copybot.bookkeeper import CHORE_ERRORS, Bookkeeper
from copybot.clob import Data, Gamma, Manner, Stream, Trading
from copybot.executor import Executor, OrderLedger, OrderRow
from copybot.logs import Burst
from copybot.model import Fee, OwnTrade, dollars, micro
from copybot.ports import BotObserver, Clock
from copybot.positions import PositionLedger, Redeemer, Settler
from copybot.risk import Breaker, Rules
from copybot.rules import rules_of
from copybot.scanner import Books, Catalogue
from copybot.settings import Settings
from copybot.state import State
from copybot.trader import Trader
from copybot.wallets import WalletLedger, WalletMonitor

RTDS_PING, PING = 5.0, 10.0
DEAF = 30.0
LIVELY = 5  # books; fewer may well be quiet for long
STOP_SECONDS = 10.0
FOLD_SECONDS = 10.0


class Venue(msgspec.Struct, frozen=True):
    """The clients of one venue."""

    trading: Trading
    data: Data
    gamma: Gamma


class Bot:
    """One wallet that follows others."""

    def __init__(
        self,
        settings: Settings,
        venue: Venue,
        state: State,
        clock: Clock,
        observer: BotObserver,
        log: Any,
        telegram: Telegram,
    ) -> None:
        self._settings, self._venue, self._state = settings, venue, state
        self._clock, self._observer, self._log, self._telegram = clock, observer, log, telegram
        self._burst = Burst(clock=clock)
        risk, scanner, execution = settings.risk, settings.scanner, settings.execution
        self.breaker = Breaker(risk.api_failures, risk.api_success_rate, risk.pause_seconds)
        self.wallet_rows, self.orders, self.positions = (
            WalletLedger(state),
            OrderLedger(state),
            PositionLedger(state),
        )
        self.catalogue = Catalogue(
            venue.gamma, clock, most=scanner.most_markets, seconds=scanner.market_seconds
        )
        self.books = Books(
            venue.trading, clock, observer, most=scanner.most_books, seconds=scanner.book_seconds
        )
        self.executor = Executor(
            venue.trading,
            self.orders,
            execution,
            clock,
            observer,
            self.positions.shares_of,
            self._settle,
        )
        self.trader = self._trader(rules_of(settings))
        self.monitor = WalletMonitor(
            venue.data, self.wallet_rows, settings.wallets, clock, observer, self.trader.on_fills
        )
        self.settler = Settler(
            venue.trading,
            self.positions,
            self.orders,
            clock,
            observer,
            self._fee_of,
            self.catalogue.market,
            self._on_trade,
        )
        self.bookkeeper = self._bookkeeper(execution.redeem)
        self.rtds, self.market, self.user = self._streams()

    # --- putting together -------------------------------------------------------------------------

    def _trader(self, rules: Rules) -> Trader:
        return Trader(
            self.wallet_rows,
            self.catalogue,
            self.books,
            rules,
            self.positions,
            self.orders,
            self.executor,
            self.breaker,
            self._clock,
            self._observer,
            self._log,
            self._settings.wallets.max_age_seconds,
            self._stale,
        )

    def _bookkeeper(self, redeem: bool) -> Bookkeeper:
        redeemer = Redeemer(self._venue.trading, self.positions, self._clock) if redeem else None
        return Bookkeeper(
            self._state,
            self._venue.trading,
            self._venue.data,
            self.catalogue,
            self.books,
            self.positions,
            self.orders,
            redeemer,
            self.trader,
            self._clock,
            self._observer,
            self._log,
        )

    def _streams(self) -> tuple[Stream, Stream, Stream]:
        urls, observer, monitor = self._settings.venue, self._observer, self.monitor
        rtds = Stream(
            "rtds",
            urls.rtds,
            Manner(RTDS_PING, DEAF, self._settings.wallets.silence_seconds),
            observer,
            monitor.hello,
            monitor.on_frame,
            monitor.wake,
        )
        market = Stream(
            "market",
            urls.clob_ws + "/market",
            Manner(PING, DEAF, self._settings.scanner.silence_seconds),
            observer,
            self.books.hello,
            self.books.on_frame,
            lively=lambda: len(self.books) >= LIVELY,
        )
        self.books.say = market.say
        user = Stream(
            "user",
            urls.clob_ws + "/user",
            Manner(PING, DEAF),
            observer,
            self.settler.hello,
            self.settler.on_frame,
            self.settler.wake,
        )
        return rtds, market, user

    # --- running ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Log in, begin or recover the books, take up what an earlier life left; raise ClobError."""
        await self._venue.trading.login()
        await self.bookkeeper.open_books()
        self._recover_pause()
        for order, status in await self.executor.recover():
            self._log.info("recovered", order=order, status=status)
        for lot in self.positions.lots():
            await self.catalogue.market(lot.token, lot.condition)
        await self.settler.settle()
        left = [one for one in self.wallet_rows.undecided() if not self.orders.has(one.fill.key)]
        if left:
            self.trader.on_fills(left)

    async def run(self) -> None:
        """Run until cancelled, or until a part fails for good; no loop dies silently."""
        parts = [asyncio.ensure_future(part) for part in self._parts()]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            await self._stop()

    def _parts(self) -> list[Coroutine[Any, Any, None]]:
        execution, keeper = self._settings.execution, self.bookkeeper
        return [
            self.rtds.run(),
            self.market.run(),
            self.user.run(),
            self.monitor.run(),
            self.settler.run(execution.settle_seconds, execution.reconcile_seconds),
            self._telegram.run(),
            self._chore("look_after", self.executor.look_after, execution.settle_seconds),
            self._chore("reconcile", keeper.reconcile, execution.reconcile_seconds),
            self._chore("redeem", keeper.redeem, execution.reconcile_seconds),
            self._chore("exits", keeper.exits, execution.settle_seconds),
            self._chore("books", keeper.refresh_books, self._settings.scanner.book_seconds),
            self._chore("judge", self._judge, 1.0),
            self._chore("forget", self._forget, 3600.0),
            self._chore("fold", self._fold, FOLD_SECONDS),
            self._chore("leaders", partial(keeper.show_leaders, self.monitor.leaders), FOLD_SECONDS),
        ]

    async def _stop(self) -> None:
        """Finish what was sent, cancel what rests where that is configured."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.trader.drain()
                await self.executor.stop()
                await self.settler.settle()
        except TimeoutError:
            self._log.warning("stopped with orders under way; the next start asks for them")

    async def _chore(self, name: str, work: Callable[[], Awaitable[object]], every: float) -> None:
        """Do a chore for ever; what the venue cannot answer now is done the next time."""
        while True:
            try:
                with self._observer.operation(name):
                    await work()
            except CHORE_ERRORS as error:
                if (count := self._burst.admit(f"{name} {error}")) is not None:
                    self._log.warning("a chore failed", chore=name, error=str(error)[:200], count=count)
                    self._telegram.tell("error", part=name, detail=str(error)[:200])
            await asyncio.sleep(every)

    # --- the breaker ------------------------------------------------------------------------------

    async def _judge(self) -> None:
        """Judge calls and the day; show the money; take a person's word."""
        now, risk = self._clock(), self._settings.risk
        changed = self.breaker.judge(now)
        warning, critical = micro(risk.daily_loss_warning), micro(risk.daily_loss_critical)
        status, by_day = self.bookkeeper.judge_day(self.breaker, warning, critical)
        self._note_loss(status)
        if self._told_by_hand(now) or changed or by_day:
            self._breaker_changed()
        self.bookkeeper.show_money()

    def _told_by_hand(self, now: float) -> bool:
        """Read what `copybot pause` or `copybot resume` has left; each word is taken once."""
        word = self._state.fact("command")
        if not word:
            return False
        self._state.remember("command", "")
        return (
            self.breaker.resume() if word == "resume" else self.breaker.trip("manual", now, "paused by hand")
        )

    def _breaker_changed(self) -> None:
        pause = self.breaker.pause
        self._state.remember("pause", f"{pause.cause}|{pause.since}|{pause.detail}" if pause else "")
        self._observer.breaker(pause is not None, pause.detail if pause else "")
        self._log.warning("breaker", paused=pause is not None, detail=pause.detail if pause else "")
        state, cause = ("paused", pause.cause) if pause else ("resumed", "")
        self._telegram.tell("breaker", state=state, cause=cause, detail=pause.detail if pause else "")

    def _recover_pause(self) -> None:
        kept = self._state.fact("pause")
        if kept:
            cause, since, detail = kept.split("|", 2)
            self.breaker.trip(cause, float(since), detail)  # type: ignore[arg-type]
            self._observer.breaker(True, detail)

    def _note_loss(self, status: str) -> None:
        if status != (self._state.fact("loss") or "ok"):
            self._state.remember("loss", status)
            if status != "ok":
                self._telegram.tell("error", part="daily loss", detail=f"threshold {status} reached")

    def _stale(self) -> str | None:
        """Return why what is known is too old to open anything: neither pushed nor polled lately."""
        quiet = self._clock() - self.monitor.scanned_at
        limit = self._settings.risk.stale_seconds
        return f"wallets not scanned for {quiet:.0f} s" if quiet > limit else None

    # --- beside -------------------------------------------------------------------------------------

    def _fee_of(self, token: str) -> Fee | None:
        market = self.catalogue.last(token)
        return None if market is None else market.fee

    async def _settle(self, since: float) -> bool:
        return await self.settler.settle(since)

    def _on_trade(self, trade: OwnTrade, row: OrderRow | None, status: str) -> None:
        if status not in ("CONFIRMED", "FAILED"):
            return
        market = self.catalogue.last(trade.token)
        self._log.info("trade", id=trade.id, status=status, side=trade.side, cost=str(dollars(trade.cost)))
        if status == "FAILED":
            self._telegram.tell("error", part="settlement", detail=f"trade {trade.id} failed on chain")
            return
        self._telegram.tell(
            "trade",
            side=trade.side,
            shares=f"{dollars(trade.size):.2f}",
            outcome=outcome_of(market.tokens, market.outcomes, trade.token) if market else "",
            price=f"{trade.cost / trade.size:.4f}" if trade.size else "",
            value=f"{dollars(trade.cost):.2f}",
            market=market.question if market else trade.condition,
            leader=row.leader if row else "",
            why=row.why if row else "",
        )

    async def _fold(self) -> None:
        self._state.fold()

    async def _forget(self) -> None:
        """Delete old rows, so that the file does not grow for ever."""
        wallets = self._settings.wallets
        self.wallet_rows.forget(self._clock() - wallets.keep_days * 86_400, 2 * wallets.overlap_seconds)


def outcome_of(tokens: tuple[str, ...], outcomes: tuple[str, ...], token: str) -> str:
    """Return an outcome's name; the leg is found by its token, since indexes on the wire can be wrong."""
    return next((name for at, name in zip(tokens, outcomes, strict=False) if at == token), "")
