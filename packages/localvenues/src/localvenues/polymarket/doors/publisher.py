"""From the world's news to frames, each at its time: books at once, last trades a tenth of a second later."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from itertools import count

from localvenues.polymarket.doors.sockets import MarketSocket, RtdsSocket, UserSocket
from localvenues.polymarket.exchange.model import Market, Trade, TradeStatus
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
from localvenues.polymarket.wire import streams
from localvenues.polymarket.world.history import Row
from localvenues.polymarket.world.world import Recorded, World

LAST_TRADE_DELAY = 100


class Publisher:
    """Tells the sockets what happened."""

    def __init__(self, world: World, market: MarketSocket, user: UserSocket, rtds: RtdsSocket) -> None:
        self._world, self._market, self._user, self._rtds = world, market, user, rtds
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()

    def publish(self, news: Iterable[News | Recorded], now: int) -> None:
        """Send what the news make known now, and what was due since."""
        for one in news:
            self._tell(one)
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()

    def _later(self, at: int, send: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at, next(self._order), send))

    def _tell(self, news: News | Recorded) -> None:
        match news:
            case LevelChanged():
                self._level(news)
            case OrderChanged():
                self._order_changed(news)
            case Traded():
                self._last_trade(news.trade)
                self._trade(news.trade, TradeStatus.MATCHED, news.at)
            case Settled():
                self._trade(news.trade, news.status, news.at)
            case Recorded():
                self._rows(news.rows)
            case TickChanged():
                self._tick(news)
            case MarketOpened():
                self._to_custom(streams.new_market(news.market, news.at))
            case MarketResolved():
                self._to_custom(streams.market_resolved(news.market, news.at), news.market)

    def _level(self, news: LevelChanged) -> None:
        lines = self._market.wanted(news.market.tokens)
        if not lines:
            return
        book = self._world.exchange.book(news.market)
        shape = streams.price_change(news, book)
        for line in lines:
            line.tell(shape)
            for token in news.market.tokens if line.custom else ():
                if token in line.topics:
                    line.tell(streams.best_bid_ask(news.market, book, token, news.at))

    def _order_changed(self, news: OrderChanged) -> None:
        owner = news.order.owner
        if owner in self._world.exchange.guests and owner in self._user.owners():
            market = self._world.exchange.tokens[news.order.token]
            self._user.tell(owner, market.condition_id, streams.user_order(news, market))

    def _last_trade(self, trade: Trade) -> None:
        def send() -> None:
            shape = streams.last_trade(trade)
            for line in self._market.wanted([trade.token]):
                line.tell(shape)

        self._later(trade.matched + LAST_TRADE_DELAY, send)

    def _trade(self, trade: Trade, status: TradeStatus, at: int) -> None:
        listeners = self._user.owners() & self._world.exchange.guests
        for owner in {trade.owner, *(one.owner for one in trade.makers)} & listeners:
            market = self._world.exchange.markets[trade.condition_id]
            shape = streams.user_trade(trade, market, owner, status, at)
            self._user.tell(owner, market.condition_id, shape)

    def _rows(self, rows: Iterable[Row]) -> None:
        """Tell RTDS of a mined trade: orders_matched has the taker's row, trades has all."""
        if not self._rtds.board.lines:
            return
        for row in rows:
            if row.role == "taker":
                self._rtds.tell("orders_matched", streams.activity(row, "orders_matched", row.at))
            self._rtds.tell("trades", streams.activity(row, "trades", row.at))

    def _tick(self, news: TickChanged) -> None:
        for line in self._market.wanted(news.market.tokens):
            for token in news.market.tokens:
                if token in line.topics:
                    line.tell(streams.tick_change(news.market, token, news.old, news.at))
        self._market.reset(news.market.tokens)

    def _to_custom(self, shape: object, market: Market | None = None) -> None:
        """All custom lines hear of new markets; of resolutions those that follow the market."""
        for line in self._market.board.lines:
            if line.custom and (market is None or line.topics & set(market.tokens)):
                line.tell(shape)
