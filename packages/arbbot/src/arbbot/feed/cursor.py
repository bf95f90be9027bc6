"""Where the bot stands in the feed's numbering."""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum

FAR = 1 << 20
"""A number so far from the last one is not believed alone: three days of Arbitrum at 4 messages a second."""


class Verdict(Enum):
    """What a message's number means."""

    NEW = "new"
    DUPLICATE = "duplicate"
    REORG = "reorg"
    OLD = "old"
    STRAY = "stray"


class Cursor:
    """Judge messages by sequence number and block hash.

    A number seen with the same hash is a duplicate; with another hash the feed was reorganised and the
    message counts. A number below everything remembered is old. One far from the last is a stray, which
    changes nothing, until its successor follows: then the feed has moved. Memory is bounded by `remember`.
    """

    def __init__(self, remember: int = 4096) -> None:
        self._remember = remember
        self._hashes: OrderedDict[int, object] = OrderedDict()
        self._stray: int | None = None
        self.last: int | None = None
        self.missing = 0

    @property
    def next_request(self) -> int | None:
        """Return the number to ask for on connecting: the last seen, whose repeat is dropped."""
        return self.last

    def judge(self, sequence: int, block_hash: object) -> tuple[Verdict, int]:
        """Return the verdict and how many numbers were skipped just before this one."""
        if sequence in self._hashes:
            return self._seen(sequence, block_hash), 0
        if self.last is not None and abs(sequence - self.last) > FAR and not self._moved_to(sequence):
            return Verdict.STRAY, 0
        if self.last is None or sequence > self.last:
            skipped = 0 if self.last is None else sequence - self.last - 1
            self._note(sequence, block_hash)
            self.last = sequence
            self.missing += skipped
            return Verdict.NEW, skipped
        return self._late(sequence, block_hash), 0

    def _moved_to(self, sequence: int) -> bool:
        """Tell whether two numbers in a row stand far from the rest; then follow them."""
        before, self._stray = self._stray, sequence
        if before is None or sequence != before + 1:
            return False
        if self.last is not None and sequence < self.last:
            self._hashes.clear()
            self.last = sequence - 2  # the stray before this one is the one that is missing
        return True

    def _seen(self, sequence: int, block_hash: object) -> Verdict:
        if block_hash is None or self._hashes[sequence] == block_hash:
            return Verdict.DUPLICATE
        self._note(sequence, block_hash)
        return Verdict.REORG

    def _late(self, sequence: int, block_hash: object) -> Verdict:
        oldest = next(iter(self._hashes))
        if sequence < oldest:
            return Verdict.OLD
        self._note(sequence, block_hash)  # fills a gap
        self.missing -= 1
        return Verdict.NEW

    def _note(self, sequence: int, block_hash: object) -> None:
        self._hashes[sequence] = block_hash
        while len(self._hashes) > self._remember:
            self._hashes.popitem(last=False)
