"""RLP: one value has one encoding, and only that one is read."""

from __future__ import annotations

import pytest
import rlp as peer
from hypothesis import given
from hypothesis import strategies as st

from arbbot.decode import TransactionError, rlp

nested = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=6), max_leaves=20)


def encode(value: bytes | list[object]) -> bytes:
    if isinstance(value, bytes):
        return rlp.encode_bytes(value)
    return rlp.encode_list(encode(item) for item in value)  # type: ignore[arg-type]


def read(raw: bytes, at: int, end: int) -> tuple[object, int]:
    is_list, start, stop = rlp.span(raw, at, end)
    if not is_list:
        return raw[start:stop], stop
    items = []
    while start < stop:
        item, start = read(raw, start, stop)
        items.append(item)
    return items, stop


@given(nested)
def test_what_is_written_is_what_the_reference_library_writes_and_is_read_back(value: bytes) -> None:
    raw = encode(value)
    assert raw == peer.encode(value)
    assert read(raw, 0, len(raw)) == (value, len(raw))


@given(st.binary(max_size=120))
def test_bytes_that_are_read_whole_are_the_one_encoding_of_their_value(raw: bytes) -> None:
    try:
        value, stop = read(raw, 0, len(raw))
    except TransactionError as fault:
        assert fault.reason == "rlp"
        return
    assert encode(value) == raw[:stop]  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 1 << 600), max_size=5))
def test_integers_of_any_size_are_read_back(values: list[int]) -> None:
    raw = b"".join(rlp.encode_integer(value) for value in values)
    assert rlp.integers(raw, 0, len(values)) == (values, len(raw))


@pytest.mark.parametrize(
    "raw",
    ["00", "8100", "817f", "820001", "b80100", "b838" + "00" + "11" * 55, "c0", "b90038" + "11" * 56],
    ids=["zero byte", "zero", "small", "leading zero", "long form", "long zero", "list", "length zero"],
)
def test_an_integer_in_any_other_form_is_refused(raw: str) -> None:
    with pytest.raises(TransactionError) as caught:
        rlp.integers(bytes.fromhex(raw), 0, 1)
    assert caught.value.reason == "rlp"


def test_an_item_may_not_reach_behind_its_list() -> None:
    with pytest.raises(TransactionError):
        rlp.span(bytes.fromhex("c28411223344"), 1, 3)
