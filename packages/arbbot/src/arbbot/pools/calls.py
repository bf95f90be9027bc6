"""The calls by which a pool is read from the node, and the reading of their answers.

An answer is the returned bytes, or None where the call reverted. Selectors are the first four bytes
of keccak-256 of the signature beside them.
"""

from __future__ import annotations

from typing import NamedTuple

from arbbot.pools.errors import BadAnswer

TOKEN0 = bytes.fromhex("0dfe1681")  # token0()
TOKEN1 = bytes.fromhex("d21220a7")  # token1()
RESERVES = bytes.fromhex("0902f1ac")  # getReserves()
FEE = bytes.fromhex("ddca3f43")  # fee()
SPACING = bytes.fromhex("d0c93a7c")  # tickSpacing()
SLOT0 = bytes.fromhex("3850c7bd")  # slot0()
LIQUIDITY = bytes.fromhex("1a686502")  # liquidity()
BITMAP = bytes.fromhex("5339c296")  # tickBitmap(int16)
TICKS = bytes.fromhex("f30dba93")  # ticks(int24)
STABLE = bytes.fromhex("9e548b7f")  # stableSwap()
UNIT0 = bytes.fromhex("3b9f1dc0")  # precisionMultiplier0()
UNIT1 = bytes.fromhex("288e5d02")  # precisionMultiplier1()
GET_PAIR = bytes.fromhex("e6a43905")  # getPair(address,address)
GET_POOL = bytes.fromhex("1698ee82")  # getPool(address,address,uint24)

Answer = bytes | None


class Call(NamedTuple):
    """One eth_call: whom to ask, and the call data."""

    to: bytes
    data: bytes


def call(to: bytes, selector: bytes, *arguments: int | bytes) -> Call:
    """Write a call; an argument is an integer (signed ones as two's complement) or an address."""
    return Call(to, selector + b"".join(_argument(argument) for argument in arguments))


def _argument(argument: int | bytes) -> bytes:
    if isinstance(argument, bytes):
        return argument.rjust(32, b"\0")
    return (argument % (1 << 256)).to_bytes(32, "big")


def words(answer: Answer, count: int) -> list[int]:
    """Read the first words of an answer as unsigned integers. Raises BadAnswer."""
    if answer is None or len(answer) < 32 * count:
        raise BadAnswer("reverted" if answer is None else f"{len(answer)} bytes, wanted {32 * count}")
    return [int.from_bytes(answer[at : at + 32], "big") for at in range(0, 32 * count, 32)]


def word(answer: Answer) -> int:
    """Read an answer of one word as an unsigned integer. Raises BadAnswer."""
    return words(answer, 1)[0]


def signed(value: int) -> int:
    """Read a word as two's complement."""
    return value - (1 << 256) if value >> 255 else value


def address(answer: Answer) -> bytes:
    """Read an address. Raises BadAnswer."""
    value = word(answer)
    if value >> 160:
        raise BadAnswer("more than an address")
    return value.to_bytes(20, "big")
