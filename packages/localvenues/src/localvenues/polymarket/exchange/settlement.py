"""From a match to the chain: when a trade is mined and confirmed, or that it never is."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from localvenues.polymarket.exchange.ledger import Ledger
from localvenues.polymarket.exchange.model import MakerFill, Side, Trade, TradeStatus

BLOCK_DELAY = 2_000
CONFIRM_DELAY = 6_000


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a trade: milliseconds after the match of each status, the last one final."""

    steps: tuple[tuple[int, TradeStatus], ...]


WELL = Fate(((BLOCK_DELAY, TradeStatus.MINED), (CONFIRM_DELAY, TradeStatus.CONFIRMED)))
GHOST = Fate(((BLOCK_DELAY, TradeStatus.RETRYING), (12_000, TradeStatus.FAILED)))
LATE = Fate(
    ((BLOCK_DELAY, TradeStatus.RETRYING), (30_000, TradeStatus.MINED), (36_000, TradeStatus.CONFIRMED))
)


def well(_: Trade) -> Fate:
    """Settle every trade as it should be."""
    return WELL


class Settlement:
    """Trades on their way to the chain; money moves when a trade is mined."""

    def __init__(self, ledger: Ledger, fate: Callable[[Trade], Fate] = well) -> None:
        self._ledger = ledger
        self.fate = fate
        self._due: list[tuple[int, int, Trade, TradeStatus]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._due)

    @property
    def next(self) -> int | None:
        """Return when the next status is due."""
        return self._due[0][0] if self._due else None

    def begin(self, trade: Trade) -> None:
        """Bind what the taker pays (the makers' orders bind theirs) and plan the trade's way."""
        account = self._ledger.account(trade.owner)
        if trade.side is Side.BUY:
            account.bind(cash=trade.cash + trade.fee)
        else:
            account.bind(token=trade.token, shares=trade.shares)
        for maker in trade.makers:
            self._bind(maker, 1)
        for after, status in self.fate(trade).steps:
            self._count += 1
            heapq.heappush(self._due, (trade.matched + after, self._count, trade, status))

    def _bind(self, maker: MakerFill, sign: int) -> None:
        account = self._ledger.account(maker.owner)
        if maker.side is Side.BUY:
            account.bind(cash=sign * maker.cash)
        else:
            account.bind(token=maker.token, shares=sign * maker.shares)

    def pop(self, now: int) -> Trade | None:
        """Advance the next trade whose status is due and return it, or None."""
        if not self._due or self._due[0][0] > now:
            return None
        at, _, trade, status = heapq.heappop(self._due)
        trade.status, trade.updated = status, at
        if status is TradeStatus.MINED:
            self._mine(trade, at)
        elif status is TradeStatus.FAILED:
            self._undo(trade)
        return trade

    def _mine(self, trade: Trade, at: int) -> None:
        """Move the money: transfers between holders, mints where all buy, burns where all sell."""
        ledger = self._ledger
        for maker in trade.makers:
            if maker.side is trade.side:
                mint = ledger.mint if trade.side is Side.BUY else ledger.burn
                mint(trade.condition_id, maker.shares)
            move = ledger.buy if maker.side is Side.BUY else ledger.sell
            move(maker.owner, maker.token, maker.shares, maker.cash, at)
        move = ledger.buy if trade.side is Side.BUY else ledger.sell
        move(trade.owner, trade.token, trade.shares, trade.cash, at, trade.fee)

    def _undo(self, trade: Trade) -> None:
        account = self._ledger.account(trade.owner)
        if trade.side is Side.BUY:
            account.bind(cash=-(trade.cash + trade.fee))
        else:
            account.bind(token=trade.token, shares=-trade.shares)
        for maker in trade.makers:
            self._bind(maker, -1)
