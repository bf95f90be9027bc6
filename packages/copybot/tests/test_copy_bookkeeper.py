"""The chores beside the trading: what waits to be redeemed is held, what is gone was paid out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from copybot.bookkeeper import GONE_AFTER, HELD, Bookkeeper
from copybot.executor import OrderLedger
from copybot.logs import logger
from copybot.model import MICRO, Book, Fee, Level, Market, OwnTrade, Plan
from copybot.positions import PositionLedger, Redeemer
from copybot.risk import limits_of
from copybot.settings import RiskSettings
from copybot.state import State

SHARES = 10 * MICRO


class Api:
    """One wallet at the venue: positions by status, and cash."""

    address = "0xa"

    def __init__(self, cash: int) -> None:
        self.held: dict[str, str] = {}
        self._cash = cash

    async def cash(self) -> int:
        return self._cash

    async def positions(self, user: str, status: str = "OPEN") -> list[Any]:
        size = str(SHARES // MICRO)
        return [
            {
                "token_id": token,
                "condition_id": "0xc",
                "current_size": size,
                "avg_price": "0.5",
                "current_price": "0",
            }
            for token, its in self.held.items()
            if its == status
        ]


class Resolved:
    """A catalogue of one market, which the second token has won."""

    async def market(self, token: str, condition: str, fresh: bool = False) -> Market:
        prices = (0, MICRO)
        return Market(
            "0xc",
            "?",
            "m",
            ("1", "2"),
            ("Yes", "No"),
            prices,
            1,
            1,
            False,
            False,
            True,
            False,
            None,
            0,
            Fee(),
        )


def kept(
    state: State, api: Api, observed: Any, now: list[float], shares: int = SHARES
) -> tuple[Bookkeeper, PositionLedger]:
    """Return a bookkeeper of a wallet that holds both tokens, and its books."""
    books, orders = PositionLedger(state), OrderLedger(state)
    books.open_with(api._cash + shares)
    for token in ("1", "2"):
        level = (Level(500_000, shares),)
        books.apply(OwnTrade("t" + token, "o", token, "0xc", "BUY", level, "CONFIRMED", 1.0), "0xb", 0)
    redeemer = Redeemer(None, books, lambda: now[0])  # type: ignore[arg-type]
    rest: Any = (Resolved(), None, books, orders, redeemer, None, lambda: now[0], observed, logger())
    return Bookkeeper(state, api, api, *rest), books  # type: ignore[arg-type]


async def test_what_waits_to_be_redeemed_is_not_taken_for_gone(state: State, observed: Any) -> None:
    """The API no longer lists a resolved position as open; nobody has paid it out yet."""
    now, api = [0.0], Api(100 * MICRO)
    keeper, books = kept(state, api, observed, now)
    api.held = {"1": "REDEEMABLE_LOST", "2": "REDEEMABLE"}
    for _ in range(3):
        assert await keeper.reconcile() == []
        now[0] += GONE_AFTER
    assert len(books.lots()) == 2
    assert set(HELD) >= set(api.held.values())


async def test_what_no_list_shows_any_more_was_paid_out(state: State, observed: Any) -> None:
    """The answer to a redemption was lost: after a while the shares that are gone are booked as paid."""
    now, api = [0.0], Api(100 * MICRO)
    keeper, books = kept(state, api, observed, now)
    found = await keeper.reconcile()
    assert found is not None and len(found) == 2
    now[0] += GONE_AFTER - 1
    await keeper.reconcile()
    assert len(books.lots()) == 2
    now[0] += 1
    await keeper.reconcile()
    assert (books.lots(), books.cash) == ([], 110 * MICRO)


async def test_dust_that_is_gone_was_paid_out_too(state: State, observed: Any) -> None:
    """Less than a cent is no difference to tell of, but it would stand in the books for ever."""
    now, api = [0.0], Api(100 * MICRO)
    keeper, books = kept(state, api, observed, now, shares=1_184)
    assert await keeper.reconcile() == []
    now[0] += GONE_AFTER
    await keeper.reconcile()
    assert (books.lots(), books.cash) == ([], 100 * MICRO + 1_184)


class Fallen:
    """Books in which token 1 has fallen; meanwhile is what happens while a book is asked for."""

    def __init__(self) -> None:
        self.meanwhile: Any = lambda: None

    def mid(self, token: str) -> int | None:
        return 100_000 if token == "1" else None

    async def fetch(self, token: str) -> Book:
        self.meanwhile()
        return Book(token, (Level(100_000, SHARES),), (), 0.0, 10_000, 5 * MICRO)


class Open(Resolved):
    """A catalogue of one market that takes orders."""

    async def market(self, token: str, condition: str, fresh: bool = False) -> Market:
        market = await super().market(token, condition)
        return msgspec.structs.replace(market, active=True, accepting=True, closed=False)


def leaving(state: State, observed: Any) -> tuple[Bookkeeper, Fallen, list[Plan]]:
    """Return a bookkeeper that sells at a loss of a tenth, its books, and the orders that it gives."""
    positions, fallen, given = PositionLedger(state), Fallen(), list[Plan]()
    level = (Level(500_000, SHARES),)
    positions.open_with(100 * MICRO)
    positions.apply(OwnTrade("t", "o", "1", "0xc", "BUY", level, "CONFIRMED", 1.0), "0xb", 0)
    limits = limits_of(RiskSettings(stop_loss="0.1"))
    trader = SimpleNamespace(rules=SimpleNamespace(limits=limits), order=given.append)
    rest: Any = (Open(), fallen, positions, OrderLedger(state), None, trader, lambda: 0.0, observed, logger())
    return Bookkeeper(state, None, None, *rest), fallen, given  # type: ignore[arg-type]


async def test_a_lot_that_has_fallen_is_sold_whole(state: State, observed: Any) -> None:
    keeper, _, given = leaving(state, observed)
    await keeper.exits()
    assert [(plan.side, plan.size, plan.why) for plan in given] == [("SELL", SHARES, "stop_loss")]


@pytest.mark.parametrize("what", ["ordered", "sold"])
async def test_what_is_sold_while_the_book_is_asked_for_is_not_sold_twice(
    state: State, observed: Any, what: str
) -> None:
    """A leader's sale may be copied meanwhile: two orders for one lot would sell another leader's shares."""
    keeper, fallen, given = leaving(state, observed)

    def order() -> None:
        plan = Plan("f#0", "0xb", "1", "0xc", "SELL", 100_000, SHARES, 10_000, False)
        OrderLedger(state).attempt(plan, "FAK", 1.0)

    def sell() -> None:
        level = (Level(100_000, SHARES),)
        trade = OwnTrade("s", "o2", "1", "0xc", "SELL", level, "CONFIRMED", 2.0)
        PositionLedger(state).apply(trade, "0xb", 0)

    fallen.meanwhile = {"ordered": order, "sold": sell}[what]
    await keeper.exits()
    assert given == []
