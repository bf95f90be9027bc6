"""How much a router call must prove before its swap is believed."""

from __future__ import annotations

from enum import IntEnum


class Grade(IntEnum):
    """The three grades of validation of router calldata; each includes the one before it.

    PERMISSIVE: every offset and length lies inside the calldata and behind its head, a path names a pair, a
    fee fits 24 bits. Nothing less can be read at all.

    MODERATE: also no token is the zero address, no hop goes from a token to itself, and a path has at most
    16 tokens. Unknown routers are believed by their selector. This is the grade for replays.

    STRICT: also the encoding is canonical (addresses and small numbers have clean padding, offsets are
    multiples of 32), the router is in the book and its kind knows the selector, a path has at most 8 tokens,
    the exact amount is not zero, a fee is below 100 %, and a deadline is not behind the message's time. This
    is the grade for trading.
    """

    PERMISSIVE = 0
    MODERATE = 1
    STRICT = 2
