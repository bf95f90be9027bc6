"""Money, shares and prices as integers: one micro-unit is 0.000001 pUSD, share or pUSD per share."""

from __future__ import annotations

import re

ONE = 1_000_000
_PLAIN = re.compile(r"([0-9]{1,24})(?:\.([0-9]{1,6})0*)?")


def micro(text: str) -> int:
    """Read a plain decimal text as micro-units; raise ValueError beyond six decimals."""
    found = _PLAIN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a decimal with at most six places")
    return int(found[1]) * ONE + int((found[2] or "0").ljust(6, "0"))


def text(value: int) -> str:
    """Write micro-units as the shortest plain decimal: 0.5, 530, 202535.45."""
    whole, part = divmod(abs(value), ONE)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part:06d}".rstrip("0").rstrip(".")


def down(shares: int, price: int) -> int:
    """Return what shares cost at a price, rounded down."""
    return shares * price // ONE


def up(shares: int, price: int) -> int:
    """Return what shares cost at a price, rounded up."""
    return -(-shares * price // ONE)


def places(value: int) -> int:
    """Return how many decimals a value needs, 0 to 6."""
    return len(f"{value % ONE:06d}".rstrip("0"))
