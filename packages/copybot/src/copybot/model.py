"""The values that flow between the bot's rooms.

Money, shares and prices are integers of one millionth: 1_000_000 is one dollar, one share, or a price of 1.
Times are Unix seconds. Tokens and conditions are the venue's own texts; addresses are lower-case hexadecimal.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal

import msgspec

MICRO = 1_000_000
MOST = 10**12  # dollars or shares; rows of amounts and their sums hold 63 bits
Side = Literal["BUY", "SELL"]
OrderType = Literal["FAK", "FOK", "GTC", "GTD"]


class AmountError(ValueError):
    """A text or number is no amount."""


def micro(value: Decimal | str | int | float) -> int:
    """Return an amount in millionths, rounded half to even; raise AmountError for what is none."""
    try:
        number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        if abs(number) < MOST:
            return int((number * MICRO).to_integral_value(ROUND_HALF_EVEN))
    except (InvalidOperation, ValueError, OverflowError, TypeError):
        pass
    raise AmountError(f"no amount: {str(value)[:40]!r}")


def dollars(amount: int) -> Decimal:
    """Return millionths as a Decimal of dollars, shares or price."""
    return Decimal(amount) / MICRO


def times(shares: int, price: int) -> int:
    """Return what shares are worth at a price, rounded half to even; all in millionths."""
    quotient, rest = divmod(shares * price, MICRO)
    return quotient + (rest * 2 > MICRO or (rest * 2 == MICRO and quotient % 2 == 1))


class Fill(msgspec.Struct, frozen=True, gc=False):
    """One fill of a followed wallet. occurrence counts equal fills within one transaction, from 0."""

    leader: str
    tx: str
    token: str
    condition: str
    side: Side
    price: int
    size: int
    timestamp: int
    occurrence: int = 0

    @property
    def base_key(self) -> str:
        """Name the fill up to its occurrence; the same on every feed that shows it."""
        return f"{self.tx}:{self.leader}:{self.token}:{self.side}:{self.price}:{self.size}"

    @property
    def key(self) -> str:
        """Name the fill: a transaction alone does not, it may hold several of one wallet."""
        return f"{self.base_key}#{self.occurrence}"

    @property
    def value(self) -> int:
        """Return the fill's worth in millionths of a dollar."""
        return times(self.size, self.price)


class Fee(msgspec.Struct, frozen=True, gc=False):
    """A market's taker fee: shares x rate x (p(1-p))^exponent."""

    rate: Decimal = Decimal(0)
    exponent: Decimal = Decimal(1)

    def of(self, shares: int, price: int) -> int:
        """Return the fee of a taker's fill in millionths; the venue rounds it to 5 decimals."""
        if not self.rate or not shares:
            return 0
        spread = dollars(price) * (1 - dollars(price))
        fee = dollars(shares) * self.rate * spread**self.exponent
        return micro(fee.quantize(Decimal("0.00001"), ROUND_HALF_UP))


class Market(msgspec.Struct, frozen=True, gc=False):
    """One market of two outcomes. prices are those that Gamma tells; 1 and 0 once it is resolved."""

    condition: str
    question: str
    slug: str
    tokens: tuple[str, ...]
    outcomes: tuple[str, ...]
    prices: tuple[int, ...]
    tick: int
    min_size: int
    neg_risk: bool
    active: bool
    closed: bool
    accepting: bool
    end: float | None
    liquidity: int
    fee: Fee

    @property
    def open(self) -> bool:
        """Tell whether orders may be sent to it."""
        return self.active and self.accepting and not self.closed


class Level(msgspec.Struct, frozen=True, gc=False):
    """A price with the shares that rest there."""

    price: int
    size: int


class Book(msgspec.Struct, frozen=True, gc=False):
    """An order book, best level first on both sides; at is when it was received."""

    token: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    at: float
    tick: int
    min_size: int
    neg_risk: bool = False

    @property
    def bid(self) -> int | None:
        """Return the best bid."""
        return self.bids[0].price if self.bids else None

    @property
    def ask(self) -> int | None:
        """Return the best ask."""
        return self.asks[0].price if self.asks else None

    def depth(self, side: Side, limit: int) -> int:
        """Return the shares that an order of this side finds up to its limit price."""
        if side == "BUY":
            return sum(level.size for level in self.asks if level.price <= limit)
        return sum(level.size for level in self.bids if level.price >= limit)


class Plan(msgspec.Struct, frozen=True, gc=False):
    """An order that may be sent: so many shares, at the limit price or better.

    rests tells that what finds no match may rest, where orders are configured to: the venue has a least size.
    """

    fill_key: str
    leader: str
    token: str
    condition: str
    side: Side
    price: int
    size: int
    tick: int
    neg_risk: bool
    why: str = "copy"
    rests: bool = True

    @property
    def value(self) -> int:
        """Return the most that it may cost, or the least that it may bring, before fees."""
        return times(self.size, self.price)


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A fill that is not copied, and why. reason is one of a fixed set of words."""

    reason: str
    detail: str


class Placed(msgspec.Struct, frozen=True, gc=False):
    """What the venue says of an order: shares matched so far, and whether more may come."""

    order: str
    status: str
    matched: int
    trades: tuple[str, ...] = ()

    @property
    def resting(self) -> bool:
        """Tell whether more of it may be matched."""
        return self.status.upper() in ("LIVE", "DELAYED", "ORDER_STATUS_LIVE")


class OwnTrade(msgspec.Struct, frozen=True, gc=False):
    """One of the bot's own fills; matches are the resting orders that it met, at their prices."""

    id: str
    order: str
    token: str
    condition: str
    side: Side
    matches: tuple[Level, ...]
    status: str
    at: float
    taker: bool = True

    @property
    def size(self) -> int:
        """Return its shares."""
        return sum(match.size for match in self.matches)

    @property
    def cost(self) -> int:
        """Return what the shares went for, before the fee; fractions of a millionth are the taker's loss."""
        up = self.taker == (self.side == "BUY")
        return sum(
            -(-match.size * match.price // MICRO) if up else match.size * match.price // MICRO
            for match in self.matches
        )

    def fee(self, fee: Fee) -> int:
        """Return what the venue takes: of each match, from takers only."""
        return sum(fee.of(match.size, match.price) for match in self.matches) if self.taker else 0


class Holding(msgspec.Struct, frozen=True, gc=False):
    """What the venue says that a wallet holds of one token."""

    token: str
    condition: str
    size: int
    average: int
    price: int
    redeemable: bool
