"""RLP, read strictly: only the one canonical form of a value is accepted.

Positions are indexes into one bytes object; nothing is copied until a value is wanted. A reader may
return a position behind the end, so its caller compares the last position with the end of the list.
Source: Ethereum yellow paper, appendix B; go-ethereum `rlp/decode.go` for what counts as canonical.
"""

from __future__ import annotations

from collections.abc import Iterable

from arbbot.decode.errors import TransactionError

_from_bytes = int.from_bytes


def span(raw: bytes, at: int, end: int) -> tuple[bool, int, int]:
    """Find the item at a position: (is a list, where its content starts, where it stops).

    Raises TransactionError("rlp") for a header that is not canonical or content that passes `end`.
    """
    if at >= end:
        raise TransactionError("rlp", "item is missing")
    head = raw[at]
    if head < 0x80:
        return False, at, at + 1
    is_list = head >= 0xC0
    short = head - (0xC0 if is_list else 0x80)
    start, stop = (at + 1, at + 1 + short) if short <= 55 else _long(raw, at, short - 55)
    if stop > end:
        raise TransactionError("rlp", "content passes the end")
    if short == 1 and not is_list and raw[start] < 0x80:
        raise TransactionError("rlp", "single byte has a header")
    return is_list, start, stop


def _long(raw: bytes, at: int, size: int) -> tuple[int, int]:
    start = at + 1 + size
    written = raw[at + 1 : start]
    length = _from_bytes(written, "big")
    if len(written) < size or length <= 55 or written[0] == 0:
        raise TransactionError("rlp", "length is not canonical")
    return start, start + length


def list_payload(raw: bytes, at: int, end: int) -> tuple[int, int]:
    """Open the list at a position: (start, stop) of its content. Raises TransactionError("rlp")."""
    is_list, start, stop = span(raw, at, end)
    if not is_list:
        raise TransactionError("rlp", "a list was expected")
    return start, stop


def string(raw: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Read a byte string: (value, position behind it). Raises TransactionError("rlp")."""
    is_list, start, stop = span(raw, at, end)
    if is_list:
        raise TransactionError("rlp", "a string was expected")
    return raw[start:stop], stop


def integers(raw: bytes, at: int, count: int) -> tuple[list[int], int]:
    """Read canonical unsigned integers of any size: (values, position behind them).

    The position may lie behind the end of raw when the last one is cut; IndexError means the same.
    """
    values = []
    for _ in range(count):
        head = raw[at]
        if 0 < head < 0x80:
            values.append(head)
            at += 1
        elif head == 0x80:
            values.append(0)
            at += 1
        elif 0x80 < head < 0xB8:
            stop = at + head - 0x7F
            value = _from_bytes(raw[at + 1 : stop], "big")
            # A leading zero, or one byte that should have stood for itself.
            if value < 0x80 or raw[at + 1] == 0:
                raise TransactionError("rlp", "integer is not canonical")
            values.append(value)
            at = stop
        else:
            value, at = _odd_integer(raw, at)
            values.append(value)
    return values, at


def _odd_integer(raw: bytes, at: int) -> tuple[int, int]:
    text, stop = string(raw, at, len(raw))
    if text[0] == 0:
        raise TransactionError("rlp", "integer has a leading zero")
    return _from_bytes(text, "big"), stop


def header(size: int, short: int = 0xC0) -> bytes:
    """Write the header of a list (short=0xC0) or a string (0x80) of `size` bytes."""
    if size <= 55:
        return bytes((short + size,))
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((short + 55 + len(length),)) + length


def encode_bytes(value: bytes) -> bytes:
    """Write a byte string."""
    if len(value) == 1 and value[0] < 0x80:
        return value
    return header(len(value), 0x80) + value


def encode_integer(value: int) -> bytes:
    """Write an unsigned integer; zero is the empty string."""
    return encode_bytes(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def encode_list(items: Iterable[bytes]) -> bytes:
    """Write a list of items that are already encoded."""
    content = b"".join(items)
    return header(len(content)) + content
