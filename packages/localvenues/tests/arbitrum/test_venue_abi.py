"""The ABI's encoding, held against other people's encoder."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import decode
from eth_abi.abi import encode as reference
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from localvenues.arbitrum.abi import arguments, call, encode, selector, text, topic, words

PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "uint256": st.integers(0, 2**256 - 1),
    "uint24": st.integers(0, 2**24 - 1),
    "int24": st.integers(-(2**23), 2**23 - 1),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes": st.binary(max_size=100),
    "string": st.text(max_size=40),
}
Typed = tuple[str, Any]


def plain() -> st.SearchStrategy[Typed]:
    return st.sampled_from(sorted(PLAIN)).flatmap(lambda kind: st.tuples(st.just(kind), PLAIN[kind]))


def array() -> st.SearchStrategy[Typed]:
    kinds = st.sampled_from(sorted(PLAIN))
    return kinds.flatmap(lambda kind: st.tuples(st.just(kind + "[]"), st.lists(PLAIN[kind], max_size=4)))


def joined(rows: list[Typed]) -> Typed:
    return "(" + ",".join(kind for kind, _ in rows) + ")", tuple(value for _, value in rows)


TYPED = st.recursive(
    plain() | array(), lambda inner: st.lists(inner, min_size=1, max_size=4).map(joined), max_leaves=8
)


@given(st.lists(TYPED, max_size=5))
def test_encoding_equals_the_reference(rows: list[Typed]) -> None:
    kinds, values = [kind for kind, _ in rows], [value for _, value in rows]
    assert encode(kinds, values) == reference(kinds, values)


def test_an_array_of_tuples_is_encoded_with_offsets_from_its_own_start() -> None:
    kinds, values = ["(address,bytes)[]", "uint8"], [[(b"\1" * 20, b"ab"), (b"\2" * 20, b"")], 7]
    assert encode(kinds, values) == reference(kinds, values)


@pytest.mark.parametrize(
    ("kind", "value"), [("address", b"\1" * 19), ("bytes32", b""), ("uint256", -1), ("uint256", 2**256)]
)
def test_a_value_that_does_not_fit_its_type_is_refused(kind: str, value: Any) -> None:
    with pytest.raises((ValueError, OverflowError)):
        encode([kind], [value])


def test_signatures_split_at_outer_commas_only() -> None:
    assert arguments("f(address,(bytes,uint256)[],uint8)") == ("address", "(bytes,uint256)[]", "uint8")
    assert arguments("deposit()") == ()
    data = call("f(address,uint256[])", b"\x77" * 20, [1, 2])
    assert data[:4] == selector("f(address,uint256[])")
    assert decode(("address", "uint256[]"), data[4:]) == ("0x" + "77" * 20, (1, 2))


def test_names_hash_to_the_known_selector_and_topic() -> None:
    assert selector("transfer(address,uint256)").hex() == "a9059cbb"
    transfer = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    assert topic("Transfer(address,address,uint256)") == transfer


@given(st.lists(st.integers(0, 2**256 - 1), max_size=5))
def test_words_are_read_back(numbers: list[int]) -> None:
    assert words("0x" + encode(["uint256"] * len(numbers), numbers).hex()) == numbers


@given(st.binary(min_size=20, max_size=20))
def test_addresses_carry_the_checksum(address: bytes) -> None:
    assert text(address) == to_checksum_address(address)
