"""The life of a block: the one file that knows the order of the rooms.

`on_frame` runs from a frame to its decision without waiting for anything. What needs the node (executing,
reconciling) runs beside it.
"""

from __future__ import annotations

import asyncio
from time import perf_counter, time
from typing import Any

from arbbot.decode import (
    DecodeError,
    FrameError,
    Grade,
    Message,
    MessageError,
    feed_signer,
    parse_frame,
    swaps,
    transactions,
)
from arbbot.detect import Detector
from arbbot.dex.book import DexBook
from arbbot.execute import Executor, execute_call, own_swaps
from arbbot.feed import Cursor, FeedClient, Verdict
from arbbot.loader import read_logs, reload_market
from arbbot.logs import Burst
from arbbot.model import Opportunity, Plan, Refusal, Swap
from arbbot.pools import Market, PoolError
from arbbot.ports import BotObserver
from arbbot.rpc import Rpc, RpcError
from arbbot.settings import Settings
from arbbot.validate import Gas, Limits, validate

OLD_SECONDS = 5  # a backlog message feeds the state and decides nothing


class Bot:
    """One market, one feed, one executor (or None: everything but the last step)."""

    def __init__(
        self,
        settings: Settings,
        book: DexBook,
        market: Market,
        rpc: Rpc,
        observer: BotObserver,
        log: Any,
        executor: Executor | None = None,
    ) -> None:
        self._settings, self._book, self._market, self._rpc = settings, book, market, rpc
        self._observer, self._log, self._executor = observer, log, executor
        self._burst = Burst()
        self._grade = Grade[settings.feed.grade.upper()]
        self._signers = {bytes.fromhex(signer[2:]) for signer in settings.feed.signers}
        self._base = book.tokens[settings.market.base].address
        native = book.tokens[book.native].address if book.native else self._base
        self._limits = Limits.of(settings.limits.profile, native, **settings.limits.changes())
        self._detector = self._new_detector()
        self._gas: Gas | None = None
        self._suspect_until = -1
        self._reconciled_at = float("-inf")
        self._profit, self._gas_paid = 0, 0
        self._own: dict[
            bytes, tuple[Swap, ...]
        ] = {}  # calldata of plans under way: they move the market, too
        self._protocols = {address: pool.protocol for address, pool in market.pools.items()}
        self._running: set[asyncio.Task[None]] = set()
        self._cursor = Cursor()
        self.feed = FeedClient(settings.feed, settings.chain_id, self._cursor, observer, self.on_frame)
        observer.pools(len(market.pools))

    def _new_detector(self) -> Detector:
        ceilings = {self._base: self._limits.max_position}
        return Detector(self._market, ceilings, self._settings.market.max_hops)

    # --- from frame to decision: no waiting -----------------------------------------------------

    def on_frame(self, data: bytes) -> None:
        """Take one websocket frame through every room; never raises for what the wire brings."""
        began = perf_counter()
        with self._observer.block():
            try:
                frame = parse_frame(data)
            except DecodeError as error:
                self._malformed(error)
                return
            touched: set[bytes] = set()
            fresh = False
            for message in frame.messages:
                fresh = self._message(message, touched) or fresh
            if touched and fresh:
                self._decide(touched, began)

    def _message(self, message: Message, touched: set[bytes]) -> bool:
        """Apply one message to the market; tell whether it is new enough to decide on."""
        sequence = message.sequence
        if sequence is None:
            self._observer.parse_error("no_number")
            return False
        verdict, skipped = self._cursor.judge(sequence, message.block_hash)
        if verdict is not Verdict.NEW and not self._again(verdict, sequence, touched):
            return False
        if skipped:
            self._observer.gap(skipped)
            self._suspect_until = sequence
        self._observer.message(sequence)
        began = perf_counter()
        try:
            wanted = self._swaps(message)
        except DecodeError as error:
            self._malformed(error)
            self._suspect_until = sequence  # whatever was in it happened all the same
            return False
        self._observer.stage("parse", perf_counter() - began)
        for legs in wanted:
            touched |= self._market.apply(sequence, legs)
        return time() - message.timestamp <= OLD_SECONDS

    def _again(self, verdict: Verdict, sequence: int, touched: set[bytes]) -> bool:
        """Handle a number seen before; tell whether the message counts."""
        if verdict is Verdict.REORG:
            self._observer.reorg()
            touched |= self._market.rewind(sequence)
            return True
        if verdict is Verdict.STRAY:
            self._malformed(FrameError("shape", f"number {sequence} is far from {self._cursor.last}"))
        elif sequence == self.feed.resumed_at:
            self.feed.resumed_at = None  # the repeat that we asked for is no disturbance
        else:
            self._observer.duplicate()
        return False

    def _swaps(self, message: Message) -> list[tuple[Swap, ...]]:
        """Return the swaps of each transaction that has any."""
        wanted: list[tuple[Swap, ...]] = []
        if self._signers and feed_signer(message, self._settings.chain_id) not in self._signers:
            raise MessageError("signature", "not signed by one of feed.signers")
        for tx in transactions(message, self._settings.chain_id):
            self._observer.transaction(tx.type)
            if tx.chain_id not in (None, self._settings.chain_id):
                self._observer.validation_error("chain_id")
                continue
            if own := self._own.pop(tx.data, None):
                wanted.append(own)
                continue
            try:
                legs = swaps(tx, self._book, self._grade, message.timestamp)
            except DecodeError as error:
                self._observer.validation_error(error.reason)
                continue
            if legs:
                wanted.append(legs)
                for leg in legs:
                    self._observer.swap(leg.protocol, leg.version)
        return wanted

    def _decide(self, touched: set[bytes], began: float) -> None:
        """Search the cycles through what was touched and take the best that passes."""
        sequence = self._cursor.last or 0
        start = perf_counter()
        found = self._detector.detect(touched, sequence)
        searched = perf_counter()
        self._observer.stage("detect", searched - start)
        self._observer.opportunities(len(found), len(found))
        for opportunity in found:
            verdict = self._judge(opportunity)
            self._observer.stage("validate", perf_counter() - searched)
            if isinstance(verdict, Plan):
                self._take(verdict)
                break
            self._refuse(verdict)
        self._observer.stage("end_to_end", perf_counter() - began)

    def _judge(self, opportunity: Opportunity) -> Plan | Refusal:
        if self._market.block < self._suspect_until + self._settings.genesis_block_offset:
            return Refusal(opportunity, "suspect", "the feed had a gap; waiting for the chain's word")
        if perf_counter() - self._reconciled_at > self._settings.rpc.stale_seconds:
            return Refusal(opportunity, "unconfirmed", "the chain has not confirmed the pools lately")
        if self._gas is None:
            return Refusal(opportunity, "gas_price", "no gas price yet")
        return validate(opportunity, self._market, self._limits, self._gas)

    def _take(self, plan: Plan) -> None:
        """Start a plan, unless execution is off or one is under way."""
        if self._executor is None:
            self._refuse(Refusal(plan.opportunity, "execution_off", "execution is switched off"))
        elif self._executor.busy:
            self._observer.queue(1, 1)
            self._refuse(Refusal(plan.opportunity, "busy", "another plan is under way"))
        else:
            self._executor.busy = True
            task = asyncio.get_running_loop().create_task(self._execute(self._executor, plan))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _refuse(self, refusal: Refusal) -> None:
        self._observer.refused(refusal.reason)
        if (count := self._burst.admit(f"refused {refusal.reason}")) is not None:
            self._log.info("refused", reason=refusal.reason, detail=refusal.detail, count=count)

    def _malformed(self, error: DecodeError) -> None:
        self._observer.parse_error(error.reason)
        if (count := self._burst.admit(f"parse {error.reason}")) is not None:
            self._log.warning("malformed", reason=error.reason, detail=str(error)[:200], count=count)

    # --- beside the hot path ---------------------------------------------------------------------

    async def run(self) -> None:
        """Run until cancelled, or until a part fails for good; an executing plan is waited for."""
        parts = [asyncio.ensure_future(self.feed.run()), asyncio.ensure_future(self._reconcile_forever())]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()  # no loop dies silently
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, *self._running, return_exceptions=True)

    async def recover(self) -> None:
        """Settle what an earlier life left open, and take up its totals."""
        if self._executor is None:
            return
        for tx_hash, status in await self._executor.recover():
            self._log.info("recovered", tx=tx_hash, status=status)

    def resume_totals(self, profit: int, gas_paid: int) -> None:
        """Take up the sums of earlier lives; wei."""
        self._profit, self._gas_paid = profit, gas_paid
        self._observer.earned(profit, gas_paid)

    async def _execute(self, executor: Executor, plan: Plan) -> None:
        with self._observer.operation("execute") as work:
            if not await self._carry_out(executor, plan):
                work.fail()

    async def _carry_out(self, executor: Executor, plan: Plan) -> bool:
        """Execute a plan and tell what came of it; return whether it earned."""
        began = perf_counter()
        self._observer.attempted()
        calldata = execute_call(plan)
        self._own[calldata] = own_swaps(plan, self._protocols, executor.address)
        receipt = await executor.execute(plan)
        self._own.pop(calldata, None)
        self._observer.stage("execute", perf_counter() - began)
        self._observer.queue(0, 0)
        self._profit += receipt.profit
        self._gas_paid += receipt.gas_cost
        self._observer.earned(self._profit, self._gas_paid)
        if receipt.status == "succeeded":
            self._observer.succeeded()
        else:
            self._observer.failed(receipt.reason or receipt.status)
        self._log.info(
            "executed",
            tx="0x" + receipt.tx_hash.hex(),
            status=receipt.status,
            reason=receipt.reason,
            expected=str(plan.opportunity.profit),
            profit=str(receipt.profit),
            gas=str(receipt.gas_cost),
        )
        return receipt.status == "succeeded"

    async def _reconcile_forever(self) -> None:
        while True:
            try:
                with self._observer.operation("reconcile"):
                    await self._reconcile()
            except RpcError as error:
                if (count := self._burst.admit(f"rpc {error.reason}")) is not None:
                    self._log.warning("reconcile failed", reason=error.reason, detail=str(error), count=count)
            await asyncio.sleep(self._settings.rpc.reconcile_seconds)

    async def _correct(self, head: int) -> None:
        """Take the logs up to a block; where they make no sense, load the pools anew."""
        try:
            outcome = self._market.reconcile(head, await read_logs(self._rpc, self._market, head))
        except PoolError as error:
            self._log.warning("pools loaded anew", reason=str(error)[:200])
            await reload_market(self._rpc, self._market)
            self._detector = self._new_detector()
            return
        self._detector.refresh(outcome.touched)
        self._observer.reconciled(outcome.exact, outcome.corrected, 0.0)

    def _comparable(self, head: int) -> int:
        """Return the newest block that the feed has shown, or the node's where the feed says nothing.

        A block that the node has and the feed will show in a moment is no wrong prediction.
        """
        heard = self.feed.last_frame
        if self._cursor.last is None or heard is None or time() - heard > 1.0:
            return head
        return min(head, self._cursor.last + self._settings.genesis_block_offset)

    async def _reconcile(self) -> None:
        """Correct the market by the chain's own logs, and read the gas price."""
        head = self._comparable(int(await self._rpc.call("eth_blockNumber"), 16))
        if head > self._market.block:
            await self._correct(head)
        self._reconciled_at = perf_counter()
        self._gas = Gas(int(await self._rpc.call("eth_gasPrice"), 16), sequence=self._market.sequence)
