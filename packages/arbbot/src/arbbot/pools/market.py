"""The market: every pool's curve, as confirmed by the chain and as predicted from the feed.

Confirmed is what the node and the logs told, up to one block. Predicted is confirmed plus the swaps
that the feed announced for later blocks. The hot path applies to predicted and reads only it; when a
block's logs arrive they replace the guess, and what the feed announced since is replayed where the
guess was wrong.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from arbbot.model import Swap
from arbbot.pools.curve import Curve, Loaded, Pool
from arbbot.pools.intents import Curves, Intent, Leg, settle
from arbbot.pools.logs import Log, after_log


class Reconciliation(msgspec.Struct, frozen=True, gc=False):
    """What a block's logs said about the prediction.

    exact and corrected count the pools that either side saw change; touched are the pools whose
    predicted curve is another one now, to be priced again.
    """

    block: int
    exact: int
    corrected: int
    touched: frozenset[bytes]


class Market:
    """The pools the bot knows. One thread calls it; it does no I/O.

    offset is a block's number minus its sequence number in the feed. At most `retained` announced
    transactions are kept for replay; `dropped` counts those that had to go before their block was
    confirmed.
    """

    def __init__(self, loaded: Iterable[Loaded], block: int, offset: int = 0, retained: int = 4096) -> None:
        self.pools: dict[bytes, Pool] = {}
        self.offset = offset
        self.dropped = 0
        self._retained = retained
        self._directory: dict[Leg, tuple[Pool, bool]] = {}
        self.replace(block, loaded)

    def replace(self, block: int, loaded: Iterable[Loaded]) -> set[bytes]:
        """Take fresh curves for all pools as of a block and forget everything else; give all pools."""
        entries = list(loaded)
        self.pools = {pool.address: pool for pool, _ in entries}
        self._directory = _directory(self.pools.values())
        self._pairs = _pairs(self.pools.values())
        self.block = block
        self.sequence = block - self.offset
        self._confirmed: Curves = {pool.address: curve for pool, curve in entries}
        self._predicted: Curves = dict(self._confirmed)
        self._intents: deque[Intent] = deque()
        self._marks: dict[int, Curves] = {}
        return set(self.pools)

    def curve(self, address: bytes) -> Curve:
        """Give a pool's predicted curve. Raises KeyError for a pool that is not in the market."""
        return self._predicted[address]

    def confirmed(self, address: bytes) -> Curve:
        """Give a pool's curve as of the confirmed block."""
        return self._confirmed[address]

    def between(self, token_in: bytes, token_out: bytes) -> tuple[tuple[Pool, bool], ...]:
        """Give the pools that swap one token for another, and whether that is zero_for_one."""
        return tuple(self._pairs.get((token_in, token_out), ()))

    @property
    def waiting(self) -> int:
        """Count the announced transactions that no block has confirmed yet."""
        return len(self._intents)

    def apply(self, sequence: int, swaps: Sequence[Swap]) -> set[bytes]:
        """Apply the swaps of one transaction, in order; give the pools that it changed.

        A transaction of an already confirmed block changes nothing. One that would revert neither.
        """
        self.sequence = max(self.sequence, sequence)
        block = sequence + self.offset
        if block <= self.block or not swaps:
            return set()
        intent = Intent(sequence, block, tuple(swaps))
        changed = self._foresee(intent)
        if changed is None:
            return set()
        self._intents.append(intent)
        if len(self._intents) > self._retained:
            self._drop_oldest()
        return set(changed)

    def reconcile(self, block: int, logs: Iterable[Log]) -> Reconciliation:
        """Take the logs of all blocks after the confirmed one up to this one. Raises BadLog.

        Compares what was predicted at that block with what the chain says, counts pool by pool, and
        replays the later announcements where the prediction was wrong.
        """
        if block <= self.block:
            return Reconciliation(block, 0, 0, frozenset())
        actual = self._told(block, logs)
        foreseen = self._foreseen(block)
        seen = actual.keys() | foreseen.keys()
        wrong = [
            address
            for address in seen
            if actual.get(address, self._confirmed[address])
            != foreseen.get(address, self._confirmed[address])
        ]
        self._confirmed.update(actual)
        self._forget(block)
        touched = self._replay() if wrong else set()
        return Reconciliation(block, len(seen) - len(wrong), len(wrong), frozenset(touched))

    def rewind(self, sequence: int) -> set[bytes]:
        """Forget the announcements from a sequence number on (the feed took them back).

        Gives the pools whose curve is another one now. A confirmed block is not taken back: load anew.
        """
        self._intents = deque(intent for intent in self._intents if intent.sequence < sequence)
        self.sequence = min(self.sequence, sequence - 1)
        return self._replay()

    def _foresee(self, intent: Intent) -> Curves | None:
        changed = settle(intent.swaps, self._directory, self._predicted)
        if changed:
            self._predicted.update(changed)
            self._marks.setdefault(intent.block, {}).update(changed)
        return changed

    def _told(self, block: int, logs: Iterable[Log]) -> Curves:
        """Give the curves that the logs tell, for the pools that they speak of."""
        actual: Curves = {}
        ours = (log for log in logs if log.address in self.pools and self.block < log.block <= block)
        for log in sorted(ours, key=lambda log: (log.block, log.index)):
            address = log.address
            actual[address] = after_log(actual.get(address, self._confirmed[address]), log)
        return actual

    def _foreseen(self, block: int) -> Curves:
        """Give the curves that were predicted at a block, for the pools predicted to change by then."""
        foreseen: Curves = {}
        for marked in sorted(self._marks):
            if marked <= block:
                foreseen.update(self._marks[marked])
        return foreseen

    def _forget(self, block: int) -> None:
        self.block = block
        self.sequence = max(self.sequence, block - self.offset)
        self._intents = deque(intent for intent in self._intents if intent.block > block)
        self._marks = {marked: curves for marked, curves in self._marks.items() if marked > block}

    def _replay(self) -> set[bytes]:
        """Predict anew from the confirmed curves; give the pools whose predicted curve changed."""
        before = self._predicted
        self._predicted = dict(self._confirmed)
        self._marks = {}
        for intent in self._intents:
            self._foresee(intent)
        return {address for address, curve in self._predicted.items() if curve != before[address]}

    def _drop_oldest(self) -> None:
        """Give up the oldest announcement; what it did stays predicted until the logs tell."""
        oldest = self._intents.popleft()
        self.dropped += 1
        if not self._intents or self._intents[0].block > oldest.block:
            self._marks.pop(oldest.block, None)


def _directory(pools: Iterable[Pool]) -> dict[Leg, tuple[Pool, bool]]:
    directory: dict[Leg, tuple[Pool, bool]] = {}
    for pool in pools:
        fee = pool.fee if pool.version == "v3" else None
        directory[pool.protocol, pool.version, pool.token0, pool.token1, fee] = (pool, True)
        directory[pool.protocol, pool.version, pool.token1, pool.token0, fee] = (pool, False)
    return directory


def _pairs(pools: Iterable[Pool]) -> dict[tuple[bytes, bytes], list[tuple[Pool, bool]]]:
    pairs: dict[tuple[bytes, bytes], list[tuple[Pool, bool]]] = {}
    for pool in pools:
        pairs.setdefault((pool.token0, pool.token1), []).append((pool, True))
        pairs.setdefault((pool.token1, pool.token0), []).append((pool, False))
    return pairs
