"""Addresses as text: EIP-55 checksums, validated once and remembered.

Both directions are cached without end in time but bounded in number, since the same few thousand tokens and
routers come back in every message; a checksum costs a keccak.
"""

from __future__ import annotations

from functools import lru_cache

from sha3 import keccak_256

CACHE_SIZE = 65_536


class AddressError(ValueError):
    """Text that is no address; the message says what is wrong with it."""


@lru_cache(maxsize=CACHE_SIZE)
def checksum(address: bytes) -> str:
    """Write 20 bytes as 0x text with EIP-55 capitals. Raises AddressError for another length."""
    if len(address) != 20:
        raise AddressError(f"an address has 20 bytes, this has {len(address)}")
    text = address.hex()
    digits = keccak_256(text.encode()).hexdigest()
    return "0x" + "".join([c.upper() if d > "7" else c for c, d in zip(text, digits, strict=False)])


@lru_cache(maxsize=CACHE_SIZE)
def parse_address(text: str) -> bytes:
    """Read 0x text into 20 bytes.

    All-lower and all-upper digits are taken as they are; mixed case must be the right checksum. Raises
    AddressError.
    """
    if text[:2] not in ("0x", "0X") or len(text) != 42:
        raise AddressError(f"{text!r} is no address: 0x and 40 digits are wanted, not {len(text)} characters")
    digits = text[2:]
    try:
        address = bytes.fromhex(digits)
    except ValueError:
        raise AddressError(f"{text!r} is no address: a character is no hexadecimal digit") from None
    if len(address) != 20:
        raise AddressError(f"{text!r} is no address: it has blanks")
    if digits not in (digits.lower(), digits.upper()) and checksum(address)[2:] != digits:
        raise AddressError(f"{text!r} has a wrong checksum; the right one is {checksum(address)}")
    return address


def cache_use() -> tuple[int, int]:
    """Tell how often both caches hit and missed since the start."""
    read, written = parse_address.cache_info(), checksum.cache_info()
    return read.hits + written.hits, read.misses + written.misses
