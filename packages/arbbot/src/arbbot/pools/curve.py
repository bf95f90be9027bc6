"""What every pool's curve can do: the one door through which a pool is priced.

A curve is the state of a pool at one moment and never changes; a trade gives the curve after it.
Directions are named zero_for_one, as in the contracts: true where token0 goes in.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import msgspec

from arbbot.model import Version

PIPS = 1_000_000
"""Fees are in hundredths of a bip for every kind of pool: 3000 is 0.3 %."""


class Trade(NamedTuple):
    """What a swap takes, what it gives, and the pool's curve after it."""

    amount_in: int
    amount_out: int
    after: Curve


class Segment(NamedTuple):
    """A piece of a curve on which one formula holds, without rounding (the contract only gives less).

    out(x) = start_out + a*(x - start_in) / (b + c*(x - start_in)) for start_in <= x <= end_in; all are
    integers, amounts in rounded down and amounts out up, so that the formula never gives less than the
    truth. end_in is None where the piece has no end that matters. cursor is the curve's own note of
    where the piece ends; None where nothing follows.
    """

    a: int
    b: int
    c: int
    start_in: int
    start_out: int
    end_in: int | None
    end_out: int
    cursor: tuple[int, int, int] | None


class Curve(Protocol):
    """The state of one pool at one moment. Amounts are integers in the tokens' smallest units."""

    def exact_in(self, zero_for_one: bool, amount: int, limit: int = 0) -> Trade:
        """Swap an amount in. A V3 trade may stop at the limit and take less. Raises PoolError."""

    def exact_out(self, zero_for_one: bool, amount: int, limit: int = 0) -> Trade:
        """Swap for an amount out. A V3 trade may stop at the limit and give less. Raises PoolError."""

    def quote(self, zero_for_one: bool, amount: int) -> int:
        """Give what comes out for an amount in; zero where the pool's quoter says zero. Raises PoolError."""

    def needed(self, zero_for_one: bool, amount: int) -> int:
        """Give what must go in for an amount out, all of it. Raises PoolError."""

    def spot(self, zero_for_one: bool) -> tuple[int, int]:
        """Give the price of an infinitely small trade before the fee: out over in, as a fraction."""

    def fee(self, zero_for_one: bool) -> int:
        """Give the fee on what goes in (pips)."""

    def segment(self, zero_for_one: bool, before: Segment | None = None) -> Segment | None:
        """Give the curve's first piece from here on, or the one that follows another; None where none is.

        A curve that is no quotient of lines gives None at once.
        """


class Pool(msgspec.Struct, frozen=True, gc=False):
    """Which pool it is. fee is pips as a path names it, None where a path names none (V2)."""

    address: bytes
    protocol: str
    version: Version
    token0: bytes
    token1: bytes
    fee: int | None


class Loaded(NamedTuple):
    """A pool and its curve at the block of loading."""

    pool: Pool
    curve: Curve
