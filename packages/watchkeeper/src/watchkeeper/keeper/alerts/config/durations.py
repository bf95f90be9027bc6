"""Lengths of time as Prometheus writes them: 1d12h, 30s, 10ms."""

from __future__ import annotations

import re

_UNITS = (("y", 31536000.0), ("w", 604800.0), ("d", 86400.0), ("h", 3600.0), ("m", 60.0), ("s", 1.0))
_SHAPE = re.compile(
    "".join(rf"(?:([0-9]+){unit})?" for unit, _ in _UNITS) + r"(?:([0-9]+)ms)?",
    re.ASCII,
)
# Go keeps lengths in 64 bits of nanoseconds.
_LONGEST = 2**63 / 1e9


def seconds(text: str) -> float:
    """Return the seconds of a length; raise ValueError. Units must stand in order; 0 needs none."""
    if text == "0":
        return 0.0
    shape = _SHAPE.fullmatch(text)
    if not text or shape is None:
        raise ValueError("empty duration string" if not text else f'not a valid duration string: "{text}"')
    sizes = [size for _, size in _UNITS] + [0.001]
    total = sum(int(count) * size for count, size in zip(shape.groups(), sizes, strict=True) if count)
    if total > _LONGEST:
        raise ValueError("duration out of range")
    return total


def length_text(length: float) -> str:
    """Return a length in seconds as Prometheus writes it."""
    if length == 0:
        return "0s"
    rest = round(length * 1000)
    out = ""
    for unit, size in (*_UNITS, ("ms", 0.001)):
        count, remains = divmod(rest, round(size * 1000))
        # Years and weeks only where nothing is left over, as in 90d.
        if count and (unit not in "yw" or not remains):
            out, rest = f"{out}{count}{unit}", remains
    return out
