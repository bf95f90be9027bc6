"""The alert value and its identity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Status = Literal["firing", "resolved"]
Pairs = tuple[tuple[str, str], ...]

FNV_OFFSET = 0xCBF29CE484222325
FNV_PRIME = 0x100000001B3
MASK = (1 << 64) - 1


def fingerprint(labels: Iterable[tuple[str, str]]) -> str:
    """Return the 16 hexadecimal digits that identify a label set.

    FNV-1a, 64 bits, over `name 0xFF value 0xFF` of each pair in the order of the names; pairs with
    an empty value do not count. Source: Prometheus' common library, model/signature.go.
    """
    total = FNV_OFFSET
    for name, value in sorted(labels):
        if value:
            total = fnv1a(fnv1a(total, name), value)
    return f"{total:016x}"


def fnv1a(total: int, text: str) -> int:
    """Add a text and the separator 0xFF to a running FNV-1a sum."""
    for byte in text.encode() + b"\xff":
        total = ((total ^ byte) * FNV_PRIME) & MASK
    return total


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. Times are Unix seconds; ends_at is None while it fires."""

    labels: Pairs
    annotations: Pairs
    starts_at: float
    ends_at: float | None = None

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.labels)

    @property
    def status(self) -> Status:
        return "firing" if self.ends_at is None else "resolved"

    @property
    def severity(self) -> str:
        return dict(self.labels).get("severity", "none")
