"""Market makers: a ladder around the fair value, on both tokens, so that pairs are minted and merged."""

from __future__ import annotations

import random
from collections.abc import Callable

from localvenues.polymarket.exchange.model import Market, Order, Side
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.world.desk import Desk

LEVELS = 4
INVENTORY = 20_000 * ONE
CASH = 2_000_000 * ONE
PAUSE_SHORT, PAUSE_LONG = (1_500, 4_000), (5_000, 15_000)


class Maker:
    """One market's maker."""

    def __init__(
        self, desk: Desk, owner: str, market: Market, fair: Callable[[int], float], chance: random.Random
    ) -> None:
        self._desk, self._owner, self._market, self._fair = desk, owner, market, fair
        self._chance = chance
        self._orders: list[Order] = []
        self._quoted = -1.0

    def start(self, now: int) -> int:
        """Fetch an inventory of both tokens; return when to quote first."""
        self._desk.exchange.ledger.deposit(self._owner, CASH)
        self._desk.convert(now, self._owner, self._market, "SPLIT", INVENTORY)
        return max(now, self._market.opens) + 1

    def act(self, now: int) -> int | None:
        """Quote anew if the value moved or the ladder is eaten; stop when the market is closed."""
        market = self._market
        if market.closed is not None:
            return None
        value = self._fair(now)
        moved = abs(value - self._quoted) * ONE >= market.tick.size
        if moved or sum(one.id in self._desk.exchange.open for one in self._orders) < 2 * LEVELS:
            self._quote(now, value)
        pause = PAUSE_SHORT if market.end - market.created < 3_600_000 else PAUSE_LONG
        return now + self._chance.randint(*pause)

    def _quote(self, now: int, value: float) -> None:
        exchange = self._desk.exchange
        exchange.cancel(now, self._owner, [one.id for one in self._orders if one.id in exchange.open])
        self._quoted, self._orders = value, []
        gap = max(0.006, self._market.tick.size / ONE / 2)
        for step in range(LEVELS):
            away = gap + step * max(0.01, self._market.tick.size / ONE)
            self._rest(now, Side.BUY, value - away)
            self._rest(now, Side.SELL, value + away)

    def _rest(self, now: int, side: Side, price: float) -> None:
        """Quote the first token, or the same thing said of the second one."""
        market, tick = self._market, self._market.tick.size
        if not tick / ONE / 2 < price < 1 - tick / ONE / 2:
            return
        at, shares = self._desk.snap(market, price), self._chance.randint(100, 1500) * ONE
        token = market.tokens[0]
        if self._chance.random() < 0.5:
            token, at, side = market.tokens[1], ONE - at, Side.SELL if side is Side.BUY else Side.BUY
        held = self._desk.exchange.ledger.account(self._owner).free_shares(token)
        if side is Side.SELL and held < shares:
            token, at, side = market.other(token), ONE - at, Side.BUY
        order = self._desk.rest(now, self._owner, token, side, at, shares)
        if order is not None:
            self._orders.append(order)
