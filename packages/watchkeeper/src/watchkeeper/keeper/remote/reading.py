"""From the bytes of a WriteRequest (prometheus.WriteRequest, remote write 1.0) to series and samples."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cramjam
import numpy as np

from watchkeeper.keeper.remote.errors import BadLabels, Malformed, TooLarge
from watchkeeper.keeper.remote.wire import BYTES, DOUBLE, VARINT, fields, signed, varint
from watchkeeper.keeper.store.series import Refs, Times, Values

Pairs = tuple[tuple[str, str], ...]
Resolve = Callable[[bytes], int]
"""From the bytes of a series' label fields to its number, negative where it is refused."""

# One sample of six timestamp bytes (1978 to 2109), with a value and, as zeroes are not written, without.
_TAIL, _ZERO_TAIL = 18, 9
_HEAD, _ZERO_HEAD = b"\x12\x10\x09", b"\x12\x07\x10"
_ZERO = bytes(8)
_SHIFTS = np.arange(0, 42, 7, dtype=np.int64)
_DOUBLE = struct.Struct("<d")


@dataclass(slots=True)
class Columns:
    """Samples by place: series numbers, milliseconds, values."""

    refs: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    fast_refs: list[int] = field(default_factory=list)
    tails: list[bytes] = field(default_factory=list)
    histograms: int = 0
    """Native ones, which are not kept."""

    def arrays(self) -> tuple[Refs, Times, Values]:
        """Return refs, times and values, the times of each series in the order of time; raises Malformed."""
        times, values = _unpacked(self.tails)
        refs = np.array(self.refs + self.fast_refs, np.int64)
        if not self.refs:
            return refs, times, values
        times = np.concatenate((np.array(self.times, np.int64), times))
        values = np.concatenate((np.array(self.values, np.float64), values))
        order = np.argsort(times, kind="stable")
        return refs[order], times[order], values[order]


def unpacked(body: bytes, most: int) -> bytes:
    """Return the content of a snappy block of at most `most` bytes; raises Malformed, TooLarge."""
    try:
        size = cramjam.snappy.decompress_raw_len(body)
        if size > most:
            raise TooLarge(f"the request holds {size} bytes, at most {most} are taken")
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise Malformed(f"no snappy block: {error}") from None


def read(data: bytes, resolve: Resolve, known: dict[bytes, int]) -> tuple[Refs, Times, Values]:
    """Return refs, times and values of a request; `known` are label fields that were resolved before.

    The common series, one sample whose labels are known, costs about a microsecond. Raises Malformed.
    """
    return read_all(data, resolve, known)[0]


def read_all(
    data: bytes, resolve: Resolve, known: dict[bytes, int]
) -> tuple[tuple[Refs, Times, Values], int]:
    """Return what `read` does, and the number of native histograms beside the samples."""
    try:
        columns = _columns(data, resolve, known)
        return columns.arrays(), columns.histograms
    except _Unusual:
        columns = _columns(data, resolve, {})
        return columns.arrays(), columns.histograms


class _Unusual(Exception):
    """A sample looked like the common form and is not."""


def _columns(data: bytes, resolve: Resolve, known: dict[bytes, int]) -> Columns:
    columns = Columns()
    for start, stop in _series(data):
        tail = data[stop - _TAIL : stop]
        if tail[:3] == _HEAD and (ref := known.get(data[start : stop - _TAIL])) is not None:
            columns.fast_refs.append(ref)
            columns.tails.append(tail[3:])
            continue
        if tail[-9:-6] == _ZERO_HEAD and (ref := known.get(data[start : stop - _ZERO_TAIL])) is not None:
            columns.fast_refs.append(ref)
            columns.tails.append(_ZERO + tail[-7:])
            continue
        _one(data, start, stop, resolve, known, columns)
    return columns


def _series(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each series lies; metadata and unknown fields are passed over."""
    at, end = 0, len(data)
    while at < end:
        if data[at] != 0x0A:
            _, _, _, at = next(fields(data, at, end))
            continue
        length, at = varint(data, at + 1, end)
        stop = at + length
        if stop > end:
            raise Malformed(f"series at byte {at} is longer than the request")
        yield at, stop
        at = stop


def _one(
    data: bytes, start: int, stop: int, resolve: Resolve, known: dict[bytes, int], columns: Columns
) -> None:
    """Read one series of any form: label fields first or not, any number of samples."""
    labels: list[bytes] = []
    samples: list[tuple[int, int]] = []
    at = start
    for number, kind, begin, end in fields(data, start, stop):
        if number == 1 and kind == BYTES:
            labels.append(data[at:end])
        elif number == 2 and kind == BYTES:
            samples.append((begin, end))
        elif number == 4:
            columns.histograms += 1
        at = end
    key = b"".join(labels)
    ref = known.get(key)
    if ref is None:
        ref = resolve(key)
    for begin, end in samples:
        time_ms, value = _sample(data, begin, end)
        columns.refs.append(ref)
        columns.times.append(time_ms)
        columns.values.append(value)


def _sample(data: bytes, begin: int, end: int) -> tuple[int, float]:
    time_ms, value = 0, 0.0
    for number, kind, start, stop in fields(data, begin, end):
        if number == 1 and kind == DOUBLE:
            value = _DOUBLE.unpack_from(data, start)[0]
        elif number == 2 and kind == VARINT:
            time_ms = signed(varint(data, start, stop)[0])
    return time_ms, value


def _unpacked(tails: list[bytes]) -> tuple[Times, Values]:
    """Return times and values of the common form: eight bytes of value, the key 0x10, six of time."""
    rows = np.frombuffer(b"".join(tails), np.uint8).reshape(-1, 15)
    digits = rows[:, 9:]
    if (rows[:, 8] != 0x10).any() or (digits[:, :5] < 0x80).any() or (digits[:, 5] >= 0x80).any():
        raise _Unusual
    times = ((digits & 0x7F).astype(np.int64) << _SHIFTS).sum(axis=1)
    values = np.ascontiguousarray(rows[:, :8]).view("<f8").reshape(-1).astype(np.float64)
    return times, values


def labels_in(key: bytes) -> Pairs:
    """Return the sorted labels of a series' label fields; empty values mean absent.

    Raises BadLabels, and Malformed where they are no labels at all.
    """
    found: dict[str, str] = {}
    for _, _, begin, end in fields(key, 0, len(key)):
        name, value = _label(key, begin, end)
        if not name or name in found:
            raise BadLabels("label without a name" if not name else f"label {name!r} given twice")
        found[name] = value
    return tuple(sorted((name, value) for name, value in found.items() if value))


def _label(data: bytes, begin: int, end: int) -> tuple[str, str]:
    parts = {1: b"", 2: b""}
    for number, kind, start, stop in fields(data, begin, end):
        if kind == BYTES:
            parts[number] = data[start:stop]
    try:
        return parts[1].decode(), parts[2].decode()
    except UnicodeDecodeError as error:
        raise BadLabels("label that is no UTF-8") from error
