"""How the venue's own traders trade: orders without wire and signature, refusals without noise."""

from __future__ import annotations

import random
from typing import Literal

from localvenues.polymarket.exchange import conversions
from localvenues.polymarket.exchange.exchange import Exchange
from localvenues.polymarket.exchange.model import Kind, Market, Order, Side
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.exchange.news import Converted
from localvenues.polymarket.exchange.refusals import Refusal
from localvenues.polymarket.world.identity import digest

Conversion = Literal["SPLIT", "MERGE", "REDEEM"]
CENT_SHARE = ONE // 100


class Desk:
    """Places orders for accounts of the venue; counts what was refused."""

    def __init__(self, exchange: Exchange, seed: int) -> None:
        self.exchange, self._seed = exchange, seed
        self._orders = 0
        self.refused = 0

    def snap(self, market: Market, price: float) -> int:
        """Return the nearest price on a market's grid."""
        tick = market.tick.size
        return min(ONE - tick, max(tick, round(price * ONE / tick) * tick))

    def _send(self, now: int, order: Order) -> Order | None:
        try:
            return self.exchange.place(now, order)
        except Refusal:
            self.refused += 1
            return None

    def _name(self) -> str:
        self._orders += 1
        return "0x" + digest(self._seed, "order", self._orders)

    def rest(self, now: int, owner: str, token: str, side: Side, price: int, shares: int) -> Order | None:
        """Place a limit order, whole hundredths of a share."""
        shares -= shares % CENT_SHARE
        return self._send(now, Order(self._name(), owner, token, side, price, shares, Kind.GTC, now))

    def buy(
        self, now: int, owner: str, token: str, limit: int, dollars: int, kind: Kind = Kind.FAK
    ) -> Order | None:
        """Spend dollars (whole cents) up to a limit price."""
        dollars -= dollars % (ONE // 100)
        shares = dollars * ONE // limit
        return self._send(now, Order(self._name(), owner, token, Side.BUY, limit, shares, kind, now, dollars))

    def sell(self, now: int, owner: str, token: str, limit: int, shares: int) -> Order | None:
        """Sell shares down to a limit price."""
        shares -= shares % CENT_SHARE
        if shares <= 0:
            return None
        return self._send(now, Order(self._name(), owner, token, Side.SELL, limit, shares, Kind.FAK, now))

    def convert(
        self, now: int, owner: str, market: Market, kind: Conversion, shares: int = 0
    ) -> Converted | None:
        """Split, merge or redeem at once."""
        transaction = self._name()
        try:
            if kind == "REDEEM":
                news = conversions.redeem(self.exchange, now, owner, market, transaction)
            else:
                change = conversions.split if kind == "SPLIT" else conversions.merge
                news = change(self.exchange, now, owner, market, shares, transaction)
        except Refusal:
            self.refused += 1
            return None
        self.exchange.announce(news)
        return news


def pick(chance: random.Random, markets: list[Market]) -> Market:
    """Choose a market; the short ones are traded more."""
    weights = [4.0 if one.end - one.created < 3_600_000 else 1.0 for one in markets]
    return chance.choices(markets, weights)[0]
