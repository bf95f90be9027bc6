"""Calldata by signature: selector and arguments, and the two ways back that the venue needs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from eth_abi.abi import encode

from localvenues.arbitrum.transactions import keccak


@lru_cache(maxsize=256)
def selector(signature: str) -> bytes:
    """Return the four bytes that name a function."""
    return keccak(signature.encode())[:4]


@lru_cache(maxsize=64)
def topic(signature: str) -> str:
    """Return an event's first topic as 0x text."""
    return "0x" + keccak(signature.encode()).hex()


@lru_cache(maxsize=256)
def arguments(signature: str) -> tuple[str, ...]:
    """Split a signature's outermost arguments: `f(a,(b,c)[])` has two."""
    inner, depth, words = signature[signature.index("(") + 1 : -1], 0, [""]
    for sign in inner:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            words.append("")
        else:
            words[-1] += sign
    return tuple(word for word in words if word)


def call(signature: str, *values: Any) -> bytes:
    """Encode a call; addresses are 20 bytes, tuples are tuples."""
    return selector(signature) + encode(arguments(signature), values)


def words(data: str) -> list[int]:
    """Split 0x text into unsigned 256-bit integers."""
    return [int(data[at : at + 64], 16) for at in range(2, len(data) - 63, 64)]


def text(address: bytes) -> str:
    """Return 0x text with the checksum's upper and lower case (EIP-55)."""
    plain = address.hex()
    marks = keccak(plain.encode()).hex()
    return "0x" + "".join(
        sign.upper() if int(mark, 16) > 7 else sign for sign, mark in zip(plain, marks, strict=False)
    )
