"""Send a plan and learn what became of it.

An attempt is a row before it is sent. A transaction is sent once; where the answer is lost its outcome is
asked by hash, never sent again. One plan is under way at a time, so nonces cannot collide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, time
from typing import Any, Literal

from arbbot.execute.calldata import execute_call, measured_profit
from arbbot.execute.ledger import Attempt, Ledger
from arbbot.execute.signing import Call, Signer, keccak
from arbbot.model import Plan, Receipt
from arbbot.rpc import Rpc, RpcError, RpcRefused

Status = Literal["succeeded", "reverted", "unknown", "rejected"]


class Executor:
    """Execute plans through the executor contract at `address`."""

    def __init__(
        self,
        rpc: Rpc,
        signer: Signer,
        ledger: Ledger,
        address: bytes,
        chain_id: int,
        *,
        receipt_seconds: float = 10.0,
        poll_seconds: float = 0.1,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rpc, self._signer, self._ledger = rpc, signer, ledger
        self.address, self._chain_id = address, chain_id
        self._receipt_seconds, self._poll_seconds, self._sleep = receipt_seconds, poll_seconds, sleep
        self._nonce: int | None = None
        self.busy = False

    async def recover(self) -> list[tuple[str, Status]]:
        """Settle the attempts that an earlier life left open; return what became of each."""
        settled: list[tuple[str, Status]] = []
        confirmed = await self._count("latest")
        for tx_hash, nonce in self._ledger.unsettled():
            receipt = await self._rpc.call("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                settled.append((tx_hash, self._settle(tx_hash, receipt)[0]))
            elif nonce < confirmed:  # another transaction took its nonce: it can never be mined
                self._ledger.settle(tx_hash, "rejected", 0, 0, "replaced")
                settled.append((tx_hash, "rejected"))
        return settled

    async def execute(self, plan: Plan) -> Receipt:
        """Execute one plan; never raises for what the node or the chain does."""
        self.busy = True
        try:
            return await self._attempt(plan)
        finally:
            self.busy = False

    async def _attempt(self, plan: Plan) -> Receipt:
        try:
            nonce = await self._next_nonce()
        except RpcError as error:
            return Receipt(plan, b"", "rejected", 0, 0, error.reason)
        raw = self._signer.sign(self._call(plan, nonce))
        tx_hash = keccak(raw)
        name = "0x" + tx_hash.hex()
        self._ledger.attempt(self._row(plan, nonce, name, raw))
        status, profit, gas_cost, reason = await self._send(name, raw)
        return Receipt(plan, tx_hash, status, profit, gas_cost, reason)

    def _call(self, plan: Plan, nonce: int) -> Call:
        data = execute_call(plan)
        return Call(self._chain_id, nonce, plan.max_fee, plan.gas_limit, self.address, data)

    def _row(self, plan: Plan, nonce: int, name: str, raw: bytes) -> Attempt:
        opportunity = plan.opportunity
        signed = "0x" + raw.hex()
        amount, profit = opportunity.amounts[0], opportunity.profit
        return Attempt(time(), opportunity.sequence, nonce, name, signed, amount, profit)

    async def _send(self, name: str, raw: bytes) -> tuple[Status, int, int, str | None]:
        try:
            await self._rpc.once("eth_sendRawTransaction", "0x" + raw.hex())
        except RpcRefused as error:
            if "already" not in str(error):  # `already known`: it is in the pool after all
                self._nonce = None
                self._ledger.settle(name, "rejected", 0, 0, str(error))
                return "rejected", 0, 0, "refused"
        except RpcError:
            pass  # the node may have it: ask for it by hash
        self._nonce = None if self._nonce is None else self._nonce + 1
        return await self._outcome(name)

    async def _outcome(self, name: str) -> tuple[Status, int, int, str | None]:
        """Ask for the receipt until it is there or the time is up."""
        until = monotonic() + self._receipt_seconds
        while monotonic() < until:
            await self._sleep(self._poll_seconds)
            try:
                receipt = await self._rpc.once("eth_getTransactionReceipt", name)
            except RpcError:
                continue
            if receipt is not None:
                return self._settle(name, receipt)
        self._nonce = None
        self._ledger.settle(name, "unknown", 0, 0, "no receipt in time")
        return "unknown", 0, 0, "no_receipt"

    def _settle(self, name: str, receipt: dict[str, Any]) -> tuple[Status, int, int, str | None]:
        gas_cost = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        profit = measured_profit(receipt["logs"], self.address)
        if int(receipt["status"], 16) == 1 and profit is not None:
            self._ledger.settle(name, "succeeded", profit, gas_cost, None)
            return "succeeded", profit, gas_cost, None
        self._ledger.settle(name, "reverted", 0, gas_cost, "reverted")
        return "reverted", 0, gas_cost, "reverted"

    async def _next_nonce(self) -> int:
        if self._nonce is None:
            self._nonce = await self._count("pending")
        return self._nonce

    async def _count(self, at: str) -> int:
        return int(await self._rpc.call("eth_getTransactionCount", "0x" + self._signer.address.hex(), at), 16)
