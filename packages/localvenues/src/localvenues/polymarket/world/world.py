"""The world: markets open, traders trade, markets resolve. `step(now)` does all that is due, in order."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from localvenues.polymarket.exchange.exchange import Exchange
from localvenues.polymarket.exchange.model import Market, Trade, TradeStatus
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.exchange.news import Converted, News, Settled, Traded
from localvenues.polymarket.exchange.settlement import BLOCK_DELAY, CONFIRM_DELAY
from localvenues.polymarket.world.agenda import Agenda
from localvenues.polymarket.world.catalog import HOUR, SERIES, Catalog, Series
from localvenues.polymarket.world.crowd import Crowd
from localvenues.polymarket.world.desk import Conversion, Desk
from localvenues.polymarket.world.fair import FairValue
from localvenues.polymarket.world.history import History, Row
from localvenues.polymarket.world.identity import address, digest
from localvenues.polymarket.world.leaders import Leader, Leaders
from localvenues.polymarket.world.makers import Maker

RESOLVE_AFTER = 8_000
REDEEM_AFTER = (5_000, 60_000)
FORGET_AFTER = 6 * HOUR
EXPIRY_PERIOD = 1_000
TRAIL_PERIOD = 60_000
KEPT_TRADES = 20_000
KEPT_PRICES = 1_440


@dataclass(frozen=True, slots=True)
class Population:
    """Who trades: leaders, and trades per second of the crowd and of all leaders together."""

    leaders: int = 30
    crowd_rate: float = 3.0
    leader_rate: float = 0.5


LIVELY = Population()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A trade was mined: the taker's row, then one per resting order."""

    at: int
    rows: tuple[Row, ...]


@dataclass(slots=True)
class Submission:
    """A conversion on its way to the chain; confirmed some seconds after it was mined."""

    id: str
    owner: str
    state: str = "STATE_NEW"
    transaction: str = ""
    at: int = 0

    def state_at(self, now: int) -> str:
        """Return the state as the relayer tells it."""
        confirmed = self.state == "STATE_MINED" and now >= self.at + CONFIRM_DELAY
        return "STATE_CONFIRMED" if confirmed else self.state


class World:
    """A venue's whole inside. The same seed and the same guests' orders give the same world."""

    def __init__(self, seed: int, now: int, population: Population = LIVELY) -> None:
        self.seed, self.now = seed, now
        self.exchange = Exchange(seed)
        self.history = History(seed)
        self.agenda = Agenda()
        self.desk = Desk(self.exchange, seed)
        self._catalog = Catalog(seed)
        self._fair: dict[str, FairValue] = {}
        self.trades: dict[str, deque[Trade]] = {}
        self.submissions: dict[str, Submission] = {}
        self._submitted = 0
        self.trails: dict[str, deque[tuple[int, int]]] = {}
        self.crowd = Crowd(self.desk, seed, population.crowd_rate, self.open_markets)
        self.leaders = Leaders(
            self.desk, seed, population.leaders, population.leader_rate, self.open_markets, self.fair
        )
        self._start(now, population)

    def _start(self, now: int, population: Population) -> None:
        for series in SERIES:
            self._open(series, True, now)
        if population.crowd_rate > 0:
            self.agenda.add(now + 1, self.crowd.act)
        for leader in self.leaders.all:
            self.history.watch(leader.wallet)
            if leader.pace:
                start = now + 1 + round(leader.chance.expovariate(1 / leader.pace))
                self.agenda.add(start, partial(self.leaders.act, leader))
        self.agenda.add(now + EXPIRY_PERIOD, self._expire)
        self.agenda.add(now + TRAIL_PERIOD, self._trail)

    # Markets

    def open_markets(self, now: int) -> list[Market]:
        """Return the markets that take orders."""
        return [
            one for one in self.exchange.markets.values() if one.closed is None and one.opens <= now < one.end
        ]

    def fair(self, market: Market, now: int) -> float:
        """Return what the first token is worth; in a neg-risk event the values add up to one."""
        value = self._fair[market.condition_id].at(now)
        if not market.neg_risk:
            return value
        total = sum(
            self._fair[one.condition_id].at(now)
            for one in self.exchange.markets.values()
            if one.event is market.event
        )
        return min(0.998, max(0.002, value / total))

    def _open(self, series: Series, first: bool, now: int) -> None:
        markets = self._catalog.draw(series, now, first)
        for place, market in enumerate(markets):
            key = market.condition_id
            self.exchange.list_market(now, market)
            self._fair[key] = FairValue(random.Random(f"{self.seed} {key}"), now, market.end)
            owner = address(self.seed, "maker", series.name, place)
            chance = random.Random(f"{self.seed} maker {key}")
            maker = Maker(self.desk, owner, market, self._fair_of(market), chance)
            self.agenda.add(maker.start(now), maker.act)
        self.agenda.add(markets[0].end + RESOLVE_AFTER, partial(self._resolve_event, series, markets))

    def _fair_of(self, market: Market) -> Callable[[int], float]:
        return partial(self.fair, market)

    def _resolve_event(self, series: Series, markets: list[Market], now: int) -> None:
        latent = {one.condition_id: self._latent(one, now) for one in markets}
        best = max(latent, key=lambda key: latent[key])
        for market in markets:
            won = market.condition_id == best if market.neg_risk else latent[market.condition_id] > 0
            self.resolve(now, market, market.tokens[0] if won else market.tokens[1])
        self._open(series, False, now)

    def _latent(self, market: Market, now: int) -> float:
        walk = self._fair[market.condition_id]
        walk.at(now)
        return walk.latent

    def resolve(self, now: int, market: Market, winner: str) -> None:
        """Resolve a market; leaders redeem later, and the market is forgotten after hours."""
        if market.closed is not None:
            return
        self.exchange.resolve(now, market.condition_id, winner)
        for leader in self.leaders.all:
            pause = leader.chance.randint(*REDEEM_AFTER)
            self.agenda.add(now + pause, partial(self._redeem, leader, market))
        self.agenda.add(now + FORGET_AFTER, partial(self._forget, market))

    def _redeem(self, leader: Leader, market: Market, now: int) -> None:
        self.leaders.settle(leader, market, now)

    def _forget(self, market: Market, now: int) -> int | None:
        """Forget a market that no guest holds; the others' worthless shares go with it."""
        accounts = self.exchange.ledger.accounts
        if any(accounts[guest].shares(token) for guest in self.exchange.guests for token in market.tokens):
            return now + HOUR
        for account in accounts.values():
            for token in market.tokens:
                account.positions.pop(token, None)
        self.exchange.forget_market(market.condition_id)
        del self._fair[market.condition_id]
        self.trails.pop(market.condition_id, None)
        return None

    # Guests

    def fund(self, address: str, amount: int) -> None:
        """Give a guest cash; from then on it may trade and its history is kept."""
        if address not in self.exchange.guests:
            self.exchange.guests.add(address)
            self.trades[address] = deque(maxlen=KEPT_TRADES)
        self.exchange.ledger.deposit(address, amount)
        self.history.watch(address)

    # Time

    def _expire(self, now: int) -> int:
        self.exchange.expire(now)
        return now + EXPIRY_PERIOD

    def _trail(self, now: int) -> int:
        """Keep each market's price once a minute, for the history of prices."""
        for key, market in self.exchange.markets.items():
            if market.last_price is not None and market.closed is None:
                trail = self.trails.setdefault(key, deque(maxlen=KEPT_PRICES))
                trail.append((now, market.last_price))
        return now + TRAIL_PERIOD

    def step(self, now: int) -> list[News | Recorded]:
        """Do all that is due until a time, in order; return the news since the last step."""
        while True:
            due = [one for one in (self.agenda.next, self.exchange.next) if one is not None]
            at = min(due, default=now + 1)
            if at > now:
                break
            self.now = max(self.now, at)
            self.exchange.step(self.now)
            if self.agenda.next is not None and self.agenda.next <= self.now:
                self.agenda.pop()
        self.now = max(self.now, now)
        happened: list[News | Recorded] = []
        for news in self.exchange.take_news():
            recorded = self._record(news)
            happened += [news] if recorded is None else [news, recorded]
        return happened

    def convert_later(self, address: str, market: Market, kind: Conversion, shares: int) -> Submission:
        """Submit a split, merge or redemption to the chain; it is mined two seconds later, or fails."""
        self._submitted += 1
        made = Submission(digest(self.seed, "submission", self._submitted), address)
        self.submissions[made.id] = made
        while len(self.submissions) > KEPT_TRADES:
            self.submissions.pop(next(iter(self.submissions)))

        def mine(now: int) -> None:
            news = self.desk.convert(now, address, market, kind, shares)
            made.state, made.at = ("STATE_MINED" if news else "STATE_FAILED"), now
            made.transaction = news.transaction if news else ""

        self.agenda.add(self.now + BLOCK_DELAY, mine)
        return made

    def _record(self, news: News) -> Recorded | None:
        """Keep what the history and the guests' trades need; return the rows of a mined trade."""
        if isinstance(news, Settled) and news.status is TradeStatus.MINED:
            market = self.exchange.markets[news.trade.condition_id]
            return Recorded(news.at, tuple(self.history.book_trade(news.trade, market, news.at)))
        if isinstance(news, Converted):
            self.history.book_conversion(news)
        elif isinstance(news, Traded):
            parties = {news.trade.owner, *(one.owner for one in news.trade.makers)}
            for guest in parties & self.exchange.guests:
                self.trades[guest].append(news.trade)
        return None

    def status(self) -> dict[str, int]:
        """Return counts for the control door."""
        exchange = self.exchange
        return {
            "markets": len(exchange.markets),
            "open_orders": len(exchange.open),
            "trades": exchange.trades,
            "unsettled": len(exchange.settlement),
            "volume": sum(one.volume for one in exchange.markets.values()) // ONE,
            "accounts": len(exchange.ledger.accounts),
        }
