"""The sequencer: sets the pace of blocks and turns each mined block into its feed message.

The feed comes after execution: a message is made of a mined block and carries that block's hash.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from localvenues.arbitrum import wire
from localvenues.arbitrum.rpc import Rpc
from localvenues.arbitrum.transactions import Account, keccak, raw_transaction

BASE_FEE = 20_000_000
BASE_FEE_BOUNDS = (10_000_000, 60_000_000)
# An L1 block and its time, far from any other number that a reader could confuse it with.
L1_BLOCK_AT = (23_500_000, 1_760_000_000)
L1_SECONDS = 12
NESTED_SHARE = 0.15
EXPRESS_SHARE = 0.2
Block = dict[str, Any]


class SequencerError(Exception):
    """A block cannot be told truthfully on the feed."""


@dataclass(frozen=True, slots=True)
class Sequenced:
    """A block, and its message as the feed sends it."""

    block: Block
    number: int
    message: wire.FeedMessage


class Composer:
    """Makes a block's feed message; seeded where the format leaves a choice."""

    def __init__(self, chain_id: int, offset: int, seed: int, signer: Account | None) -> None:
        self._chain_id, self._offset, self._signer = chain_id, offset, signer
        self._random = random.Random(seed)

    def sequenced(self, block: Block) -> Sequenced:
        """Return the block with its message; raise SequencerError if a transaction's bytes differ."""
        number, timestamp = int(block["number"], 16), int(block["timestamp"], 16)
        raws = [self._raw(row) for row in block["transactions"]]
        header = wire.Header(
            kind=wire.KIND_L2_MESSAGE,
            sender="0x" + wire.SEQUENCER.hex(),
            block_number=L1_BLOCK_AT[0] + (timestamp - L1_BLOCK_AT[1]) // L1_SECONDS,
            timestamp=timestamp,
            request_id=None,
            base_fee_l1=0,
        )
        message = wire.FeedMessage(
            sequence_number=number - self._offset,
            message=wire.MessageWithMetadata(wire.L1Message(header, self.l2_message(raws)), 1),
            block_hash=block["hash"],
            signature_v2=None,
            block_metadata=wire.metadata([self._random.random() < EXPRESS_SHARE for _ in raws]),
        )
        if self._signer is not None:
            message = wire.sign(message, self._chain_id, self._signer)
        return Sequenced(block, message.sequence_number, message)

    def l2_message(self, raws: list[bytes]) -> bytes:
        """Wrap a block's transactions: one alone may stand bare, more are a batch, at times nested."""
        items = [wire.signed_tx(raw) for raw in raws]
        if len(items) == 1 and self._random.random() < 0.5:
            return items[0]
        if len(items) > 1 and self._random.random() < NESTED_SHARE:
            cut = self._random.randrange(1, len(items))
            items = [*items[:cut], wire.batch(items[cut:])]
        return wire.batch(items)

    @staticmethod
    def _raw(row: Block) -> bytes:
        raw = raw_transaction(row)
        if "0x" + keccak(raw).hex() != row["hash"]:
            raise SequencerError(f"transaction {row['hash']} cannot be rebuilt from its fields")
        return raw


Publish = Callable[[Sequenced], Awaitable[None]]


class Sequencer:
    """Mines blocks at a steady pace and publishes each one."""

    def __init__(self, rpc: Rpc, composer: Composer, publish: Publish, seed: int, first: int) -> None:
        self._rpc, self._composer, self._publish = rpc, composer, publish
        self._random = random.Random(seed)
        self._base_fee = BASE_FEE
        self.block = first
        self.transactions = 0
        self.head: Block = {}

    async def mine(self) -> None:
        """Mine one block and publish it, and any that somebody else had mined in between."""
        # An empty block would lower the base fee by an eighth, so every block's is set.
        await self._rpc.call("anvil_setNextBlockBaseFeePerGas", hex(self._next_base_fee()))
        await self._rpc.call("evm_mine")
        block = await self._rpc.call("eth_getBlockByNumber", "latest", True)
        for number in range(self.block + 1, int(block["number"], 16)):
            await self._tell(await self._rpc.call("eth_getBlockByNumber", hex(number), True))
        await self._tell(block)

    async def _tell(self, block: Block) -> None:
        self.block, self.head = int(block["number"], 16), block
        self.transactions += len(block["transactions"])
        await self._publish(self._composer.sequenced(block))

    def _next_base_fee(self) -> int:
        low, high = BASE_FEE_BOUNDS
        drift = self._random.randrange(-400_000, 400_001) - (self._base_fee - BASE_FEE) // 100
        self._base_fee = max(low, min(high, self._base_fee + drift))
        return self._base_fee

    async def run(self, block_time: float) -> None:
        """Mine for ever, a block every block_time seconds; a late block does not delay the next."""
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            due = max(due + block_time, clock())
            await asyncio.sleep(due - clock())
            await self.mine()
