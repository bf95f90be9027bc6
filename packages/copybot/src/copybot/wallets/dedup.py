"""Naming fills so that none is counted twice and none is lost; pure.

A transaction can hold several fills of one wallet, even equal ones. Equal fills of one answer are numbered in
their order; the same answer asked again numbers them the same. A pushed row is always number 0: two equal
frames may be one fill sent twice, and only the Data API knows. What a push cannot tell, the next poll adds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from copybot.model import Fill


def numbered(fills: Iterable[Fill]) -> list[Fill]:
    """Number equal fills of one answer, oldest fill first."""
    seen: Counter[str] = Counter()
    named = []
    for fill in fills:
        number = seen[fill.base_key]
        seen[fill.base_key] += 1
        named.append(msgspec.structs.replace(fill, occurrence=number) if number else fill)
    return sorted(named, key=lambda fill: fill.timestamp)


def twins(fill: Fill) -> tuple[str, str]:
    """Return the names that this fill has on a feed which rounds its price the other way.

    One API tells a price with 17 digits, another with 10: at the edge their millionths differ by one.
    """
    lower = msgspec.structs.replace(fill, price=fill.price - 1)
    return lower.key, msgspec.structs.replace(fill, price=fill.price + 1).key


def next_watermark(watermark: int, fills: Iterable[Fill]) -> int:
    """Return the newest time that was seen: what was made during the poll is not skipped by the next one."""
    return max([watermark, *(fill.timestamp for fill in fills)])


class Recent:
    """The last keys, so that what was just seen need not be asked of the disk; memory is bounded."""

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._keys: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def add(self, key: str) -> None:
        """Remember a key, and forget the oldest where there are too many."""
        self._keys[key] = None
        if len(self._keys) > self._most:
            del self._keys[next(iter(self._keys))]
