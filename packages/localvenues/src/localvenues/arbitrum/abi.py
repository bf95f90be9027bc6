"""Contract calls by signature: the ABI's encoding, selectors, and the little that is read back.

Source: the Solidity contract ABI specification, "Formal Specification of the Encoding".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from localvenues.arbitrum.transactions import keccak

WORD = 32


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


@lru_cache(maxsize=256)
def is_dynamic(kind: str) -> bool:
    """Say whether a type's encoding stands in the tail, with its offset in the head."""
    if kind.startswith("(") and kind.endswith(")"):
        return any(is_dynamic(part) for part in arguments(kind))
    return kind in ("bytes", "string") or kind.endswith("[]")


def encode(kinds: Sequence[str], values: Sequence[Any]) -> bytes:
    """Encode values; addresses are 20 bytes, tuples and arrays are sequences."""
    parts = [(is_dynamic(kind), _one(kind, value)) for kind, value in zip(kinds, values, strict=True)]
    offset = sum(WORD if dynamic else len(part) for dynamic, part in parts)
    head, tail = b"", b""
    for dynamic, part in parts:
        head += (offset + len(tail)).to_bytes(WORD, "big") if dynamic else part
        tail += part if dynamic else b""
    return head + tail


def _one(kind: str, value: Any) -> bytes:
    if kind.endswith("[]"):
        return len(value).to_bytes(WORD, "big") + encode([kind[:-2]] * len(value), value)
    if kind.startswith("("):
        return encode(arguments(kind), value)
    if kind in ("bytes", "string"):
        data: bytes = value.encode() if isinstance(value, str) else value
        return len(data).to_bytes(WORD, "big") + data + bytes(-len(data) % WORD)
    if kind == "address":
        return _sized(value, 20).rjust(WORD, b"\0")
    if kind.startswith("bytes"):
        return _sized(value, int(kind[5:])).ljust(WORD, b"\0")
    return int(value).to_bytes(WORD, "big", signed=kind.startswith("int"))


def _sized(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ValueError(f"{len(data)} bytes where {size} belong")
    return data


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
