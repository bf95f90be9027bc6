"""What is traded and what happens to it. Prices, shares and cash are micro-units; times are milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from localvenues.polymarket.exchange.fees import FREE, FeeSchedule
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.exchange.ticks import TICKS, Tick


class Side(StrEnum):
    """The side of an order or a fill."""

    BUY = "BUY"
    SELL = "SELL"


class Kind(StrEnum):
    """An order's type."""

    GTC = "GTC"
    GTD = "GTD"
    FOK = "FOK"
    FAK = "FAK"

    @property
    def market(self) -> bool:
        """Say whether the order never rests."""
        return self in (Kind.FOK, Kind.FAK)


class OrderStatus(StrEnum):
    """Where an order stands."""

    LIVE = "LIVE"
    MATCHED = "MATCHED"
    DELAYED = "DELAYED"
    CANCELED = "CANCELED"
    RESOLVED = "CANCELED_MARKET_RESOLVED"
    EXPIRED = "CANCELED_EXPIRED_ORDER"
    UNMATCHED = "UNMATCHED"
    BROKE = "CANCELED_NOT_ENOUGH_BALANCE"


class TradeStatus(StrEnum):
    """Where a trade's settlement stands; CONFIRMED and FAILED are final."""

    MATCHED = "MATCHED"
    MINED = "MINED"
    CONFIRMED = "CONFIRMED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Event:
    """A question with one or more markets; in a neg-risk event one of them comes true."""

    id: int
    slug: str
    title: str
    tag: str
    icon: str = ""
    neg_risk: bool = False


@dataclass(slots=True)
class Market:
    """A market of two tokens. opens is when its book hydrates; delay is what takers wait."""

    id: int
    condition_id: str
    question: str
    slug: str
    tokens: tuple[str, str]
    event: Event
    created: int
    opens: int
    end: int
    outcomes: tuple[str, str] = ("Yes", "No")
    tick: Tick = TICKS["0.01"]
    min_size: int = 5 * ONE
    fees: FeeSchedule = FREE
    fee_type: str | None = None
    delay: int = 0
    winner: str | None = None
    closed: int | None = None
    last_price: int | None = None
    last_side: Side | None = None
    volume: int = 0

    @property
    def neg_risk(self) -> bool:
        """Say which exchange its orders are signed for."""
        return self.event.neg_risk

    def other(self, token: str) -> str:
        """Return the market's other token."""
        return self.tokens[1] if token == self.tokens[0] else self.tokens[0]

    def index(self, token: str) -> int:
        """Return 0 or 1."""
        return self.tokens.index(token)

    def outcome(self, token: str) -> str:
        """Return the outcome's name."""
        return self.outcomes[self.index(token)]


@dataclass(slots=True)
class Order:
    """An order in the engine. shares is what it asks for; budget is the dollars of a market BUY."""

    id: str
    owner: str
    token: str
    side: Side
    price: int
    shares: int
    kind: Kind
    created: int
    budget: int | None = None
    expiration: int = 0
    post_only: bool = False
    key: str = ""
    status: OrderStatus = OrderStatus.LIVE
    matched: int = 0
    cash: int = 0
    hold: int = 0
    trades: list[str] = field(default_factory=list)
    transactions: list[str] = field(default_factory=list)

    @property
    def remaining(self) -> int:
        """Return the shares that are not matched yet."""
        return self.shares - self.matched


@dataclass(frozen=True, slots=True)
class MakerFill:
    """A resting order's part in a trade; cash is what it pays or gets."""

    order_id: str
    key: str
    owner: str
    token: str
    side: Side
    price: int
    shares: int
    cash: int


@dataclass(slots=True)
class Trade:
    """A taker's match with one or more resting orders: one transaction on the chain."""

    id: str
    number: int
    condition_id: str
    order_id: str
    key: str
    owner: str
    token: str
    side: Side
    price: int
    shares: int
    cash: int
    fee: int
    matched: int
    transaction: str
    makers: tuple[MakerFill, ...]
    status: TradeStatus = TradeStatus.MATCHED
    updated: int = 0
