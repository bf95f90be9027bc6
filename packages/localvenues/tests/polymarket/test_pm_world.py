"""The world lives by its seed alone: the same at any pace of stepping, with all sums right."""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import pytest

from localvenues.polymarket.exchange.exchange import Exchange
from localvenues.polymarket.exchange.model import TradeStatus
from localvenues.polymarket.exchange.news import MarketResolved, Traded
from localvenues.polymarket.world.fair import FairValue
from localvenues.polymarket.world.leaders import MANNERS
from localvenues.polymarket.world.world import Population, World

START = 1_790_000_000_000
BUSY = Population(leaders=12, crowd_rate=4.0, leader_rate=2.0)


def lived(seed: int, seconds: int, step: int, population: Population = BUSY) -> World:
    """Return a world after some seconds, stepped so many milliseconds at a time."""
    world = World(seed, START, population)
    for now in range(START + step, START + seconds * 1000 + 1, step):
        world.step(now)
    return world


def summary(world: World) -> list[Any]:
    """Return every trade of the history and all cash: what two equal worlds agree on."""
    rows = [(row.transaction, row.wallet, row.cash, row.at) for row in world.history.newest(100_000)]
    return [rows, sorted((name, one.cash) for name, one in world.exchange.ledger.accounts.items())]


def test_the_size_of_steps_does_not_matter() -> None:
    assert summary(lived(3, 120, 50)) == summary(lived(3, 120, 30_000))


def test_seeds_differ() -> None:
    assert summary(lived(3, 60, 1_000)) != summary(lived(4, 60, 1_000))


def test_who_trades_does_not_decide_what_comes_true() -> None:
    """Law: another population leaves the markets and their winners the same."""
    crowds = (Population(6, 0.5, 0.5), Population(12, 4.0, 4.0))
    winners = [
        {one.slug: one.winner for one in world.exchange.markets.values() if one.closed}
        for world in (lived(3, 800, 1_000, crowd) for crowd in crowds)
    ]
    assert len(winners[0]) >= 4
    assert winners[0] == winners[1]


def test_a_fair_value_is_fair() -> None:
    """Law: among many markets, those worth about a quarter come true about one time in four."""
    hits = []
    for seed in range(4_000):
        value = FairValue(random.Random(seed), 0, 300_000)
        if 0.2 < value.at(150_000) < 0.3:
            value.at(300_000)
            hits.append(value.latent > 0)
    assert len(hits) > 150
    assert 0.17 < sum(hits) / len(hits) < 0.33


def check_sums(exchange: Exchange) -> None:
    """Cash is what was deposited; each open market's tokens are as many as its vault holds dollars."""
    ledger = exchange.ledger
    assert ledger.total() == ledger.deposits
    for market in exchange.markets.values():
        if market.winner is None:
            for token in market.tokens:
                held = sum(one.shares(token) for one in ledger.accounts.values())
                assert held == ledger.vault[market.condition_id]


def test_a_quarter_of_an_hour_keeps_all_sums_and_all_manners() -> None:
    world = World(7, START, BUSY)
    kinds: Counter[str] = Counter()
    for now in range(START + 1_000, START + 900_000, 1_000):
        for one in world.step(now):
            kinds[type(one).__name__] += 1
        if now % 60_000 == 0:
            check_sums(world.exchange)
    check_sums(world.exchange)
    assert kinds[MarketResolved.__name__] >= 4
    assert kinds[Traded.__name__] > 1_000
    traded = {
        one.manner
        for one in world.leaders.all
        if any(row.kind == "TRADE" for row in world.history.truth(one.wallet))
    }
    assert traded == set(MANNERS)
    done = Counter(row.kind for one in world.leaders.all for row in world.history.truth(one.wallet))
    assert all(done[kind] for kind in ("TRADE", "SPLIT", "MERGE", "REDEEM"))
    assert {row.role for one in world.leaders.all for row in world.history.truth(one.wallet)} >= {
        "taker",
        "maker",
    }


def test_mints_and_merges_happen() -> None:
    """Law: both sides of a trade may buy, or sell; then a pair is made or destroyed."""
    world = World(7, START, BUSY)
    seen: set[str] = set()
    for now in range(START + 1_000, START + 300_000, 1_000):
        for one in world.step(now):
            if isinstance(one, Traded):
                seen |= {f"{one.trade.side} {part.side}" for part in one.trade.makers}
    assert seen == {"BUY BUY", "BUY SELL", "SELL BUY", "SELL SELL"}


def test_a_neg_risk_event_has_one_true_market() -> None:
    world = lived(5, 2 * 3_600 + 20, 20_000, Population(6, 0.2, 0.2))
    events: dict[int, list[bool]] = {}
    for market in world.exchange.markets.values():
        if market.neg_risk and market.winner is not None:
            events.setdefault(market.event.id, []).append(market.winner == market.tokens[0])
    assert events
    assert all(won.count(True) == 1 and len(won) > 1 for won in events.values())


def test_a_guests_trades_and_rows_are_kept() -> None:
    world = World(7, START, BUSY)
    world.fund("0x" + "11" * 20, 10**10)
    market = world.open_markets(START + 3_000)[0]
    world.step(START + 3_000)
    _, ask = world.exchange.book(market).best(market.tokens[0])
    assert ask is not None
    world.desk.buy(START + 3_000, "0x" + "11" * 20, market.tokens[0], ask, 10**7)
    world.step(START + 30_000)
    trade = world.trades["0x" + "11" * 20][0]
    assert trade.status is TradeStatus.CONFIRMED
    rows = world.history.truth("0x" + "11" * 20)
    assert [(row.cash, row.fee, row.role) for row in rows] == [(trade.cash, trade.fee, "taker")]


def test_old_markets_are_forgotten_once_no_guest_holds_them() -> None:
    world = lived(2, 60, 1_000)
    market = world.open_markets(world.now)[0]
    world.fund("0x" + "11" * 20, 10**9)
    world.desk.convert(world.now, "0x" + "11" * 20, market, "SPLIT", 10**6)
    world.resolve(world.now, market, market.tokens[0])
    assert world._forget(market, world.now) is not None
    world.desk.convert(world.now, "0x" + "11" * 20, market, "REDEEM")
    assert world._forget(market, world.now) is None
    assert market.condition_id not in world.exchange.markets
    assert world.exchange.ledger.total() == world.exchange.ledger.deposits


@pytest.mark.long
@pytest.mark.skipif(os.environ.get("LONG") != "1", reason="the long mode is off (LONG=1)")
def test_ten_hours_keep_all_sums_and_stay_small() -> None:
    world = World(1, START)
    for now in range(START + 1_000, START + 36_000_000, 1_000):
        world.step(now)
        if now % 600_000 == 0:
            check_sums(world.exchange)
    assert world.exchange.trades > 50_000
    assert len(world.exchange.open) < 1_000
    assert len(world.exchange.markets) < 400
