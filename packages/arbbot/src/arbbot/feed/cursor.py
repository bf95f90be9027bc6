"""Where the bot stands in the feed's numbering."""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum


class Verdict(Enum):
    """What a message's number means."""

    NEW = "new"
    DUPLICATE = "duplicate"
    REORG = "reorg"
    OLD = "old"


class Cursor:
    """Judge messages by sequence number and block hash.

    A number seen with the same hash is a duplicate; with another hash the feed was reorganised and the
    message counts. A number below everything remembered is old. Memory is bounded by `remember`.
    """

    def __init__(self, remember: int = 4096) -> None:
        self._remember = remember
        self._hashes: OrderedDict[int, object] = OrderedDict()
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
        if self.last is None or sequence > self.last:
            skipped = 0 if self.last is None else sequence - self.last - 1
            self._note(sequence, block_hash)
            self.last = sequence
            self.missing += skipped
            return Verdict.NEW, skipped
        return self._late(sequence, block_hash), 0

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
