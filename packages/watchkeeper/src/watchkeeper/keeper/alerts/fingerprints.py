"""The identity of label sets: FNV-1a, 64 bits, as Alertmanager sums it.

Source: Prometheus' common library, model/signature.go (labelSetToFingerprint).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

import numpy as np

from watchkeeper.keeper.alerts.labels import Pairs

OFFSET: Final = 0xCBF29CE484222325
PRIME: Final = 0x100000001B3
MASK: Final = (1 << 64) - 1
# Longer texts are summed one by one: beside one of a megabyte the others would be padded to it.
LONGEST = 512
FEWEST = 8
MOST_KNOWN = 32_768

# An alert that is sent again each minute is summed once: a byte costs 0.06 us in Python.
_known: dict[Pairs, str] = {}


def fingerprint(labels: Iterable[tuple[str, str]]) -> str:
    """Return the 16 hexadecimal digits that identify a label set.

    The sum is over `name 0xFF value 0xFF` of each pair in the order of the names; pairs with an empty
    value do not count.
    """
    pairs = labels if isinstance(labels, tuple) else tuple(labels)
    found = _known.get(pairs)
    if found is None:
        found = _keep(pairs, summed(text_of(pairs)))
    return found


def sum_up(sets: Iterable[Pairs]) -> None:
    """Sum many label sets at once, a byte of each at a time, so that `fingerprint` knows them."""
    fresh = {pairs: text_of(pairs) for pairs in sets if pairs not in _known}
    short = [(text, pairs) for pairs, text in fresh.items() if len(text) <= LONGEST]
    if len(short) < FEWEST:
        return
    short.sort(key=lambda one: len(one[0]), reverse=True)
    for (_, pairs), total in zip(short, columns_summed([text for text, _ in short]), strict=True):
        _keep(pairs, total)


def text_of(pairs: Pairs) -> bytes:
    """Return what is summed of a label set."""
    return b"".join(
        [b"%b\xff%b\xff" % (name.encode(), value.encode()) for name, value in sorted(pairs) if value]
    )


def summed(text: bytes) -> int:
    """Return the sum over one text."""
    total = OFFSET
    for byte in text:
        total = ((total ^ byte) * PRIME) & MASK
    return total


def columns_summed(texts: Sequence[bytes]) -> list[int]:
    """Return the sums over texts, the longest first; shorter ones end where they end."""
    width = len(texts[0])
    grid = np.frombuffer(b"".join([text.ljust(width, b"\0") for text in texts]), np.uint8)
    columns = grid.reshape(len(texts), width).T.astype(np.uint64)
    totals = np.full(len(texts), OFFSET, np.uint64)
    prime, alive = np.uint64(PRIME), len(texts)
    for place, column in enumerate(columns):
        while len(texts[alive - 1]) <= place:
            alive -= 1
        head = totals[:alive]
        head ^= column[:alive]
        head *= prime
    return [int(total) for total in totals]


def _keep(pairs: Pairs, total: int) -> str:
    if len(_known) >= MOST_KNOWN:
        for old in list(islice(_known, MOST_KNOWN // 2)):
            _known.pop(old, None)
    told = _known[pairs] = f"{total:016x}"
    return told
