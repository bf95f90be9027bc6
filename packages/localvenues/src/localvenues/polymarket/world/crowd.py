"""The crowd: many wallets that take what is quoted, for no good reason."""

from __future__ import annotations

import random
from collections.abc import Callable

from localvenues.polymarket.exchange.model import Market
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.world.desk import Desk, pick
from localvenues.polymarket.world.identity import address

WALLETS = 60
CASH = 5_000_000 * ONE
SELL_SHARE = 0.35


class Crowd:
    """Draws a trade at random times, rate per second on average."""

    def __init__(self, desk: Desk, seed: int, rate: float, markets: Callable[[int], list[Market]]) -> None:
        self._desk, self._rate, self._markets = desk, rate, markets
        self._chance = random.Random(f"{seed} crowd")
        self.wallets = [address(seed, "crowd", index) for index in range(WALLETS)]
        for wallet in self.wallets:
            desk.exchange.ledger.deposit(wallet, CASH)

    def act(self, now: int) -> int | None:
        """Trade once; return when to trade again."""
        markets = self._markets(now)
        if markets:
            self._trade(now, self._chance.choice(self.wallets), pick(self._chance, markets))
        return now + round(self._chance.expovariate(self._rate) * 1000) if self._rate > 0 else None

    def _trade(self, now: int, wallet: str, market: Market) -> None:
        desk, chance = self._desk, self._chance
        account = desk.exchange.ledger.account(wallet)
        token = chance.choice(market.tokens)
        bid, ask = desk.exchange.book(market).best(token)
        held = account.free_shares(token)
        if held > 5 * ONE and bid is not None and chance.random() < SELL_SHARE:
            shares = round(held * chance.uniform(0.3, 1))
            desk.sell(now, wallet, token, desk.snap(market, bid / ONE - 0.02), shares)
        elif ask is not None:
            dollars = round(min(3_000.0, max(1.0, chance.lognormvariate(3.2, 1.2))) * ONE)
            desk.buy(now, wallet, token, desk.snap(market, ask / ONE + 0.02), dollars)
