"""Remote write's bytes: what is written is read, and nothing that is read can do harm."""

from __future__ import annotations

import struct

import cramjam
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.keeper.remote import Malformed, RemoteError, TooLarge
from watchkeeper.keeper.remote.reading import labels_in, read, unpacked
from watchkeeper.keeper.remote.wire import fields, signed, varint, written_bytes, written_varint
from watchkeeper.keeper.remote.writing import label_fields, request, sample_fields

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
LABELS = st.dictionaries(TEXT, TEXT, max_size=5).map(lambda pairs: tuple(sorted(pairs.items())))
TIMES = st.one_of(st.integers(-(2**62), 2**62), st.integers(1_600_000_000_000, 1_900_000_000_000), st.just(0))
BITS = st.integers(0, 2**64 - 1)
SAMPLES = st.lists(st.tuples(TIMES, BITS), min_size=1, max_size=4)
SERIES = st.lists(st.tuples(LABELS, SAMPLES), max_size=6)
Found = dict[tuple[tuple[str, str], ...], list[tuple[int, int]]]


class Reader:
    """Numbers series as they come, as a store does."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.known: dict[bytes, int] = {}

    def resolve(self, key: bytes) -> int:
        labels_in(key)
        self.known[key] = len(self.keys)
        self.keys.append(key)
        return self.known[key]

    def read(self, data: bytes) -> Found:
        found: Found = {}
        refs, times, values = read(data, self.resolve, self.known)
        for ref, time_ms, bits in zip(
            refs.tolist(), times.tolist(), values.view(np.uint64).tolist(), strict=True
        ):
            found.setdefault(labels_in(self.keys[ref]), []).append((time_ms, bits))
        return found


def written(series: list[tuple[tuple[tuple[str, str], ...], list[tuple[int, int]]]]) -> bytes:
    rows = []
    for labels, samples in series:
        bits = np.array([value for _, value in samples], np.uint64)
        rows.append(
            (label_fields(labels), np.array([at for at, _ in samples], np.int64), bits.view(np.float64))
        )
    return unpacked(request(rows), 1 << 20)


def expected(series: list[tuple[tuple[tuple[str, str], ...], list[tuple[int, int]]]]) -> Found:
    found: Found = {}
    for labels, samples in series:
        found.setdefault(labels, []).extend(samples)
    return {labels: sorted(samples) for labels, samples in found.items()}


@given(SERIES)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_bit_by_bit(series: list) -> None:  # type: ignore[type-arg]
    """Labels, times and all 64 bits of the values come back; known labels give the same as new ones."""
    data, reader = written(series), Reader()
    first, second = reader.read(data), reader.read(data)
    assert {k: sorted(v) for k, v in first.items()} == expected(series)
    assert {k: sorted(v) for k, v in second.items()} == expected(series)


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No byte string raises anything but Malformed."""
    reader = Reader()
    try:
        reader.read(data)
    except Malformed:
        pass
    with pytest.raises(RemoteError):
        unpacked(b"\xff" + data, 1 << 20)


@given(SERIES, st.integers(0, 400), st.integers(0, 255), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_damaged_request_is_read_or_refused(series: list, place: int, byte: int, cut: bool) -> None:  # type: ignore[type-arg]
    """One wrong byte or a missing end raises nothing but Malformed, also where the labels are known."""
    data, reader = written(series), Reader()
    reader.read(data)
    broken = data[:place] if cut else data[:place] + bytes([byte]) + data[place + 1 :]
    try:
        reader.read(broken)
    except Malformed:
        pass


def test_zero_is_read_though_it_is_not_written() -> None:
    """Protobuf leaves zeroes out: a sample without a value is 0, one without a time is at 0."""
    labels = label_fields((("__name__", "a"),))
    bare = written_bytes(2, b"\x10" + written_varint(1_700_000_000_000))
    data = written_bytes(1, labels + bare) + written_bytes(1, labels + written_bytes(2, b""))
    reader = Reader()
    for _ in range(2):
        assert reader.read(data) == {(("__name__", "a"),): [(0, 0), (1_700_000_000_000, 0)]}


def test_fields_in_any_order_and_unknown_ones_are_read() -> None:
    """Time before value, labels after samples, metadata, exemplars and fields of the future."""
    name = written_bytes(1, written_bytes(2, b"a") + written_bytes(1, b"__name__"))
    sample = written_bytes(2, b"\x10" + written_varint(7) + b"\x09" + struct.pack("<d", 1.5))
    future = written_bytes(9, b"what") + b"\x50\x01" + b"\x5d\x00\x00\x00\x00"
    series = written_bytes(1, sample + future + written_bytes(3, b"exemplar") + name)
    data = written_bytes(3, b"\x08\x01") + series + future
    bits = struct.unpack("<Q", struct.pack("<d", 1.5))[0]
    assert Reader().read(data) == {(("__name__", "a"),): [(7, bits)]}


def test_a_sample_that_only_looks_common_is_read_with_care() -> None:
    """A short time and an unknown field can fill the usual 18 bytes."""
    labels = label_fields((("__name__", "a"),))
    odd = b"\x09" + struct.pack("<d", 2.0) + b"\x10\x05" + b"\x1a\x03abc"
    reader = Reader()
    reader.read(written_bytes(1, labels + sample_fields(np.array([1]), np.array([1.0]))))
    bits = struct.unpack("<Q", struct.pack("<d", 2.0))[0]
    assert len(odd) == 16
    assert reader.read(written_bytes(1, labels + written_bytes(2, odd))) == {
        (("__name__", "a"),): [(5, bits)]
    }


@given(st.integers(-(2**63), 2**63 - 1))
def test_varints_hold_every_int64(value: int) -> None:
    """What is written is read, negative numbers in ten bytes."""
    data = written_varint(value)
    assert (signed(varint(data, 0, len(data))[0]), varint(data, 0, len(data))[1]) == (value, len(data))


@pytest.mark.parametrize("data", [b"\xff" * 11, b"\x80", b"", b"\xff" * 9 + b"\x7f"])
def test_a_varint_that_does_not_end_is_refused(data: bytes) -> None:
    """Cut off, or more than 64 bits."""
    with pytest.raises(Malformed):
        varint(data, 0, len(data))


@pytest.mark.parametrize(
    "data", [b"\x0a\x05abc", b"\x0b", b"\x02\x01a", b"\x09\x00", b"\x0a\xff\xff\xff\xff\x0f"]
)
def test_a_field_beyond_its_message_is_refused(data: bytes) -> None:
    """Lengths, groups and field number zero are checked."""
    with pytest.raises(Malformed):
        list(fields(data, 0, len(data)))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """The size that the block announces is looked at first."""
    bomb = bytes(cramjam.snappy.compress_raw(bytes(10 << 20)))
    assert len(bomb) < 1 << 20
    with pytest.raises(TooLarge):
        unpacked(bomb, 1 << 20)


@pytest.mark.parametrize(
    "labels",
    [written_bytes(1, b""), written_bytes(1, written_bytes(1, b"\xff")), label_fields((("a", "1"),)) * 2],
)
def test_broken_labels_are_refused(labels: bytes) -> None:
    """Without a name, not UTF-8, given twice."""
    with pytest.raises(Malformed):
        labels_in(labels)
