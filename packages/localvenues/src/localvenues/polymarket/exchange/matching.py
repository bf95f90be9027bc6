"""Which resting orders an incoming order meets, and what each side pays; nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from localvenues.polymarket.exchange.book import Book
from localvenues.polymarket.exchange.model import Order, Side
from localvenues.polymarket.exchange.money import ONE, down, up


@dataclass(frozen=True, slots=True)
class Match:
    """A resting order's part: price is the taker's; taker_cash and maker_cash are paid or received.

    level is the resting order's price in the book, seen from the first token.
    """

    maker: Order
    level: int
    price: int
    shares: int
    taker_cash: int
    maker_cash: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All matches of an incoming order, at the makers' prices, best first."""

    matches: tuple[Match, ...]
    shares: int
    cash: int
    full: bool


def plan(book: Book, taker: Order) -> Plan:
    """Return what an incoming order would match now.

    A market BUY is full when its dollars are spent, any other order when its shares are matched.
    """
    matches = tuple(_walk(book, taker))
    shares, cash = sum(one.shares for one in matches), sum(one.taker_cash for one in matches)
    full = shares >= taker.remaining if taker.budget is None else _spent(taker.budget, cash, matches)
    return Plan(matches, shares, cash, full)


def _spent(budget: int, cash: int, matches: tuple[Match, ...]) -> bool:
    """What is left of a spent budget buys no further share."""
    return bool(matches) and budget - cash < ONE // 10_000


def _walk(book: Book, taker: Order) -> Iterator[Match]:
    ladder, limit = book.opposite(taker)
    asks = ladder is book.asks
    wanted = taker.remaining if taker.budget is None else None
    money = taker.budget
    for level, maker in ladder.queue():
        if (level > limit if asks else level < limit) or wanted == 0 or money == 0:
            return
        price = ONE - level if book.mirrored(taker.token) else level
        match = _match(taker, maker, level, price, wanted, money)
        if match.shares == 0:
            return
        yield match
        wanted = None if wanted is None else wanted - match.shares
        money = None if money is None else money - match.taker_cash


def _match(
    taker: Order, maker: Order, level: int, price: int, wanted: int | None, money: int | None
) -> Match:
    """Match one resting order; roundings never cost a maker more than its price."""
    shares = maker.remaining if wanted is None else min(wanted, maker.remaining)
    cash = up(shares, price) if taker.side is Side.BUY else down(shares, price)
    if money is not None and cash > money:
        shares, cash = money * ONE // price, money
    other = shares - cash if maker.side is taker.side else cash
    return Match(maker, level, price, shares, cash, other)
