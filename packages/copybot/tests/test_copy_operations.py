"""What the agent accounts of the copy bot's work: each scan, each order, and which of them failed."""

from __future__ import annotations

from typing import Any

import pytest

from copybot.clob import ClobRefused, Prepared, Sweep
from copybot.clob.errors import ClobTimeout
from copybot.executor import Executor, OrderLedger
from copybot.model import MICRO, Placed, Plan
from copybot.reading import read_settings
from copybot.settings import ExecutionSettings, WalletSettings
from copybot.state import State
from copybot.wallets import WalletLedger, WalletMonitor
from copybot.watch import TARGETS, Watcher
from watchkeeper import Watch

LEADERS = ("0x" + "a1" * 20, "0x" + "b2" * 20)
PLAN = Plan("fill#0", LEADERS[0], "1", "0xc", "BUY", 500_000, 20 * MICRO, 10_000, False)


@pytest.fixture
def watch() -> Watch:
    """Return an agent that records each trace; it is not started."""
    made = Watch("copybot", environment={"METRICS_PORT": "0"}, system=False, profile_hz=0)
    made.tracer.ratio = 1.0
    return made


def accounts(watch: Watch) -> dict[str, Any]:
    """Return the figures of each operation by name, as the keeper's page reads them."""
    return {one.name: one for one in watch._diagnostics.operations.accounts()}


class Api:
    """A Data API that fails for one wallet."""

    async def trades(self, user: str, start: int) -> Sweep:
        if user == LEADERS[1]:
            raise ClobTimeout("no answer")
        return Sweep([], True)

    async def positions(self, user: str) -> list[Any]:
        return []


async def test_a_scan_that_misses_a_wallet_is_a_failed_scan(watch: Watch, state: State) -> None:
    """A wallet that fails hurts no other, and is no success either."""
    watcher = Watcher(watch, read_settings({}))
    for leaders in (LEADERS[:1], LEADERS):
        settings = WalletSettings(leaders=leaders)
        one = WalletMonitor(Api(), WalletLedger(state), settings, lambda: 900.0, watcher, lambda found: None)  # type: ignore[arg-type]
        await one.scan()
    scan = accounts(watch)["scan"]
    assert (scan.count, scan.errors, scan.target) == (2, 1, TARGETS["scan"])


class Desk:
    """A venue that answers one order with what it is given."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def prepare(self, plan: Plan, kind: Any, until: int = 0) -> Prepared:
        return Prepared("0xhash", {"side": plan.side}, kind)

    async def place(self, prepared: Prepared) -> Placed:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("answer", "errors"),
    [(Placed("0xhash", "matched", 20 * MICRO), 0), (ClobRefused(400, "not enough balance"), 1)],
)
async def test_an_order_that_is_refused_is_a_failed_execution(
    watch: Watch, state: State, answer: Any, errors: int
) -> None:
    """It raises nothing; the report's error rate tells it, and its span belongs to a trace."""
    watcher = Watcher(watch, read_settings({}))
    settings = ExecutionSettings(query_seconds=0.05, uncertain_seconds=1.0)
    one = Executor(Desk(answer), OrderLedger(state), settings, lambda: 1000.0, watcher)  # type: ignore[arg-type]
    intent = one.begin(PLAN)
    assert intent is not None
    await one.send(intent, PLAN)
    execute = accounts(watch)["execute"]
    assert (execute.count, execute.errors) == (1, errors)
    assert [span.name for span in watch.tracer.taken(10)] == ["execute"]


def test_a_call_to_the_venue_is_a_part_of_the_work_that_made_it(watch: Watch) -> None:
    """The trace of a scan shows which call took its time, and its failure."""
    watcher = Watcher(watch, read_settings({}))
    with watcher.operation("scan"):
        watcher.called("data", 0.2, "timeout")
    call, scan = watch.tracer.taken(10)
    assert (call.name, call.parent, call.error) == ("call data", scan.context.span, "timeout")
    assert call.ended - call.began == 200_000_000
