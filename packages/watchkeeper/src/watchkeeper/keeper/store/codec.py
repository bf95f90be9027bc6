"""Pack the times and values of a chunk without loss, and prove on reading that nothing changed.

Values become integers in one of two ways: scaled decimals (12.34 is 1234 at scale 2) where every value comes
back bit by bit, else their bit patterns in numeric order. Values that fit neither (NaN, staleness markers,
infinities, minus zero) are listed apart. Measured forms: facts of the benchmark `benchmarks/store.py`.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from watchkeeper.keeper.store.errors import ChunkCorrupt
from watchkeeper.keeper.store.integers import Ints, get_varint, pack_ints, put_varint, unpack_ints
from watchkeeper.keeper.store.series import Mask, Times, Values

_BITS = 255  # the "scale" of values kept as bit patterns
_MAX_SCALE = 9
_EXACT = float(1 << 53)  # beyond it a float64 skips integers
_MAGNITUDE = np.int64(0x7FFF_FFFF_FFFF_FFFF)
_POWERS = [float(10**scale) for scale in range(_MAX_SCALE + 1)]


def pack_times(times: Times) -> bytes:
    """Pack ascending milliseconds."""
    return pack_ints(times)


def unpack_times(data: bytes, count: int) -> Times:
    """Return the milliseconds that `pack_times` packed."""
    return unpack_ints(data, count)[0]


def pack_values(values: Values) -> bytes:
    """Pack at least one float64: scale, the odd ones (count, gaps, bits), integers."""
    odd = ~np.isfinite(values) | ((values == 0) & np.signbit(values))
    plain = _without(values, odd)
    scale, ints = _scaled(plain)
    out = bytearray((scale,))
    places = np.flatnonzero(odd)
    put_varint(out, len(places))
    for gap in np.diff(places, prepend=0).tolist():
        put_varint(out, gap)
    return bytes(out) + values[places].astype("<f8").tobytes() + pack_ints(ints)


def unpack_values(data: bytes, count: int) -> Values:
    """Return the float64 that `pack_values` packed; raises ChunkCorrupt."""
    view = memoryview(data)
    try:
        scale, (places, at) = view[0], _places(view)
        odd = np.frombuffer(view[at : at + 8 * len(places)], "<f8")
        ints, _ = unpack_ints(view[at + 8 * len(places) :], count)
        values = _unscaled(ints, scale)
        values[places] = odd
    except (IndexError, ValueError) as error:
        raise ChunkCorrupt(f"values do not unpack: {error}") from error
    return values


def seal(payload: bytes, *identity: int) -> bytes:
    """Append a CRC-32 over the payload and over who it belongs to, so that swapped rows are found, too."""
    return payload + struct.pack("<I", _checksum(payload, identity))


def unseal(sealed: bytes, *identity: int) -> bytes:
    """Return the payload; raises ChunkCorrupt when a bit or the owner changed."""
    payload, crc = sealed[:-4], sealed[-4:]
    try:
        good = len(crc) == 4 and struct.unpack("<I", crc)[0] == _checksum(payload, identity)
    except (TypeError, struct.error):  # a damaged row's columns may be of any type
        raise ChunkCorrupt("its row is not whole") from None
    if not good:
        raise ChunkCorrupt("checksum does not match")
    return payload


def _checksum(payload: bytes, identity: tuple[int, ...]) -> int:
    return zlib.crc32(struct.pack(f"<{len(identity)}q", *identity), zlib.crc32(payload))


def _without(values: Values, odd: Mask) -> Values:
    """Return the values with each odd one replaced by the plain one before it (else the first plain one)."""
    if not odd.any():
        return values
    plain = np.flatnonzero(~odd)
    if not len(plain):
        return np.zeros_like(values)
    before = np.searchsorted(plain, np.arange(len(values)), side="right") - 1
    return values[plain[np.maximum(before, 0)]]


def _scaled(values: Values) -> tuple[int, Ints]:
    for scale, power in enumerate(_POWERS):
        rounded = np.rint(values * power)
        if not np.abs(rounded).max() < _EXACT:
            break
        if np.array_equal(rounded / power, values):
            return scale, rounded.astype(np.int64)
    return _BITS, _ordered(values.view(np.int64))


def _unscaled(ints: Ints, scale: int) -> Values:
    if scale == _BITS:
        return _ordered(ints).view(np.float64)
    if scale > _MAX_SCALE:
        raise ChunkCorrupt(f"scale {scale} is unknown")
    return ints.astype(np.float64) / _POWERS[scale]


def _ordered(bits: Ints) -> Ints:
    """Map the bit patterns of floats to integers in the same order as the floats; its own inverse."""
    return np.where(bits < 0, bits ^ _MAGNITUDE, bits)


def _places(view: memoryview) -> tuple[list[int], int]:
    count, at = get_varint(view, 1)
    places, place = [], 0
    for _ in range(count):
        gap, at = get_varint(view, at)
        place += gap
        places.append(place)
    return places, at
