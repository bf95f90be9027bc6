"""What the exchange tells: each change is one value, in the order of its happening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from localvenues.polymarket.exchange.model import Market, Order, OrderStatus, Trade, TradeStatus
from localvenues.polymarket.exchange.ticks import Tick


@dataclass(frozen=True, slots=True)
class LevelChanged:
    """The open shares at a price changed; price and bid are the first token's; shares 0 removes the level."""

    at: int
    market: Market
    bid: bool
    price: int
    shares: int


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order was placed, matched or taken away; status and matched are those of that moment."""

    at: int
    order: Order
    change: Literal["PLACEMENT", "UPDATE", "CANCELLATION"]
    matched: int
    status: OrderStatus


@dataclass(frozen=True, slots=True)
class Traded:
    """A trade was matched."""

    at: int
    trade: Trade


@dataclass(frozen=True, slots=True)
class Settled:
    """A trade's settlement reached another status; the trade itself may be further by now."""

    at: int
    trade: Trade
    status: TradeStatus


@dataclass(frozen=True, slots=True)
class TickChanged:
    """A market's tick became finer."""

    at: int
    market: Market
    old: Tick


@dataclass(frozen=True, slots=True)
class MarketOpened:
    """A market was listed; its book hydrates later."""

    at: int
    market: Market


@dataclass(frozen=True, slots=True)
class MarketResolved:
    """A market resolved; market.winner pays 1."""

    at: int
    market: Market


@dataclass(frozen=True, slots=True)
class Converted:
    """A split, merge or redemption was mined. cash is what was paid or received."""

    at: int
    owner: str
    market: Market
    kind: Literal["SPLIT", "MERGE", "REDEEM"]
    cash: int
    transaction: str


News = (
    LevelChanged | OrderChanged | Traded | Settled | TickChanged | MarketOpened | MarketResolved | Converted
)
