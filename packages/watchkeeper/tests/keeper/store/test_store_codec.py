"""Packing loses nothing, whatever the numbers are, and finds every change."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.keeper.store import STALE, ChunkCorrupt
from watchkeeper.keeper.store.codec import pack_times, pack_values, seal, unpack_times, unpack_values, unseal
from watchkeeper.keeper.store.integers import pack_ints, unpack_ints

int64s = st.integers(-(2**63), 2**63 - 1)
bit_patterns = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
odd = st.sampled_from([math.nan, STALE, math.inf, -math.inf, -0.0, 0.0, 5e-324, 1.7976931348623157e308])
decimals = st.decimals(-(10**9), 10**9, places=2).map(float)
values = st.lists(st.one_of(bit_patterns, odd, decimals, st.integers(-100, 100).map(float)), min_size=1)


def bits(array: np.ndarray) -> list[int]:
    return array.view(np.uint64).tolist()


@given(st.lists(int64s, min_size=1))
def test_any_integers_come_back(numbers: list[int]) -> None:
    array = np.array(numbers, np.int64)
    assert unpack_ints(pack_ints(array), len(array))[0].tolist() == numbers


@given(st.lists(st.integers(0, 2**42), min_size=1))
def test_times_over_any_gap_come_back(times: list[int]) -> None:
    array = np.array(sorted(times), np.int64)
    assert (unpack_times(pack_times(array), len(array)) == array).all()


@given(values)
def test_any_floats_come_back_bit_by_bit(numbers: list[float]) -> None:
    array = np.array(numbers, np.float64)
    assert bits(unpack_values(pack_values(array), len(array))) == bits(array)


@given(st.lists(st.decimals(-(10**6), 10**6, places=3).map(float), min_size=500, max_size=600))
@settings(max_examples=10)
def test_long_decimal_chunks_come_back_bit_by_bit(numbers: list[float]) -> None:
    array = np.array(numbers, np.float64)
    assert bits(unpack_values(pack_values(array), len(array))) == bits(array)


def test_a_stale_marker_keeps_its_bits_and_costs_little() -> None:
    counter = np.arange(1000, dtype=float)
    marked = np.append(counter, STALE)
    packed = pack_values(marked)
    assert bits(unpack_values(packed, 1001))[-1] == 0x7FF0000000000002
    assert len(packed) < 40


def test_a_constant_of_any_length_costs_a_few_bytes() -> None:
    assert len(pack_values(np.full(1440, 3.14159))) < 24


def test_even_times_cost_a_few_bytes() -> None:
    assert len(pack_times(np.arange(1440, dtype=np.int64) * 5000 + 1_700_000_000_000)) < 24


@given(st.binary(max_size=60), st.data())
def test_any_flipped_bit_is_found(payload: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(payload, 7, 9))
    place = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[place // 8] ^= 1 << place % 8
    with pytest.raises(ChunkCorrupt):
        unseal(bytes(sealed), 7, 9)


def test_a_payload_under_another_owner_is_found() -> None:
    with pytest.raises(ChunkCorrupt):
        unseal(seal(b"payload", 7, 9), 9, 7)


@given(st.binary(max_size=80), st.integers(1, 2000))
def test_garbage_is_told_as_corrupt_and_nothing_else(garbage: bytes, count: int) -> None:
    try:
        unpack_values(garbage, count)
    except ChunkCorrupt:
        return
