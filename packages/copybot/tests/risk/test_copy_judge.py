"""What may be ordered: never beyond a limit, never at a worse price than the guard."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copybot.clob.amounts import market_amounts
from copybot.model import MICRO, Book, Fee, Level, Market, Plan, Refusal
from copybot.reading import read_settings
from copybot.risk import Exposure, Rules, Scene, exit_reason, judge_buy, judge_exit, judge_sell
from copybot.risk.judge import fee_share
from copybot.rules import rules_of

CONDITION = "0x" + "c3" * 32


def rules(**risk: Any) -> Rules:
    tree = {"sizing": {"mode": "fixed", "fixed": 10}, "risk": risk}
    return rules_of(read_settings(tree))


def market(**words: Any) -> Market:
    base = Market(
        CONDITION, "?", "m", ("1", "2"), ("Yes", "No"), (MICRO // 2, MICRO // 2), 10_000, 5 * MICRO,
        False, True, False, True, 10_000.0, 10**12, Fee(Decimal("0.07"), Decimal(1)),
    )  # fmt: skip
    return msgspec.structs.replace(base, **words)


def book(bid: int = 490_000, ask: int = 500_000) -> Book:
    return Book("1", (Level(bid, 10**9),), (Level(ask, 10**9),), 0.0, 10_000, 5 * MICRO)


FREE = Exposure(0, 0, 0, 10**12)


def scene(**words: Any) -> Scene:
    return msgspec.structs.replace(Scene(market(), book(), FREE, 10**9, 1_000.0), **words)


def test_a_good_fill_is_ordered_at_the_guard(fill: Any) -> None:
    """$10 at the worst price that the guard allows: two percent above the leader's."""
    plan = judge_buy(fill(), scene(), rules())
    assert isinstance(plan, Plan) and plan.price == 510_000
    assert market_amounts("BUY", plan.price, plan.size, plan.tick)[0] == 10 * MICRO


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"book": book(ask=520_000)}, "slippage"),
        ({"market": market(closed=True)}, "market_closed"),
        ({"market": market(accepting=False)}, "market_closed"),
        ({"market": market(end=1_030.0)}, "near_end"),
        ({"book": book(bid=100_000)}, "spread"),
        ({"book": Book("1", (), (), 0.0, 10_000, 5 * MICRO)}, "empty_book"),
        ({"exposure": Exposure(200 * MICRO, 0, 0, 10**12)}, "market_exposure"),
        ({"exposure": Exposure(0, 500 * MICRO, 0, 10**12)}, "leader_exposure"),
        ({"exposure": Exposure(0, 0, 1000 * MICRO, 10**12)}, "total_exposure"),
        ({"exposure": Exposure(0, 0, 0, MICRO)}, "cash"),
    ],
)
def test_each_limit_refuses_with_its_word(fill: Any, words: dict[str, Any], reason: str) -> None:
    """A refusal is a value with a reason of a fixed set."""
    verdict = judge_buy(fill(), scene(**words), rules())
    assert isinstance(verdict, Refusal) and verdict.reason == reason


def test_time_to_the_end_is_in_seconds(fill: Any) -> None:
    """Known failure: filters that compare seconds with hours. 59 s are too few, 61 s are enough."""
    near, far = scene(market=market(end=1_059.0)), scene(market=market(end=1_061.0))
    assert isinstance(judge_buy(fill(), near, rules()), Refusal)
    assert isinstance(judge_buy(fill(), far, rules()), Plan)


def test_prices_outside_the_band_are_refused(fill: Any) -> None:
    """What is nearly sure pays nothing, what is nearly lost is a lottery."""
    high = judge_buy(fill(price=985_000), scene(book=book(980_000, 990_000)), rules())
    assert isinstance(high, Refusal) and high.reason in ("price_band", "slippage")


@given(
    st.integers(20_000, 980_000), st.integers(0, 250), st.integers(0, 600), st.integers(0, 1100),
    st.integers(0, 300), st.sampled_from([0, 1, 2]), st.integers(0, 30),
)  # fmt: skip
def test_no_order_exceeds_a_limit_even_with_its_fee(
    price: int, market_used: int, leader_used: int, total_used: int, cash: int, exponent: int, rate: int
) -> None:
    """Whatever is filled, at the limit or below it, cost and fee stay inside every limit."""
    from copybot.model import Fill

    fee = Fee(Decimal(rate) / 100, Decimal(exponent))
    used = Exposure(market_used * MICRO, leader_used * MICRO, total_used * MICRO, cash * MICRO)
    tick_price = price // 10_000 * 10_000
    where = scene(market=market(fee=fee), book=book(tick_price - 10_000, tick_price), exposure=used)
    plan = judge_buy(Fill("0xa", "0xb", "1", CONDITION, "BUY", price, 10**8, 990), where, rules())
    if isinstance(plan, Refusal):
        return
    spent = market_amounts("BUY", plan.price, plan.size, plan.tick)[0]
    for filled_at in {plan.price, max(10_000, plan.price // 2), 10_000}:
        total = spent + fee.of(spent * MICRO // filled_at, filled_at)
        for limit, before in ((200, used.market), (500, used.leader), (1000, used.total)):
            assert before + total <= limit * MICRO + 100
        assert total <= used.cash + 100


@given(st.integers(1, 999), st.sampled_from(["0.5", "1", "2", "3"]))
def test_the_fee_share_is_the_highest_below_a_limit(limit: int, exponent: str) -> None:
    """No price up to the limit carries more fee per dollar."""
    fee = Fee(Decimal("0.25"), Decimal(exponent))
    most = fee_share(fee, limit * 1000)
    for price in (Decimal(step) / 1000 for step in range(1, limit + 1, 7)):
        assert fee.rate * (price * (1 - price)) ** fee.exponent / price <= most + Decimal("1e-9")


def test_a_sale_follows_in_the_same_share(fill: Any) -> None:
    """The leader sells a quarter: a quarter of our lot goes, in whole hundredths."""
    sale = fill(side="SELL", size=25 * MICRO)
    plan = judge_sell(sale, 100 * MICRO, 40 * MICRO, scene(), rules())
    assert isinstance(plan, Plan) and (plan.side, plan.size, plan.price) == ("SELL", 10 * MICRO, 490_000)


def test_a_closed_market_is_redeemed_not_sold(fill: Any) -> None:
    """Selling into a book that is gone answers 404 for ever."""
    verdict = judge_sell(fill(side="SELL"), 1, 40 * MICRO, scene(market=market(closed=True)), rules())
    assert isinstance(verdict, Refusal) and verdict.reason == "market_closed"


def test_losses_and_wins_end_a_position() -> None:
    """Thresholds are shares of the cost, fee included."""
    limits = rules(stop_loss="0.2", take_profit="0.5").limits
    assert [exit_reason(limits, 100, worth) for worth in (79, 80, 81, 149, 150)] == [
        "stop_loss", "stop_loss", None, None, "take_profit",
    ]  # fmt: skip
    assert exit_reason(rules().limits, 100, 1) is None
    plan = judge_exit("exit:1", "0xa", 12_345_678, "stop_loss", scene())
    assert isinstance(plan, Plan) and (plan.price, plan.size) == (480_000, 12_340_000)


@pytest.mark.parametrize(("owned", "rests"), [(5 * MICRO, True), (5 * MICRO - 10_000, False)])
def test_a_sale_below_the_venues_least_size_does_not_rest(fill: Any, owned: int, rests: bool) -> None:
    sale = fill(side="SELL")
    plan = judge_sell(sale, sale.size, owned, scene(), rules())
    assert isinstance(plan, Plan) and plan.rests is rests
    leaving = judge_exit("exit:1", "0xa", owned, "stop_loss", scene())
    assert isinstance(leaving, Plan) and not leaving.rests


@pytest.mark.parametrize("limit", [60_000, 105_000, 130_000])
def test_a_resting_purchase_is_worth_a_dollar_after_its_shares_are_cut(fill: Any, limit: int) -> None:
    """It may cross the book, and the venue refuses marketable purchases below a dollar."""
    tree = {"sizing": {"mode": "fixed", "fixed": 1}, "execution": {"order_type": "GTC"}}
    found = judge_buy(
        fill(price=limit),
        scene(book=Book("1", (), (Level(limit, 10**9),), 0.0, 5_000, 5 * MICRO)),
        rules_of(read_settings(tree | {"risk": {"slippage": 0}})),
    )
    assert isinstance(found, Plan) and found.size >= 5 * MICRO
    assert found.price * found.size >= MICRO * MICRO
