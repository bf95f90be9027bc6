"""Addresses: one checksum each, mistakes told, memory bounded."""

from __future__ import annotations

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from arbbot.dex.address import CACHE_SIZE, AddressError, cache_use, checksum, parse_address

WETH = "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"


@given(st.binary(min_size=20, max_size=20))
def test_a_checksum_agrees_with_the_reference_and_is_read_back(address: bytes) -> None:
    text = checksum(address)
    assert text == to_checksum_address(address)
    assert parse_address(text) == parse_address(text.lower()) == address
    assert parse_address("0x" + text[2:].upper()) == address


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WETH[:-1], "40 digits"),
        (WETH + "0", "40 digits"),
        (WETH[2:], "40 digits"),
        (WETH[:-1] + "g", "no hexadecimal digit"),
        ("0x" + "aa " * 13 + "a", "hexadecimal|blanks"),
        (WETH.replace("aF", "Af"), "checksum"),
        ("", "40 digits"),
    ],
)
def test_a_mistake_is_told(text: str, told: str) -> None:
    with pytest.raises(AddressError, match=told):
        parse_address(text)


def test_a_wrong_checksum_names_the_right_one() -> None:
    with pytest.raises(AddressError, match=WETH):
        parse_address(WETH.replace("b1", "B1"))


def test_only_twenty_bytes_have_a_checksum() -> None:
    with pytest.raises(AddressError):
        checksum(b"\x01" * 19)


def test_what_was_validated_once_is_remembered_within_bounds() -> None:
    parse_address(WETH)
    hits, misses = cache_use()
    parse_address(WETH)
    assert cache_use() == (hits + 1, misses)
    assert parse_address.cache_info().maxsize == checksum.cache_info().maxsize == CACHE_SIZE
