"""The chores beside the trading: what waits to be redeemed is held, what is gone was paid out."""

from __future__ import annotations

from typing import Any

from copybot.bookkeeper import GONE_AFTER, HELD, Bookkeeper
from copybot.executor import OrderLedger
from copybot.logs import logger
from copybot.model import MICRO, Fee, Level, Market, OwnTrade
from copybot.positions import PositionLedger, Redeemer
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
