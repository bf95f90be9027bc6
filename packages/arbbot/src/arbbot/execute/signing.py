"""Signing transactions: one interface, so that a key store or an external signer can stand behind it."""

from __future__ import annotations

from typing import Protocol

import coincurve
import msgspec
import sha3


class Call(msgspec.Struct, frozen=True):
    """An EIP-1559 transaction before signing; to is None where a contract is created."""

    chain_id: int
    nonce: int
    max_fee: int
    gas: int
    to: bytes | None
    data: bytes
    value: int = 0
    tip: int = 0  # Arbitrum ignores tips and never collects them


class Signer(Protocol):
    """Whoever holds the key."""

    address: bytes

    def sign(self, call: Call) -> bytes:
        """Return the raw signed transaction."""
        ...


class LocalSigner:
    """Sign with a key in this process. The key is in no repr, no log and no error."""

    def __init__(self, key: bytes) -> None:
        self._key = coincurve.PrivateKey(key)
        self.address = address_of(self._key)

    def __repr__(self) -> str:
        return f"LocalSigner(0x{self.address.hex()})"

    def sign(self, call: Call) -> bytes:
        """Return the raw signed transaction (EIP-1559)."""
        fields = unsigned_fields(call)
        signature = self._key.sign_recoverable(keccak(b"\x02" + rlp_list(fields)), hasher=None)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        return b"\x02" + rlp_list([*fields, rlp_int(signature[64]), rlp_int(r), rlp_int(s)])


def unsigned_fields(call: Call) -> list[bytes]:
    """Return the encoded fields of an EIP-1559 transaction up to the empty access list."""
    return [
        rlp_int(call.chain_id),
        rlp_int(call.nonce),
        rlp_int(call.tip),
        rlp_int(call.max_fee),
        rlp_int(call.gas),
        rlp_bytes(call.to or b""),
        rlp_int(call.value),
        rlp_bytes(call.data),
        b"\xc0",
    ]


def keccak(data: bytes) -> bytes:
    """Return the Keccak-256 hash."""
    return bytes(sha3.keccak_256(data).digest())


def address_of(key: coincurve.PrivateKey) -> bytes:
    """Return the 20-byte address of a key."""
    return keccak(key.public_key.format(compressed=False)[1:])[12:]


def rlp_int(value: int) -> bytes:
    """Encode an unsigned integer (RLP)."""
    return rlp_bytes(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def rlp_bytes(data: bytes) -> bytes:
    """Encode a byte string (RLP)."""
    if len(data) == 1 and data[0] < 0x80:
        return data
    return rlp_head(0x80, len(data)) + data


def rlp_list(items: list[bytes]) -> bytes:
    """Encode a list of items that are encoded already (RLP)."""
    body = b"".join(items)
    return rlp_head(0xC0, len(body)) + body


def rlp_head(base: int, length: int) -> bytes:
    """Encode a length (RLP)."""
    if length < 56:
        return bytes([base + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(size)]) + size
