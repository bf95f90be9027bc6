"""The executor against a scripted node: written first, sent once, asked by hash."""

from typing import Any

import pytest

from arbbot.execute import Executor, Ledger, LocalSigner
from arbbot.execute.calldata import EXECUTED
from arbbot.model import Hop, Opportunity, Plan
from arbbot.rpc import RpcError, RpcRefused, RpcTimeout

CONTRACT = b"\xaa" * 20
HOP = Hop(b"\1" * 20, "v2", b"\2" * 20, b"\3" * 20, 3000)
PLAN = Plan(Opportunity(b"\2" * 20, (HOP, HOP), (10, 11, 12), 2, 5), 1, 300_000, 10**9, 10)


def receipt(status: int, profit: int | None) -> dict[str, Any]:
    """Build a receipt, with the executor's event where a profit is given."""
    data = "0x" + "00" * 32 + (profit or 0).to_bytes(32, "big").hex()
    logs = [{"address": "0x" + CONTRACT.hex(), "topics": [EXECUTED], "data": data}]
    return {
        "status": hex(status), "gasUsed": hex(100), "effectiveGasPrice": hex(7),
        "logs": logs if profit is not None else [],
    }  # fmt: skip


class Node:
    """A node that answers by script and notes what was sent."""

    def __init__(self, ledger: Ledger, receipts: list[Any], send: RpcError | None = None) -> None:
        self.ledger, self.receipts, self.send_error = ledger, receipts, send
        self.sent: list[str] = []
        self.rows_when_sent: list[int] = []

    async def call(self, method: str, *params: Any) -> Any:
        if method == "eth_getTransactionCount":
            return hex(len(self.sent))
        return await self.once(method, *params)

    async def once(self, method: str, *params: Any) -> Any:
        if method == "eth_sendRawTransaction":
            self.rows_when_sent.append(len(self.ledger.unsettled()))
            self.sent.append(params[0])
            if self.send_error:
                raise self.send_error
            return "0x"
        answer = self.receipts.pop(0) if self.receipts else None
        if isinstance(answer, Exception):
            raise answer
        return answer


async def instant(_seconds: float) -> None:
    """Sleep without time passing."""


def executor(node: Node, ledger: Ledger, seconds: float = 10.0) -> Executor:
    return Executor(
        node,
        LocalSigner(b"\7" * 32),
        ledger,
        CONTRACT,
        1,
        receipt_seconds=seconds,
        sleep=instant,  # type: ignore[arg-type]
    )


@pytest.fixture
def ledger() -> Any:
    book = Ledger(":memory:")
    yield book
    book.close()


async def test_an_attempt_is_a_row_before_it_is_sent(ledger: Ledger) -> None:
    """When the node sees the transaction, the ledger already holds it."""
    node = Node(ledger, [None, receipt(1, 42)])
    done = await executor(node, ledger).execute(PLAN)
    assert node.rows_when_sent == [1]
    assert (done.status, done.profit, done.gas_cost) == ("succeeded", 42, 700)
    assert ledger.totals() == (1, 1, 42, 700)
    assert ledger.unsettled() == []


@pytest.mark.parametrize("lost", [RpcTimeout(), RpcTimeout("again")])
async def test_a_lost_answer_is_asked_by_hash_and_never_sent_again(ledger: Ledger, lost: RpcError) -> None:
    """The node took the transaction and its answer was lost: one send, one receipt."""
    node = Node(ledger, [RpcTimeout(), None, receipt(1, 9)], send=lost)
    done = await executor(node, ledger).execute(PLAN)
    assert len(node.sent) == 1
    assert (done.status, done.profit) == ("succeeded", 9)


async def test_a_revert_costs_gas_and_earns_nothing(ledger: Ledger) -> None:
    """A failed transaction is settled with its gas."""
    done = await executor(Node(ledger, [receipt(0, None)]), ledger).execute(PLAN)
    assert (done.status, done.profit, done.gas_cost) == ("reverted", 0, 700)


async def test_a_refused_transaction_is_rejected(ledger: Ledger) -> None:
    """The node's own refusal settles the attempt at once."""
    node = Node(ledger, [], send=RpcRefused(-32000, "insufficient funds"))
    done = await executor(node, ledger).execute(PLAN)
    assert (done.status, done.reason) == ("rejected", "refused")
    assert ledger.unsettled() == []


async def test_an_unknown_outcome_stays_open_and_is_settled_by_the_next_life(ledger: Ledger) -> None:
    """No receipt in time leaves the row open; recovery asks for it by hash."""
    done = await executor(Node(ledger, []), ledger, seconds=0.0).execute(PLAN)
    assert done.status == "unknown"
    assert len(ledger.unsettled()) == 1
    again = Node(ledger, [receipt(1, 5)])
    assert [status for _, status in await executor(again, ledger).recover()] == ["succeeded"]
    assert again.sent == []
    assert ledger.totals().profit == 5


async def test_an_open_attempt_whose_nonce_is_taken_can_never_be_mined(ledger: Ledger) -> None:
    """Recovery rejects it instead of waiting for ever."""
    await executor(Node(ledger, []), ledger, seconds=0.0).execute(PLAN)
    later = Node(ledger, [None])
    later.sent = ["another transaction"]
    assert [status for _, status in await executor(later, ledger).recover()] == ["rejected"]
