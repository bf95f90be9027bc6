"""The exchange: takes orders, matches them, settles trades, resolves markets. Pure: time is an argument."""

from __future__ import annotations

import hashlib
import heapq
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from typing import Literal

from localvenues.polymarket.exchange import admission
from localvenues.polymarket.exchange.book import Book, Ladder
from localvenues.polymarket.exchange.ledger import Ledger
from localvenues.polymarket.exchange.matching import Match, Plan, plan
from localvenues.polymarket.exchange.model import (
    Kind,
    MakerFill,
    Market,
    Order,
    OrderStatus,
    Trade,
)
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.exchange.news import (
    LevelChanged,
    MarketOpened,
    MarketResolved,
    News,
    OrderChanged,
    Settled,
    TickChanged,
    Traded,
)
from localvenues.polymarket.exchange.refusals import (
    Duplicated,
    NoBook,
    NotEnoughBalance,
    NotFilled,
    NothingToMatch,
    NotReady,
    WouldCross,
)
from localvenues.polymarket.exchange.settlement import Settlement
from localvenues.polymarket.exchange.ticks import TICKS, Tick

DUST = ONE // 100
KEPT_ORDERS = 20_000
FINE_LOW, FINE_HIGH = 40_000, 960_000


class Exchange:
    """All markets, books, orders and trades. News of changes gathers in `news` until it is taken."""

    def __init__(self, seed: int = 1) -> None:
        self.ledger = Ledger()
        self.settlement = Settlement(self.ledger)
        self.markets: dict[str, Market] = {}
        self.books: dict[str, Book] = {}
        self.tokens: dict[str, Market] = {}
        self.open: dict[str, Order] = {}
        self.done: OrderedDict[str, Order] = OrderedDict()
        self.guests: set[str] = set()
        self.trades = 0
        self._seed = seed
        self._news: list[News] = []
        self._delayed: list[tuple[int, int, Order]] = []
        self._delays = 0

    def take_news(self) -> list[News]:
        """Return the changes since the last call, oldest first."""
        news, self._news = self._news, []
        return news

    def announce(self, news: News) -> None:
        """Add a change that was made beside the book: a split, merge or redemption."""
        self._news.append(news)

    # Markets

    def list_market(self, now: int, market: Market) -> None:
        """List a market; its book opens at market.opens."""
        self.markets[market.condition_id] = market
        self.books[market.condition_id] = Book(market.tokens)
        self.tokens |= dict.fromkeys(market.tokens, market)
        self._news.append(MarketOpened(now, market))

    def forget_market(self, condition: str) -> None:
        """Forget a closed market that nobody holds any more or needs."""
        market = self.markets.pop(condition)
        del self.books[condition]
        for token in market.tokens:
            del self.tokens[token]

    def market(self, token: str, now: int) -> Market:
        """Return the open market of a token; raise NoBook."""
        market = self.tokens.get(token)
        if market is None or market.closed is not None or now < market.opens:
            raise NoBook
        return market

    def book(self, market: Market) -> Book:
        """Return a market's book."""
        return self.books[market.condition_id]

    def resolve(self, now: int, condition: str, winner: str) -> None:
        """Close a market: its open orders end and one of its tokens pays 1."""
        market = self.markets[condition]
        if market.closed is not None:
            return
        market.closed, market.winner = now, winner
        for order in [one for one in self.open.values() if one.token in market.tokens]:
            self._end(now, order, OrderStatus.RESOLVED)
        self._news.append(MarketResolved(now, market))

    def refine_tick(self, now: int, market: Market, tick: Tick) -> None:
        """Give a market another tick size; resting orders stay."""
        old, market.tick = market.tick, tick
        self._news.append(TickChanged(now, market, old))

    # Orders

    def place(self, now: int, order: Order) -> Order:
        """Take an order: match what crosses, rest or end the remainder. Raises Refusal; nothing is done then.

        In a market with a taker delay a crossing order is DELAYED and matched by step.
        """
        market = self._admit(now, order)
        book = self.book(market)
        crosses = book.crosses(order)
        if order.post_only and crosses:
            raise WouldCross
        if crosses:
            admission.check_taken(order)
        if crosses and market.delay:
            self._delay(now, order, market.delay)
            return order
        self._execute(now, market, book, order)
        return order

    def _admit(self, now: int, order: Order) -> Market:
        market = self.tokens.get(order.token)
        if market is None or market.closed is not None:
            raise NoBook
        if now < market.opens:
            raise NotReady
        if order.id in self.open or order.id in self.done:
            raise Duplicated
        admission.check_form(now, market, order)
        admission.check_balance(self.ledger, order)
        return market

    def _delay(self, now: int, order: Order, delay: int) -> None:
        order.status = OrderStatus.DELAYED
        self.open[order.id] = order
        admission.hold(self.ledger, order)
        self._delays += 1
        heapq.heappush(self._delayed, (now + delay, self._delays, order))
        self._tell(now, order, "PLACEMENT")

    def _execute(self, now: int, market: Market, book: Book, order: Order) -> None:
        wanted = plan(book, order)
        if order.kind is Kind.FOK and not wanted.full:
            raise NotFilled
        if order.kind is Kind.FAK and not wanted.matches:
            raise NothingToMatch
        fee = sum(market.fees.fee(one.shares, one.price) for one in wanted.matches)
        admission.check_plan(self.ledger, order, wanted, fee)
        order.status = OrderStatus.LIVE
        self._tell(now, order, "PLACEMENT")
        if wanted.matches:
            self._match(now, market, order, wanted, fee)
        self._rest(now, market, book, order)

    def _match(self, now: int, market: Market, order: Order, wanted: Plan, fee: int) -> None:
        fills = tuple(self._fill_maker(now, market, one) for one in wanted.matches)
        trade = self._trade(now, market, order, wanted, fee, fills)
        order.matched += wanted.shares
        order.cash += wanted.cash
        order.trades.append(trade.id)
        order.transactions.append(trade.transaction)
        for one in wanted.matches:
            one.maker.trades.append(trade.id)
        self.settlement.begin(trade)
        self._mark_price(now, market, wanted.matches[-1], order)
        market.volume += wanted.cash
        self._news.append(Traded(now, trade))

    def _trade(
        self, now: int, market: Market, order: Order, wanted: Plan, fee: int, fills: tuple[MakerFill, ...]
    ) -> Trade:
        self.trades += 1
        digest = hashlib.sha256(f"{self._seed} trade {self.trades}".encode()).digest()
        return Trade(
            id=str(uuid.UUID(bytes=digest[:16])),
            number=self.trades,
            condition_id=market.condition_id,
            order_id=order.id,
            key=order.key,
            owner=order.owner,
            token=order.token,
            side=order.side,
            price=wanted.matches[-1].price,
            shares=wanted.shares,
            cash=wanted.cash,
            fee=fee,
            matched=now,
            transaction="0x" + hashlib.sha256(digest).hexdigest(),
            makers=fills,
            updated=now,
        )

    def _fill_maker(self, now: int, market: Market, one: Match) -> MakerFill:
        maker, book = one.maker, self.book(market)
        ladder, _ = book.place(maker)
        maker.matched += one.shares
        maker.cash += one.maker_cash
        ladder.reduce(one.level, maker, one.shares)
        admission.hold(self.ledger, maker)
        self._news.append(LevelChanged(now, market, ladder is book.bids, one.level, ladder.shares(one.level)))
        self._tell(now, maker, "UPDATE")
        if maker.remaining < DUST:
            self._finish(maker, ladder, one.level)
        return MakerFill(
            maker.id, maker.key, maker.owner, maker.token, maker.side, maker.price, one.shares, one.maker_cash
        )

    def _finish(self, maker: Order, ladder: Ladder, level: int) -> None:
        """A resting order ends when less than a hundredth of a share remains."""
        if maker.remaining > 0:
            ladder.remove(level, maker)
        self._close(maker, OrderStatus.MATCHED)

    def _rest(self, now: int, market: Market, book: Book, order: Order) -> None:
        remains = order.remaining >= DUST and order.budget is None
        if not remains:
            self._close(order, OrderStatus.MATCHED)
        elif order.kind.market:
            self._close(order, OrderStatus.MATCHED if order.matched else OrderStatus.CANCELED)
        else:
            self.open[order.id] = order
            admission.hold(self.ledger, order)
            ladder, price = book.place(order)
            ladder.add(price, order)
            self._news.append(LevelChanged(now, market, ladder is book.bids, price, ladder.shares(price)))
        if order.matched:
            self._tell(now, order, "UPDATE")

    def _mark_price(self, now: int, market: Market, last: Match, order: Order) -> None:
        first = order.token == market.tokens[0]
        market.last_price = last.price if first else ONE - last.price
        market.last_side = order.side
        extreme = not FINE_LOW <= market.last_price <= FINE_HIGH
        if extreme and market.tick == TICKS["0.01"]:
            self.refine_tick(now, market, TICKS["0.001"])

    # Ends

    def _tell(self, now: int, order: Order, change: Literal["PLACEMENT", "UPDATE", "CANCELLATION"]) -> None:
        self._news.append(OrderChanged(now, order, change, order.matched, order.status))

    def _close(self, order: Order, status: OrderStatus) -> None:
        order.status = status
        admission.release(self.ledger, order)
        self.open.pop(order.id, None)
        if order.owner in self.guests:
            self.done[order.id] = order
            while len(self.done) > KEPT_ORDERS:
                self.done.popitem(last=False)

    def _end(self, now: int, order: Order, status: OrderStatus) -> None:
        """Take an open order away before it is filled."""
        if order.status is OrderStatus.LIVE:
            market = self.tokens[order.token]
            book = self.book(market)
            ladder, price = book.place(order)
            ladder.remove(price, order)
            self._news.append(LevelChanged(now, market, ladder is book.bids, price, ladder.shares(price)))
        self._close(order, status)
        self._tell(now, order, "CANCELLATION")

    def cancel(self, now: int, owner: str, ids: Iterable[str]) -> tuple[list[str], dict[str, str]]:
        """Cancel an owner's open orders; return (canceled, id to reason for the others)."""
        canceled, kept = [], {}
        for one in ids:
            order = self.open.get(one)
            if order is None or order.owner != owner:
                kept[one] = "order can't be found - already canceled or matched"
            else:
                self._end(now, order, OrderStatus.CANCELED)
                canceled.append(one)
        return canceled, kept

    def orders(self, owner: str) -> list[Order]:
        """Return an owner's open orders, oldest first."""
        return [one for one in self.open.values() if one.owner == owner]

    # Time

    @property
    def next(self) -> int | None:
        """Return when step has something to do next, expirations aside."""
        due = [one for one in (self.settlement.next, self._delayed[0][0] if self._delayed else None) if one]
        return min(due, default=None)

    def step(self, now: int) -> None:
        """Do what is due: delayed matches and settlements."""
        while self._delayed and self._delayed[0][0] <= now:
            at, _, order = heapq.heappop(self._delayed)
            if order.status is OrderStatus.DELAYED:
                self._undelay(at, order)
        while (trade := self.settlement.pop(now)) is not None:
            self._news.append(Settled(trade.updated, trade, trade.status))

    def expire(self, now: int) -> None:
        """End GTD orders: they leave the book a minute before their expiration."""
        margin = now + admission.GTD_MARGIN
        for order in [one for one in self.open.values() if 0 < one.expiration * 1000 <= margin]:
            self._end(now, order, OrderStatus.EXPIRED)

    def _undelay(self, at: int, order: Order) -> None:
        market = self.tokens[order.token]
        admission.release(self.ledger, order)
        del self.open[order.id]
        try:
            if market.closed is not None:
                raise NoBook
            self._execute(at, market, self.book(market), order)
        except (NotFilled, NothingToMatch, NotEnoughBalance, NoBook):
            self._close(order, OrderStatus.UNMATCHED)
            self._tell(at, order, "CANCELLATION")
