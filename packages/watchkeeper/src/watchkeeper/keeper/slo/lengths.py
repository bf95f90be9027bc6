"""Lengths of time as rule files write them."""

from __future__ import annotations

from typing import Final

from watchkeeper.keeper.promql.lexer import milliseconds
from watchkeeper.keeper.promql.quoting import decimal

WHOLE: Final = (("y", 31_536_000), ("w", 604_800))
UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def seconds(text: str) -> int:
    """Return the whole seconds of a length such as 1h30m; raise ValueError."""
    try:
        found = milliseconds(text)
    except ValueError:
        found = 0
    if found < 1000 or found % 1000:
        raise ValueError(f"expected a length of whole seconds such as 5m, 1h30m or 30d, got {text!r}")
    return found // 1000


def written(length: int) -> str:
    """Write seconds as Prometheus does: 36 h is `1d12h`, 7 d is `1w`, 30 d stays `30d`."""
    for unit, size in WHOLE:
        if length and length % size == 0:
            return f"{length // size}{unit}"
    parts = []
    for unit, size in UNITS:
        count, length = divmod(length, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def number(value: float) -> str:
    """Write a number as short as it reads back the same."""
    return decimal(value)
