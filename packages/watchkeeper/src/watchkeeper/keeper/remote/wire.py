"""Protobuf's wire format, as far as remote write needs it; every read is bounds-checked.

Source: protobuf.dev, encoding. Groups (types 3 and 4) are obsolete and refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from watchkeeper.keeper.remote.errors import Malformed

VARINT: Final = 0
DOUBLE: Final = 1
BYTES: Final = 2
FLOAT: Final = 5
_FIXED = {DOUBLE: 8, FLOAT: 4}
_LONGEST_VARINT = 10


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return an unsigned varint and where it ends; raises Malformed."""
    value = shift = 0
    for place in range(at, min(end, at + _LONGEST_VARINT)):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                break
            return value, place + 1
        shift += 7
    raise Malformed(f"varint at byte {at} is cut off or too long")


def fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (number, type, start, stop) of each field in data[at:end]; raises Malformed.

    For a varint, start and stop enclose its bytes.
    """
    while at < end:
        key, at = varint(data, at, end)
        number, kind = key >> 3, key & 7
        if not number:
            raise Malformed(f"field number 0 before byte {at}")
        start, stop = _extent(data, kind, at, end)
        if stop > end:
            raise Malformed(f"field {number} at byte {at} is longer than its message")
        yield number, kind, start, stop
        at = stop


def _extent(data: bytes, kind: int, at: int, end: int) -> tuple[int, int]:
    if kind == BYTES:
        length, start = varint(data, at, end)
        return start, start + length
    if kind == VARINT:
        return at, varint(data, at, end)[1]
    if kind in _FIXED:
        return at, at + _FIXED[kind]
    raise Malformed(f"wire type {kind} at byte {at} is unknown")


def signed(value: int) -> int:
    """Return the int64 that an unsigned varint stands for."""
    return value - (1 << 64) if value >> 63 else value


def written_varint(value: int) -> bytes:
    """Return an int64 as a varint."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def written_bytes(number: int, content: bytes) -> bytes:
    """Return a field of bytes with its key and length; the number is below 16."""
    return bytes([number << 3 | BYTES]) + written_varint(len(content)) + content
