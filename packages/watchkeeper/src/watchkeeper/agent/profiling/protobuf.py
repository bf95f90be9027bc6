"""The wire format of protocol buffers, as far as profiles need it: varints, texts, messages, packed lists.

Source: protobuf.dev, "Encoding". Fields of value 0 are left out, as proto3 has it.
"""

from collections.abc import Iterable, Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED = {FIXED64: 8, FIXED32: 4}
SIGN = 1 << 63
MASK = (1 << 64) - 1


class BadWire(ValueError):
    """Bytes that are no message."""


def varint(value: int) -> bytes:
    """Write an integer; a negative one as its two's complement of 64 bits."""
    value &= MASK
    if value < 0x80:
        return bytes((value,))
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def number(field: int, value: int) -> bytes:
    """Write an integer field."""
    return varint(field << 3 | VARINT) + varint(value) if value else b""


def text(field: int, content: bytes) -> bytes:
    """Write a field of bytes, a text or a message; an empty one is written, too."""
    return varint(field << 3 | BYTES) + varint(len(content)) + content


def packed(field: int, values: Iterable[int]) -> bytes:
    """Write a list of integers; zeros in it count."""
    content = b"".join(map(varint, values))
    return text(field, content) if content else b""


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return an unsigned integer and where the next thing begins; raise `BadWire`."""
    value = shift = 0
    while shift < 70:
        if at >= len(data):
            break
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value & MASK, at
        shift += 7
    raise BadWire("a number is cut off or too long")


def signed(value: int) -> int:
    """Read 64 bits as a signed integer."""
    return value - (1 << 64) if value & SIGN else value


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message: number and unsigned value or content; raise `BadWire`."""
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        wire = key & 7
        if wire == VARINT:
            value, at = read_varint(data, at)
            yield key >> 3, value
            continue
        if wire == BYTES:
            length, at = read_varint(data, at)
        elif (length := FIXED.get(wire, -1)) < 0:
            raise BadWire(f"wire type {wire} is not in use")
        if at + length > len(data):
            raise BadWire("a field is longer than its message")
        yield key >> 3, data[at : at + length]
        at += length


def listed(value: int | bytes) -> list[int]:
    """Return the unsigned integers of a repeated field, packed or one by one."""
    if isinstance(value, int):
        return [value]
    found, at = [], 0
    while at < len(value):
        one, at = read_varint(value, at)
        found.append(one)
    return found
