"""Order types, balances, settlement, resolution and redemption."""

from __future__ import annotations

from typing import Any

import pytest

from localvenues.polymarket.exchange import conversions, refusals
from localvenues.polymarket.exchange.exchange import Exchange
from localvenues.polymarket.exchange.model import Event, Kind, Market, Order, OrderStatus, Side, TradeStatus
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.exchange.news import Settled, TickChanged
from localvenues.polymarket.exchange.settlement import GHOST, LATE

A, B, FIRST, SECOND = "0xa", "0xb", "1", "2"


def opened(delay: int = 0, opens: int = 0) -> tuple[Exchange, Market]:
    """Return an exchange with one free market and two people with 1000 dollars and 1000 pairs."""
    exchange = Exchange()
    event = Event(1, "event", "Event?", "Tech")
    market = Market(1, "0xc0", "Event?", "event", (FIRST, SECOND), event, 0, opens, 10**12, delay=delay)
    exchange.list_market(0, market)
    for person in (A, B):
        exchange.guests.add(person)
        exchange.ledger.deposit(person, 2_000 * ONE)
        conversions.split(exchange, 0, person, market, 1_000 * ONE, "0x")
    return exchange, market


def limit(name: str, owner: str, side: Side, cents: int, shares: int, **more: Any) -> Order:
    """Return a resting order for the first token."""
    kind = more.pop("kind", Kind.GTC)
    token = more.pop("token", FIRST)
    return Order(name, owner, token, side, cents * 10_000, shares * ONE, kind, 0, **more)


def buy(name: str, owner: str, cents: int, dollars: int, kind: Kind) -> Order:
    """Return a market BUY."""
    shares = dollars * 100 * ONE // cents
    return Order(name, owner, FIRST, Side.BUY, cents * 10_000, shares, kind, 0, dollars * ONE)


def test_a_fok_that_cannot_be_filled_changes_nothing() -> None:
    exchange, market = opened()
    exchange.place(0, limit("0x1", A, Side.SELL, 50, 10))
    exchange.take_news()
    with pytest.raises(refusals.NotFilled):
        exchange.place(0, buy("0x2", B, 50, 6, Kind.FOK))
    assert exchange.take_news() == []
    assert exchange.book(market).asks.shares(500_000) == 10 * ONE
    assert exchange.ledger.account(B).held == 0


def test_a_fak_takes_what_there_is_and_ends() -> None:
    exchange, _ = opened()
    exchange.place(0, limit("0x1", A, Side.SELL, 50, 10))
    order = exchange.place(0, buy("0x2", B, 50, 100, Kind.FAK))
    assert (order.matched, order.cash, order.status) == (10 * ONE, 5 * ONE, OrderStatus.MATCHED)
    assert order.id not in exchange.open


def test_a_fak_with_nothing_to_match_is_refused() -> None:
    exchange, _ = opened()
    with pytest.raises(refusals.NothingToMatch):
        exchange.place(0, buy("0x2", B, 50, 100, Kind.FAK))


def test_consumed_depth_stays_consumed() -> None:
    exchange, _ = opened()
    exchange.place(0, limit("0x1", A, Side.SELL, 50, 10))
    exchange.place(0, buy("0x2", B, 50, 5, Kind.FOK))
    with pytest.raises(refusals.NothingToMatch):
        exchange.place(0, buy("0x3", B, 50, 5, Kind.FAK))


def test_a_crossing_limit_order_fills_at_the_makers_price_and_rests_the_remainder() -> None:
    exchange, market = opened()
    exchange.place(0, limit("0x1", A, Side.SELL, 40, 10))
    order = exchange.place(0, limit("0x2", B, Side.BUY, 50, 30))
    assert (order.matched, order.cash, order.status) == (10 * ONE, 4 * ONE, OrderStatus.LIVE)
    assert exchange.book(market).bids.shares(500_000) == 20 * ONE
    assert exchange.ledger.account(B).held == 14 * ONE


def test_a_post_only_order_never_takes() -> None:
    exchange, _ = opened()
    exchange.place(0, limit("0x1", A, Side.SELL, 40, 10))
    with pytest.raises(refusals.WouldCross):
        exchange.place(0, limit("0x2", B, Side.BUY, 40, 10, post_only=True))
    assert exchange.place(0, limit("0x3", B, Side.BUY, 39, 10, post_only=True)).status is OrderStatus.LIVE


def test_open_orders_count_against_the_balance() -> None:
    """1000 dollars cover one order of 600 but not two."""
    exchange, _ = opened()
    exchange.place(0, limit("0x1", B, Side.BUY, 60, 1000))
    with pytest.raises(refusals.NotEnoughBalance, match="sum of active orders: 600000000"):
        exchange.place(0, limit("0x2", B, Side.BUY, 60, 1000))
    exchange.cancel(0, B, ["0x1"])
    exchange.place(0, limit("0x3", B, Side.BUY, 60, 1000))


def test_shares_cannot_be_sold_before_they_are_mined() -> None:
    exchange, _ = opened()
    exchange.place(0, limit("0x1", A, Side.SELL, 50, 100))
    exchange.place(0, limit("0x2", B, Side.BUY, 50, 100))
    with pytest.raises(refusals.NotEnoughBalance):
        exchange.place(1_000, limit("0x3", B, Side.SELL, 90, 1_100))
    exchange.step(2_000)
    exchange.place(2_000, limit("0x4", B, Side.SELL, 90, 1_100))


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (limit("0x1", A, Side.BUY, 50, 4), "lower than the minimum"),
        (buy("0x1", A, 50, 0, Kind.FAK), "min size"),
        (limit("0x1", A, Side.BUY, 50, 5, kind=Kind.GTD, expiration=59), "invalid expiration"),
        (Order("0x1", A, FIRST, Side.BUY, 505_000, 5 * ONE, Kind.GTC, 0), "invalid price"),
        (buy("0x1", A, 50, 5, Kind.FAK), "no orders found"),
    ],
)
def test_orders_against_the_rules_are_refused_with_the_engines_words(order: Order, why: str) -> None:
    exchange, _ = opened()
    if "min size" in why:
        exchange.place(0, limit("0x9", B, Side.SELL, 50, 5))
    with pytest.raises(refusals.Refusal, match=why):
        exchange.place(0, order)


def test_an_order_that_was_taken_is_not_taken_again() -> None:
    exchange, _ = opened()
    exchange.place(0, limit("0x1", A, Side.SELL, 50, 10))
    exchange.place(0, buy("0x2", B, 50, 1, Kind.FAK))
    with pytest.raises(refusals.Duplicated):
        exchange.place(0, buy("0x2", B, 50, 1, Kind.FAK))


def test_a_gtd_order_leaves_a_minute_before_its_expiration() -> None:
    exchange, _ = opened()
    order = exchange.place(0, limit("0x1", A, Side.BUY, 50, 10, kind=Kind.GTD, expiration=100))
    exchange.expire(39_999)
    assert order.status is OrderStatus.LIVE
    exchange.expire(40_000)
    assert order.status is OrderStatus.EXPIRED
    assert exchange.ledger.account(A).held == 0


def test_a_delayed_order_is_matched_later_with_the_book_of_then() -> None:
    exchange, _ = opened(delay=3_000)
    exchange.place(0, limit("0x1", A, Side.SELL, 50, 10))
    order = exchange.place(0, buy("0x2", B, 60, 3, Kind.FAK))
    assert order.status is OrderStatus.DELAYED
    exchange.cancel(1_000, A, ["0x1"])
    exchange.place(1_000, limit("0x3", A, Side.SELL, 60, 10))
    exchange.step(2_999)
    assert order.matched == 0
    exchange.step(3_000)
    assert (order.matched, order.status) == (5 * ONE, OrderStatus.MATCHED)


def test_a_delayed_order_whose_counterpart_left_ends_unmatched_and_frees_its_money() -> None:
    exchange, _ = opened(delay=3_000)
    exchange.place(0, limit("0x1", A, Side.SELL, 50, 10))
    order = exchange.place(0, buy("0x2", B, 60, 3, Kind.FAK))
    exchange.cancel(1_000, A, ["0x1"])
    exchange.step(3_000)
    assert order.status is OrderStatus.UNMATCHED
    assert exchange.ledger.account(B).held == 0


def test_a_market_takes_no_orders_before_it_opens() -> None:
    exchange, _ = opened(opens=5_000)
    with pytest.raises(refusals.NotReady):
        exchange.place(4_999, limit("0x1", A, Side.BUY, 50, 10))
    exchange.place(5_000, limit("0x2", A, Side.BUY, 50, 10))


def test_a_trade_goes_matched_mined_confirmed() -> None:
    exchange, _ = opened()
    exchange.place(0, limit("0x1", A, Side.SELL, 50, 10))
    exchange.place(0, limit("0x2", B, Side.BUY, 50, 10))
    exchange.take_news()
    exchange.step(60_000)
    news = [(one.at, one.trade.status) for one in exchange.take_news() if isinstance(one, Settled)]
    assert [at for at, _ in news] == [2_000, 6_000]
    assert news[-1][1] is TradeStatus.CONFIRMED


def test_a_ghost_fill_moves_no_money_and_frees_all_holds() -> None:
    exchange, _ = opened()
    exchange.settlement.fate = lambda _: GHOST
    exchange.place(0, limit("0x1", A, Side.SELL, 50, 10))
    order = exchange.place(0, limit("0x2", B, Side.BUY, 50, 10))
    assert order.status is OrderStatus.MATCHED
    exchange.step(60_000)
    for person in (A, B):
        account = exchange.ledger.account(person)
        assert (account.cash, account.shares(FIRST)) == (1_000 * ONE, 1_000 * ONE)
        assert (account.held, dict(account.held_tokens)) == (0, {})


def test_a_late_fill_is_retried_and_then_mined() -> None:
    exchange, _ = opened()
    exchange.settlement.fate = lambda _: LATE
    exchange.place(0, limit("0x1", A, Side.SELL, 50, 10))
    exchange.place(0, limit("0x2", B, Side.BUY, 50, 10))
    exchange.step(29_999)
    assert exchange.ledger.account(B).shares(FIRST) == 1_000 * ONE
    exchange.step(30_000)
    assert exchange.ledger.account(B).shares(FIRST) == 1_010 * ONE


def test_a_resolution_ends_open_orders_and_pays_only_when_redeemed() -> None:
    exchange, market = opened()
    order = exchange.place(0, limit("0x1", A, Side.BUY, 50, 10))
    exchange.resolve(1_000, market.condition_id, FIRST)
    assert order.status is OrderStatus.RESOLVED
    with pytest.raises(refusals.NoBook):
        exchange.place(2_000, limit("0x2", A, Side.SELL, 50, 10))
    assert exchange.ledger.account(A).cash == 1_000 * ONE
    conversions.redeem(exchange, 3_000, A, market, "0x")
    assert exchange.ledger.account(A).cash == 2_000 * ONE
    assert exchange.ledger.total() == exchange.ledger.deposits
    with pytest.raises(refusals.NothingHeld):
        conversions.redeem(exchange, 4_000, A, market, "0x")


def test_shares_in_an_open_order_can_be_redeemed_only_after_it_ended() -> None:
    exchange, market = opened()
    with pytest.raises(refusals.NothingHeld, match="not resolved"):
        conversions.redeem(exchange, 0, A, market, "0x")
    exchange.place(0, limit("0x1", A, Side.SELL, 90, 1_000))
    with pytest.raises(refusals.NothingHeld):
        conversions.merge(exchange, 0, A, market, 1, "0x")
    exchange.cancel(0, A, ["0x1"])
    conversions.merge(exchange, 0, A, market, 1_000 * ONE, "0x")
    assert exchange.ledger.account(A).cash == 2_000 * ONE


def test_extreme_prices_refine_the_tick() -> None:
    exchange, market = opened()
    exchange.place(0, limit("0x1", A, Side.SELL, 97, 10))
    exchange.place(0, limit("0x2", B, Side.BUY, 97, 10))
    assert str(market.tick) == "0.001"
    assert any(isinstance(one, TickChanged) for one in exchange.take_news())


def test_average_cost_and_realised_profit_are_booked_without_fees() -> None:
    exchange, _ = opened()
    exchange.place(0, limit("0x1", A, Side.SELL, 40, 500))
    exchange.place(0, limit("0x2", B, Side.BUY, 40, 500))
    exchange.step(2_000)
    position = exchange.ledger.account(B).positions[FIRST]
    assert (position.shares, position.cost) == (1_500 * ONE, 700 * ONE)
    exchange.place(2_000, limit("0x3", A, Side.BUY, 60, 300))
    exchange.place(2_000, limit("0x4", B, Side.SELL, 60, 300))
    exchange.step(9_000)
    assert position.cost == 560 * ONE
    assert position.realized == 40 * ONE
