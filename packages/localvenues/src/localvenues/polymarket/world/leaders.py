"""Leaders: wallets worth copying or not, each with a way of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from localvenues.polymarket.exchange.model import Kind, Market, Order, Side
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.world.desk import Desk, pick
from localvenues.polymarket.world.identity import address

CASH = 1_000_000 * ONE
MANNERS = ("holder", "scalper", "sweeper", "twin", "maker", "pairs")


@dataclass(slots=True)
class Leader:
    """A leader: pace is its mean pause in milliseconds, skill draws it to the better side."""

    wallet: str
    manner: str
    pace: float
    size: float
    skill: float
    chance: random.Random
    quotes: list[Order] = field(default_factory=list)


class Leaders:
    """All leaders; each acts by itself."""

    def __init__(
        self,
        desk: Desk,
        seed: int,
        count: int,
        rate: float,
        markets: Callable[[int], list[Market]],
        fair: Callable[[Market, int], float],
    ) -> None:
        self._desk, self._markets, self._fair = desk, markets, fair
        self.trading = True  # false: they watch, redeem what resolves, and come back later
        pace = count / rate * 1000 if rate > 0 else 0.0
        self.all = [self._make(seed, index, pace) for index in range(count)]

    def _make(self, seed: int, index: int, pace: float) -> Leader:
        chance = random.Random(f"{seed} leader {index}")
        wallet = address(seed, "leader", index)
        self._desk.exchange.ledger.deposit(wallet, CASH)
        manner = MANNERS[index % len(MANNERS)]
        return Leader(
            wallet, manner, pace, chance.lognormvariate(4.5, 0.8), chance.uniform(-0.1, 0.6), chance
        )

    def act(self, leader: Leader, now: int) -> int | None:
        """Do what the leader's manner says; return when it acts again."""
        markets = self._markets(now)
        if markets and self.trading:
            getattr(self, f"_{leader.manner}")(leader, now, pick(leader.chance, markets))
        return now + round(leader.chance.expovariate(1 / leader.pace)) + 1 if leader.pace else None

    def settle(self, leader: Leader, market: Market, now: int) -> None:
        """Redeem what is left in a resolved market."""
        account = self._desk.exchange.ledger.account(leader.wallet)
        if any(account.free_shares(token) for token in market.tokens):
            self._desk.convert(now, leader.wallet, market, "REDEEM")

    def _choose(self, leader: Leader, market: Market, now: int) -> str:
        """The better token with a chance that skill raises."""
        bid, ask = self._desk.exchange.book(market).best(market.tokens[0])
        middle = ((bid or 0) + (ask or ONE)) / 2 / ONE
        better = market.tokens[0] if self._fair(market, now) >= middle else market.tokens[1]
        return better if leader.chance.random() < 0.5 + leader.skill / 2 else market.other(better)

    def _dollars(self, leader: Leader) -> int:
        return max(100, round(leader.size * leader.chance.uniform(0.3, 2.0) * 100)) * (ONE // 100)

    def _take(self, leader: Leader, now: int, market: Market, dollars: int, slip: float = 0.03) -> None:
        token = self._choose(leader, market, now)
        _, ask = self._desk.exchange.book(market).best(token)
        if ask is not None:
            limit = self._desk.snap(market, ask / ONE + slip)
            self._desk.buy(now, leader.wallet, token, limit, dollars)

    def _leave(self, leader: Leader, now: int, market: Market, share: float) -> bool:
        account = self._desk.exchange.ledger.account(leader.wallet)
        for token in market.tokens:
            held = account.free_shares(token)
            bid, _ = self._desk.exchange.book(market).best(token)
            if held > ONE and bid is not None:
                limit = self._desk.snap(market, bid / ONE - 0.03)
                return self._desk.sell(now, leader.wallet, token, limit, round(held * share)) is not None
        return False

    def _holder(self, leader: Leader, now: int, market: Market) -> None:
        self._take(leader, now, market, self._dollars(leader))

    def _scalper(self, leader: Leader, now: int, market: Market) -> None:
        if not self._leave(leader, now, market, leader.chance.uniform(0.5, 1.0)):
            self._take(leader, now, market, self._dollars(leader))

    def _sweeper(self, leader: Leader, now: int, market: Market) -> None:
        self._take(leader, now, market, 8 * self._dollars(leader), slip=0.05)

    def _twin(self, leader: Leader, now: int, market: Market) -> None:
        """Two equal trades within a second."""
        dollars = self._dollars(leader)
        self._take(leader, now, market, dollars)
        self._take(leader, now, market, dollars)

    def _maker(self, leader: Leader, now: int, market: Market) -> None:
        """Rest equal orders at the best price, so that one transaction fills several of them."""
        exchange = self._desk.exchange
        exchange.cancel(now, leader.wallet, [one.id for one in leader.quotes if one.id in exchange.open])
        token = self._choose(leader, market, now)
        bid, ask = exchange.book(market).best(token)
        tick = market.tick.size
        price = min((bid or tick) + tick, (ask or ONE) - tick)
        shares = leader.chance.randint(6, 20) * ONE
        rests = [self._desk.rest(now, leader.wallet, token, Side.BUY, price, shares) for _ in range(3)]
        leader.quotes = [one for one in rests if one is not None]
        if leader.chance.random() < 0.4:
            self._leave(leader, now, market, 0.5)

    def _pairs(self, leader: Leader, now: int, market: Market) -> None:
        """Split a pair and sell a leg, or buy with FOK; merge what pairs there are at times."""
        account = self._desk.exchange.ledger.account(leader.wallet)
        pairs = min(account.free_shares(token) for token in market.tokens)
        if pairs > 50 * ONE:
            self._desk.convert(now, leader.wallet, market, "MERGE", pairs)
        elif leader.chance.random() < 0.5:
            shares = leader.chance.randint(20, 80) * ONE
            self._desk.convert(now, leader.wallet, market, "SPLIT", shares)
            self._leave(leader, now, market, 1.0)
        else:
            token = self._choose(leader, market, now)
            _, ask = self._desk.exchange.book(market).best(token)
            if ask is not None:
                limit = self._desk.snap(market, ask / ONE + 0.02)
                self._desk.buy(now, leader.wallet, token, limit, self._dollars(leader), Kind.FOK)
