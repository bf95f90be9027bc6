"""Is a market good enough to follow into? Pure, time is an argument (Unix seconds)."""

from __future__ import annotations

import msgspec

from copybot.model import Book, Market, Refusal, Side, dollars


class Screen(msgspec.Struct, frozen=True):
    """Limits on a market and its book: money and prices in millionths, times in seconds."""

    min_liquidity: int
    max_spread: int
    min_seconds_to_end: float
    min_depth: int
    min_price: int
    max_price: int

    def market(self, market: Market, now: float) -> Refusal | None:
        """Return why this market is not entered, or None."""
        if not market.open:
            return Refusal("market_closed", f"{market.slug} takes no orders")
        if market.end is not None and market.end - now < self.min_seconds_to_end:
            return Refusal("near_end", f"{market.slug} ends in {market.end - now:.0f} s")
        if market.liquidity < self.min_liquidity:
            return Refusal("liquidity", f"${dollars(market.liquidity):.2f} of liquidity")
        return None

    def book(self, book: Book, side: Side, limit: int) -> Refusal | None:
        """Return why an order up to this limit price finds no good book, or None."""
        best = book.ask if side == "BUY" else book.bid
        if best is None:
            return Refusal("empty_book", f"nobody on the other side of a {side}")
        if not self.min_price <= best <= self.max_price:
            return Refusal("price_band", f"price {dollars(best)} outside the band")
        if book.bid is not None and book.ask is not None and book.ask - book.bid > self.max_spread:
            return Refusal("spread", f"spread {dollars(book.ask - book.bid)}")
        if book.depth(side, limit) < self.min_depth:
            return Refusal("depth", f"{dollars(book.depth(side, limit)):.2f} shares up to {dollars(limit)}")
        return None
