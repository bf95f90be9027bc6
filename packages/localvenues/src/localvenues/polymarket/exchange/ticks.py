"""Tick sizes and the decimals that orders may carry at each."""

from __future__ import annotations

from dataclasses import dataclass

from localvenues.polymarket.exchange.money import ONE, micro, places, text


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick size in micro-units with the most decimals of price, size and amount."""

    size: int
    price_places: int
    size_places: int
    amount_places: int

    def allows(self, price: int) -> bool:
        """Say whether a price lies on the grid, between one tick and one less one tick."""
        return price % self.size == 0 and self.size <= price <= ONE - self.size

    def __str__(self) -> str:
        return text(self.size)


# Source: the rounding table of the official clients, with the two ticks added in 2026.
TICKS = {
    row[0]: Tick(micro(row[0]), *row[1:])
    for row in (
        ("0.1", 1, 2, 3),
        ("0.01", 2, 2, 4),
        ("0.005", 3, 2, 5),
        ("0.0025", 4, 2, 6),
        ("0.001", 3, 2, 5),
        ("0.0001", 4, 2, 6),
    )
}


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a signed order asks for: price per share and shares, in micro-units.

    budget is the dollars that a market BUY spends; then shares is what it must get at least.
    """

    price: int
    shares: int
    budget: int | None = None


class BadAmounts(ValueError):
    """Amounts break the rules of their tick; the text is what the engine answers."""


def read_amounts(maker_amount: int, taker_amount: int, buy: bool, market: bool, tick: Tick) -> Amounts:
    """Turn an order's two amounts into price and shares; raise BadAmounts.

    Limit: shares have at most two decimals, dollars as many as the table says. Market: the maker amount
    has two decimals, whichever side. A quotient may miss the tick by what rounding the amount makes.
    """
    if maker_amount <= 0 or taker_amount <= 0:
        raise BadAmounts("invalid amounts, maker and taker amount must be higher than 0")
    dollars, shares = (maker_amount, taker_amount) if buy else (taker_amount, maker_amount)
    _check_places(maker_amount, taker_amount, buy, market, tick)
    price = _price(dollars, shares, tick)
    return Amounts(price, shares, dollars if buy and market else None)


def _check_places(maker_amount: int, taker_amount: int, buy: bool, market: bool, tick: Tick) -> None:
    limit_buy = buy and not market
    first, second = (
        (tick.amount_places, tick.size_places) if limit_buy else (tick.size_places, tick.amount_places)
    )
    if places(maker_amount) > first or places(taker_amount) > second:
        kind = f"{'market' if market else 'limit'} {'buy' if buy else 'sell'}"
        raise BadAmounts(
            f"invalid amounts, the {kind} orders maker amount supports a max accuracy of {first} decimals, "
            f"taker amount a max of {second} decimals"
        )


def _price(dollars: int, shares: int, tick: Tick) -> int:
    price = (2 * dollars * ONE + shares) // (2 * shares)
    grid = (2 * price + tick.size) // (2 * tick.size) * tick.size
    # Amounts are rounded to the table's decimals, so the quotient may be off by one of their last digits.
    slack = 10 ** (6 - tick.amount_places) * max(ONE, grid)
    if abs(dollars * ONE - grid * shares) > slack:
        raise BadAmounts(f"order {text(price)} breaks minimum tick size rule: {tick}")
    if not tick.allows(grid):
        raise BadAmounts(f"invalid price ({text(grid)}), min: {tick} - max: {text(ONE - tick.size)}")
    return grid
