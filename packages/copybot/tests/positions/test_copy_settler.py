"""Own trades by push: what they prove of the orders that they belong to."""

from __future__ import annotations

from typing import Any

import pytest

from copybot.executor import OrderLedger
from copybot.model import MICRO, Fee, Level, OwnTrade, Plan
from copybot.positions import PositionLedger, Settler
from copybot.state import State

SHARES = 20 * MICRO
PLAN = Plan("fill#0", "0xa", "1", "0xc", "BUY", 500_000, SHARES, 10_000, False)


class Trades:
    """A venue that answers with no trades."""

    address, credentials = "0xme", None

    async def trades(self, after: int) -> list[OwnTrade]:
        return []


@pytest.mark.parametrize("final", ["CONFIRMED", "FAILED"])
async def test_a_trade_of_an_absent_order_opens_it_until_it_is_final(
    state: State, observed: Any, final: str
) -> None:
    """The venue had taken it after all: until it settles it stays in every limit, and nothing is redeemed."""
    orders, books = OrderLedger(state), PositionLedger(state)
    books.open_with(100 * MICRO)
    intent = orders.attempt(PLAN, "FAK", 1.0)
    assert intent is not None
    orders.name(intent, "0xhash")
    orders.mark("0xhash", "absent", 0)

    async def learn(token: str, condition: str) -> None: ...

    told: Any = (lambda: 1.0, observed, lambda token: Fee(), learn, lambda *_: None)
    settler = Settler(Trades(), books, orders, *told)
    for status, left in (("MATCHED", ["0xhash"]), (final, [])):
        trade = OwnTrade("t", "0xhash", "1", "0xc", "BUY", (Level(500_000, SHARES),), status, 2.0)
        settler.take(trade)
        assert await settler.settle(0.0)
        assert [row.id for row in orders.open()] == left
    assert books.cash == (90 if final == "CONFIRMED" else 100) * MICRO
