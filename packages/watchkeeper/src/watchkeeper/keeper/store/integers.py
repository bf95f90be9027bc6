"""Pack arrays of int64 into few bytes: differences, common divisor, byte planes, zstd.

Form: order (1 byte), planes (1 byte), packed (1 byte: 0 plain, 1 zstd), divisor (uvarint), `order` or one
first values (zigzag varints), then the byte planes of the residuals, the lowest plane first. All arithmetic
is modulo 2**64, so no gap between two values can overflow.
"""

from __future__ import annotations

from typing import NamedTuple

import cramjam
import numpy as np
import numpy.typing as npt

from watchkeeper.keeper.store.errors import ChunkCorrupt

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_ZSTD_LEVEL = 6
_WORTH_PACKING = 24  # zstd's own frame costs about a dozen bytes
_DIVISIBLE_BELOW = 1 << 62
_TRY_ALL = 256


def pack_ints(ints: Ints) -> bytes:
    """Pack at least one integer; the shortest of the three orders of differences wins.

    The second order suits counters, the first walks, the one without differences noise. Long arrays are
    compressed in all three ways (about 0.1 us per integer); for short ones the unpacked length decides.
    """
    ways = [_difference(ints, order) for order in range(min(3, len(ints) + 1))]
    if len(ints) < _TRY_ALL:
        ways = [min(ways, key=lambda way: len(way.body))]
    return min((_packed(way) for way in ways), key=len)


def unpack_ints(data: bytes | memoryview, count: int) -> tuple[Ints, int]:
    """Return `count` integers and where the bytes after them begin (only when they are not zstd-packed)."""
    try:
        return _unpack(memoryview(data), count)
    except (IndexError, OverflowError, ValueError, cramjam.DecompressionError) as error:
        raise ChunkCorrupt(f"integers do not unpack: {error}") from error


def put_varint(out: bytearray, number: int) -> None:
    """Append an unsigned integer, 7 bits a byte, low bits first."""
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def get_varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return the unsigned integer at an offset and the offset behind it."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


class _Way(NamedTuple):
    """Integers as residuals of an order of differences."""

    order: int
    firsts: list[int]
    divisor: int
    planes: int
    body: bytes


def _difference(ints: Ints, order: int) -> _Way:
    firsts, steps = _differences(ints, order)
    divisor = _divisor(steps)
    words = _zigzag(steps // divisor) if order else (steps // divisor).view(np.uint64)
    return _Way(order, firsts, divisor, *_planes(words))


def _packed(way: _Way) -> bytes:
    body = way.body
    squeezed = bytes(cramjam.zstd.compress(body, level=_ZSTD_LEVEL)) if len(body) >= _WORTH_PACKING else body
    packed = len(squeezed) < len(body)
    out = bytearray((way.order, way.planes, packed))
    put_varint(out, way.divisor)
    for first in way.firsts:
        put_varint(out, ((first << 1) ^ (first >> 63)) & 0xFFFF_FFFF_FFFF_FFFF)
    return bytes(out) + (squeezed if packed else body)


def _unpack(data: memoryview, count: int) -> tuple[Ints, int]:
    order, planes, packed = data[0], data[1], data[2]
    if order > 2 or planes > 8 or packed > 1 or order > count:
        raise ValueError(f"header {order}/{planes}/{packed} of {count}")
    divisor, at = get_varint(data, 3)
    firsts = []
    for _ in range(order or 1):
        folded, at = get_varint(data, at)
        firsts.append((folded >> 1) ^ -(folded & 1))
    steps = count - order
    size = steps * planes
    body = bytes(cramjam.zstd.decompress(data[at:], output_len=size)) if packed else data[at : at + size]
    if len(body) != size:
        raise ValueError(f"{len(body)} bytes where {size} belong")
    words = _words(body, steps, planes)
    return _sums(firsts, words, divisor, order), at + size


def _differences(ints: Ints, order: int) -> tuple[list[int], Ints]:
    """Return the first values and the differences of that order; order 0 counts from the least value."""
    if order == 0:
        least = int(ints.min())
        return [least], ints - np.int64(least)
    steps = np.diff(ints)
    if order == 1:
        return [int(ints[0])], steps
    return [int(ints[0]), int(steps[0])], np.diff(steps)


def _sums(firsts: list[int], words: Words, divisor: int, order: int) -> Ints:
    if order == 0:
        return words.view(np.int64) * np.int64(divisor) + np.int64(firsts[0])
    sums = _unzigzag(words) * np.int64(divisor)
    for first in reversed(firsts):
        sums = np.cumsum(np.concatenate((np.array([first], np.int64), sums)))
    return sums


def _divisor(steps: Ints) -> int:
    """Return what all steps are multiples of: memory moves in pages, wei in thousands of millions."""
    if not len(steps) or int(steps.max()) >= _DIVISIBLE_BELOW or int(steps.min()) <= -_DIVISIBLE_BELOW:
        return 1
    return int(np.gcd.reduce(steps)) or 1


def _zigzag(steps: Ints) -> Words:
    folded: Ints = (steps << 1) ^ (steps >> 63)
    return folded.view(np.uint64)


def _unzigzag(words: Words) -> Ints:
    halves = (words >> np.uint64(1)).view(np.int64)
    signs = (words & np.uint64(1)).view(np.int64)
    return halves ^ -signs


def _planes(words: Words) -> tuple[int, bytes]:
    planes = (int(np.bitwise_or.reduce(words)).bit_length() + 7) // 8 if len(words) else 0
    little = words.astype("<u8", copy=False)
    return planes, little.view(np.uint8).reshape(-1, 8)[:, :planes].T.tobytes()


def _words(body: bytes | memoryview, count: int, planes: int) -> Words:
    table = np.zeros((count, 8), np.uint8)
    table[:, :planes] = np.frombuffer(body, np.uint8).reshape(planes, count).T
    return table.view("<u8").reshape(count).astype(np.uint64, copy=False)
