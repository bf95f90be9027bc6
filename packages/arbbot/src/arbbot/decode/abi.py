"""Solidity's ABI, read by slicing: every offset and length is checked before it is followed.

`base` is where the offsets of an encoding count from, `words` how many head words it has. An offset that
points into the head is refused: it is how a call of another contract with the same selector shows itself.
Source: Solidity documentation, contract ABI specification.
"""

from __future__ import annotations

from arbbot.decode.errors import CalldataError

_CLEAN = bytes(12)
_from_bytes = int.from_bytes


def need(data: bytes, base: int, words: int) -> None:
    """Check that the head is there. Raises CalldataError("bounds")."""
    if len(data) < base + 32 * words:
        raise CalldataError("bounds", "head is cut")


def word(data: bytes, at: int) -> int:
    """Read an unsigned word; the caller has checked that it is there."""
    return _from_bytes(data[at : at + 32], "big")


def address(data: bytes, at: int, clean: bool) -> bytes:
    """Read an address; with clean, raise CalldataError("padding") for dirt above it."""
    if clean and data[at : at + 12] != _CLEAN:
        raise CalldataError("padding", "address has dirty upper bytes")
    return data[at + 12 : at + 32]


def dynamic(data: bytes, base: int, words: int, at: int, clean: bool) -> tuple[int, int]:
    """Follow the offset at a position: (where the content starts, the length word before it)."""
    offset = word(data, at)
    if offset < 32 * words or (clean and offset & 31):
        raise CalldataError("offset", f"offset {offset} is no place behind the head")
    start = base + offset + 32
    if start > len(data):
        raise CalldataError("bounds", "offset passes the end")
    return start, word(data, start - 32)


def blob(data: bytes, base: int, words: int, at: int, clean: bool) -> bytes:
    """Read a `bytes` argument."""
    start, size = dynamic(data, base, words, at, clean)
    if start + size > len(data):
        raise CalldataError("bounds", "bytes pass the end")
    return data[start : start + size]


def addresses(data: bytes, base: int, words: int, at: int, clean: bool) -> tuple[bytes, ...]:
    """Read an `address[]` argument."""
    start, count = dynamic(data, base, words, at, clean)
    stop = start + 32 * count
    if stop > len(data):
        raise CalldataError("bounds", "list passes the end")
    if clean:
        return tuple([address(data, i, True) for i in range(start, stop, 32)])
    return tuple([data[i + 12 : i + 32] for i in range(start, stop, 32)])


def blobs(data: bytes, base: int, words: int, at: int, clean: bool) -> list[bytes]:
    """Read a `bytes[]` argument.

    Elements that overlap are refused: they cost nothing to send and would multiply the work of nested calls.
    """
    start, count = dynamic(data, base, words, at, clean)
    if start + 32 * count > len(data):
        raise CalldataError("bounds", "list passes the end")
    out: list[bytes] = []
    room = len(data) - start
    for i in range(count):
        out.append(blob(data, start, count, start + 32 * i, clean))
        room -= len(out[-1])
        if room < 0:
            raise CalldataError("offset", "elements overlap")
    return out
