"""What happened on the chain, as the Data API's indexer sees it: late, in batches, newest first."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from localvenues.polymarket.exchange.model import MakerFill, Market, Side, Trade
from localvenues.polymarket.exchange.news import Converted

BATCH = 4_000
LAG = (2_000, 6_000)
KEPT_ALL = 40_000
KEPT_WATCHED = 200_000
KEPT_OTHERS = 300

Role = Literal["taker", "maker", ""]


@dataclass(frozen=True, slots=True)
class Row:
    """One wallet's part in one transaction. at is the block's time, visible when the Data API has it."""

    number: int
    wallet: str
    at: int
    visible: int
    kind: str
    market: Market
    token: str
    side: Side | None
    shares: int
    cash: int
    transaction: str
    role: Role = ""
    fee: int = 0
    order_id: str = ""
    matched: int = 0

    @property
    def price(self) -> float:
        """Return cash per share, as the API does: a float with all its digits."""
        return self.cash / self.shares if self.shares else 0.0


class History:
    """Rows by wallet and altogether; the oldest are forgotten, those of watched wallets last."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"{seed} history")
        self._rows: deque[Row] = deque(maxlen=KEPT_ALL)
        self._wallets: dict[str, deque[Row]] = {}
        self._count = 0
        self.stalled_until = 0

    def watch(self, wallet: str) -> None:
        """Keep a wallet's rows for long."""
        self._wallets[wallet] = deque(self._wallets.get(wallet, ()), maxlen=KEPT_WATCHED)

    def _visible(self, at: int) -> int:
        ready = max(at + self._chance.randint(*LAG), self.stalled_until)
        return -(-ready // BATCH) * BATCH

    def _add(self, row: Row) -> Row:
        self._rows.append(row)
        rows = self._wallets.get(row.wallet)
        if rows is None:
            rows = self._wallets[row.wallet] = deque(maxlen=KEPT_OTHERS)
        rows.append(row)
        return row

    def _next(self) -> int:
        self._count += 1
        return self._count

    def book_trade(self, trade: Trade, market: Market, at: int) -> list[Row]:
        """Add a trade mined at a time: a row for the taker, then one per resting order; return them."""
        seen = self._visible(at)

        def row(part: Trade | MakerFill, role: Role, fee: int) -> Row:
            who, what = part.owner, (market, part.token, part.side, part.shares, part.cash)
            known = (trade.transaction, role, fee, part.order_id, trade.matched)
            return self._add(Row(self._next(), who, at, seen, "TRADE", *what, *known))

        return [row(trade, "taker", trade.fee), *(row(one, "maker", 0) for one in trade.makers)]

    def book_conversion(self, news: Converted) -> Row:
        """Add a split, merge or redemption."""
        who, what = news.owner, (news.market, "", None, news.cash, news.cash)
        seen = self._visible(news.at)
        return self._add(
            Row(self._next(), who, news.at, seen, news.kind, *what, news.transaction, matched=news.at)
        )

    def truth(self, wallet: str, after: int = 0) -> list[Row]:
        """Return a wallet's rows with numbers above a given one, oldest first, whether visible or not."""
        return [row for row in self._wallets.get(wallet, ()) if row.number > after]

    def seen(self, now: int, wallet: str | None = None) -> Iterator[Row]:
        """Yield what the Data API shows now, newest block first."""
        rows = self._rows if wallet is None else self._wallets.get(wallet, ())
        return (row for row in reversed(rows) if row.visible <= now)

    def newest(self, count: int) -> list[Row]:
        """Return the newest rows, newest first, visible or not."""
        return list(islice(reversed(self._rows), count))
