"""An order is written before it is sent, sent once, and asked for by its hash where the answer is lost."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from copybot.clob import ClobRefused, Prepared
from copybot.clob.errors import ClobLimited, ClobTimeout
from copybot.executor import Executor, OrderLedger
from copybot.model import MICRO, Placed, Plan
from copybot.settings import ExecutionSettings
from copybot.state import State

PLAN = Plan("fill#0", "0xa", "1", "0xc", "BUY", 500_000, 20 * MICRO, 10_000, False)
SETTINGS = ExecutionSettings(query_seconds=0.05, uncertain_seconds=1.0)


class Desk:
    """A venue of one order: `answers` are what sending brings, `known` what asking brings, in turn."""

    def __init__(self, answers: list[Any], known: list[Any] | None = None) -> None:
        self.answers, self.known = answers, known or []
        self.sent: list[str] = []
        self.asked: list[str] = []
        self.rows: list[Any] = []
        self.look: Any = lambda: None

    async def prepare(self, plan: Plan, kind: Any, until: int = 0) -> Prepared:
        return Prepared("0xhash", {"side": plan.side}, kind)

    async def place(self, prepared: Prepared) -> Placed:
        self.sent.append(prepared.order)
        self.rows.append(self.look())
        return self._next(self.answers)  # type: ignore[no-any-return]

    async def order(self, name: str) -> Placed | None:
        self.asked.append(name)
        return self._next(self.known)  # type: ignore[no-any-return]

    async def cancel(self, names: Any) -> None: ...

    def _next(self, answers: list[Any]) -> Any:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    """A clock that moves a tenth of a second each time it is read."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


def executor(desk: Desk, state: State, observed: Any, **settings: Any) -> tuple[Executor, OrderLedger]:
    ledger = OrderLedger(state)
    chosen = ExecutionSettings(query_seconds=0.05, uncertain_seconds=1.0, **settings)
    return Executor(desk, ledger, chosen, Clock(), observed), ledger


async def sent(desk: Desk, state: State, observed: Any, **settings: Any) -> str:
    one, _ = executor(desk, state, observed, **settings)
    intent = one.begin(PLAN)
    assert intent is not None
    return await one.send(intent, PLAN)


async def test_the_row_is_there_before_the_order_is_sent(state: State, observed: Any) -> None:
    """A kill between the two leaves a row to ask about, never an order without a row."""
    desk = Desk([Placed("0xhash", "matched", 20 * MICRO)])
    desk.look = lambda: state.db.execute("SELECT id, status FROM orders").fetchall()
    assert await sent(desk, state, observed) == "matched"
    assert desk.rows == [[("0xhash", "submitting")]]


async def test_a_lost_answer_is_asked_for_and_never_sent_again(state: State, observed: Any) -> None:
    """Known failure: retries that double an order. The venue took it, the answer was lost."""
    desk = Desk(
        [ClobTimeout("no answer")], [None, ClobTimeout("again"), Placed("0xhash", "MATCHED", 20 * MICRO)]
    )
    assert await sent(desk, state, observed) == "matched"
    assert desk.sent == ["0xhash"] and desk.asked == ["0xhash"] * 3


async def test_an_order_that_never_arrived_is_absent_after_its_time(state: State, observed: Any) -> None:
    """Not known at once is not absent: the venue may still be taking it in."""
    desk = Desk([ClobTimeout("no answer")], [None])
    assert await sent(desk, state, observed) == "absent"
    assert len(desk.asked) >= 2 and len(desk.sent) == 1


async def test_what_the_venue_did_not_look_at_is_sent_again_as_the_same_order(
    state: State, observed: Any
) -> None:
    """A 429 took nothing; the second sending has the same hash, so that it could not double anything."""
    desk = Desk([ClobLimited(0.0), Placed("0xhash", "matched", MICRO)])
    assert await sent(desk, state, observed) == "matched"
    assert desk.sent == ["0xhash"] * 2


async def test_a_refusal_is_final(state: State, observed: Any) -> None:
    """A fill-or-kill that was killed executed nothing."""
    assert await sent(Desk([ClobRefused(400, "not enough balance")]), state, observed) == "rejected"
    row = state.db.execute("SELECT status, reason FROM orders").fetchone()
    assert row == ("rejected", "not enough balance")


async def test_a_fill_has_one_order_for_ever(state: State, observed: Any) -> None:
    """Decided twice, after a restart for instance, it is ordered once."""
    one, _ = executor(Desk([Placed("0xhash", "matched", 1)]), state, observed)
    assert one.begin(PLAN) is not None
    again, _ = executor(Desk([]), state, observed)
    assert again.begin(PLAN) is None


@pytest.mark.parametrize(
    ("known", "status"),
    [
        (Placed("0xhash", "MATCHED", 5), "matched"),
        (Placed("0xhash", "CANCELED", 0), "settled"),
        (None, "uncertain"),
    ],
)
async def test_a_start_asks_for_what_was_open(state: State, observed: Any, known: Any, status: str) -> None:
    """A kill after sending: the next life asks by the hash in the row."""
    ledger = OrderLedger(state)
    intent = ledger.attempt(PLAN, "FAK", 1000.0)
    assert intent is not None
    ledger.name(intent, "0xhash")
    one, _ = executor(Desk([], [known]), state, observed)
    assert await one.recover() == [("0xhash", status)]


async def test_an_attempt_that_was_never_signed_was_never_sent(state: State, observed: Any) -> None:
    """Its row has no hash: there is nothing to ask for, and nothing stays reserved."""
    intent = OrderLedger(state).attempt(PLAN, "FAK", 1000.0)
    one, ledger = executor(Desk([]), state, observed)
    assert await one.recover() == [(intent, "absent")] and ledger.open() == []


async def test_a_partly_matched_resting_order_stays_open(state: State, observed: Any) -> None:
    """The venue says `matched` although the rest still rests."""
    desk = Desk([Placed("0xhash", "matched", MICRO)])
    assert await sent(desk, state, observed, order_type="GTC") == "resting"


async def test_stopping_cancels_or_keeps_as_configured(state: State, observed: Any) -> None:
    """What rests is cancelled at the end, or left for the next life."""
    for on_stop, asked in (("keep", 0), ("cancel", 1)):
        desk = Desk([], [Placed("0xhash", "CANCELED", 0)])
        rows = State(":memory:")
        ledger = OrderLedger(rows)
        intent = ledger.attempt(PLAN, "GTC", 1000.0)
        assert intent is not None
        ledger.name(intent, "0xhash")
        ledger.mark("0xhash", "resting")
        one = Executor(desk, ledger, ExecutionSettings(on_stop=on_stop), Clock(), observed)  # type: ignore[arg-type]
        await one.stop()
        assert len(desk.asked) == asked
        rows.close()


@pytest.mark.parametrize(
    ("answered", "shares", "status"), [(False, 0, "uncertain"), (True, 0, "absent"), (True, MICRO, "matched")]
)
async def test_a_forgotten_order_is_absent_only_when_its_trades_were_asked_for(
    state: State, observed: Any, answered: bool, shares: int, status: str
) -> None:
    """After a restart the time is over at once, the venue has forgotten the order, trades are not read."""
    ledger, traded, asked = OrderLedger(state), [0], list[float]()
    intent = ledger.attempt(PLAN, "FAK", 1000.0)
    assert intent is not None
    ledger.name(intent, "0xhash")

    async def settle(since: float) -> bool:
        asked.append(since)
        traded[0] = shares
        return answered

    clock = Clock()
    clock.now += SETTINGS.uncertain_seconds
    one = Executor(Desk([], [None]), ledger, SETTINGS, clock, observed, lambda _: traded[0], settle)
    assert await one.recover() == [("0xhash", status)]
    assert asked == [1000.0]


@pytest.mark.parametrize(
    ("configured", "rests", "kind"), [("GTC", True, "GTC"), ("GTC", False, "FAK"), ("FOK", False, "FOK")]
)
async def test_what_may_not_rest_takes_what_it_finds(
    state: State, observed: Any, configured: str, rests: bool, kind: str
) -> None:
    """The venue refuses to let fewer than five shares rest: a small sale would be refused again and again."""
    desk = Desk([Placed("0xhash", "matched", MICRO)])
    one, _ = executor(desk, state, observed, order_type=configured)
    plan = msgspec.structs.replace(PLAN, side="SELL", rests=rests)
    intent = one.begin(plan)
    assert intent is not None
    assert await one.send(intent, plan) == ("resting" if kind == "GTC" else "matched")
    assert state.db.execute("SELECT type FROM orders").fetchone() == (kind,)
