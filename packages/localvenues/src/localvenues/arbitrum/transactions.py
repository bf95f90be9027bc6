"""Ethereum transactions as bytes: RLP, signing, and the raw form of what a node reports.

Sources: the yellow paper's appendix B (RLP), EIP-155, EIP-1559, EIP-2718, EIP-2930, EIP-7702.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import coincurve
from sha3 import keccak_256

Item = bytes | int | Sequence["Item"]


class UnknownTransactionType(ValueError):
    """A node reported a transaction type whose raw form this encoder does not know."""


def keccak(data: bytes) -> bytes:
    """Return the 32-byte Keccak-256 hash."""
    digest: bytes = keccak_256(data).digest()
    return digest


def rlp(item: Item) -> bytes:
    """Encode bytes, a non-negative integer (minimal big-endian) or a list of such."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _length(len(item), 0x80) + item
    body = b"".join(rlp(part) for part in item)
    return _length(len(body), 0xC0) + body


def _length(size: int, offset: int) -> bytes:
    if size < 56:
        return bytes((offset + size,))
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((offset + 55 + len(digits),)) + digits


@dataclass(frozen=True, slots=True)
class Transaction:
    """An unsigned transaction. Without max_fee it is legacy, else EIP-1559; prices are wei per gas.

    to is None for a contract creation.
    """

    chain_id: int
    nonce: int
    gas: int
    to: bytes | None
    value: int = 0
    data: bytes = b""
    gas_price: int = 0
    max_fee: int | None = None
    max_tip: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """A key of the venue's own; never one that holds anything outside of it."""

    key: coincurve.PrivateKey
    address: bytes

    @classmethod
    def from_secret(cls, secret: bytes) -> Account:
        """Make an account from 32 bytes."""
        key = coincurve.PrivateKey(secret)
        return cls(key, address_of(key.public_key))

    def sign_hash(self, digest: bytes) -> tuple[int, int, int]:
        """Return (parity, r, s) over a 32-byte hash."""
        signature = self.key.sign_recoverable(digest, hasher=None)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        return signature[64], r, s

    def sign(self, transaction: Transaction) -> bytes:
        """Return the raw signed transaction."""
        t, to = transaction, transaction.to or b""
        if t.max_fee is None:
            fields: list[Item] = [t.nonce, t.gas_price, t.gas, to, t.value, t.data]
            parity, r, s = self.sign_hash(keccak(rlp([*fields, t.chain_id, 0, 0])))
            return rlp([*fields, t.chain_id * 2 + 35 + parity, r, s])
        fields = [t.chain_id, t.nonce, t.max_tip, t.max_fee, t.gas, to, t.value, t.data, []]
        parity, r, s = self.sign_hash(keccak(b"\x02" + rlp(fields)))
        return b"\x02" + rlp([*fields, parity, r, s])


def address_of(public_key: coincurve.PublicKey) -> bytes:
    """Return the 20-byte address of a public key."""
    return keccak(public_key.format(compressed=False)[1:])[12:]


def created_address(sender: bytes, nonce: int) -> bytes:
    """Return the address of the contract that this sender's transaction creates."""
    return keccak(rlp([sender, nonce]))[12:]


def create2_address(factory: bytes, salt: bytes, init_code_hash: bytes) -> bytes:
    """Return the address of a contract made by CREATE2 (EIP-1014)."""
    return keccak(b"\xff" + factory + salt + init_code_hash)[12:]


def raw_transaction(row: Mapping[str, Any]) -> bytes:
    """Rebuild the raw signed bytes from a node's transaction object (eth_getBlockByNumber).

    Raises UnknownTransactionType for a type other than 0, 1, 2 and 4.
    """
    kind = int(row.get("type", "0x0"), 16)
    if kind == 0:
        return rlp([*_legacy_head(row), _int(row, "v"), _int(row, "r"), _int(row, "s")])
    if kind not in (1, 2, 4):
        raise UnknownTransactionType(f"transaction {row.get('hash')} has type {kind}")
    tail: list[Item] = [_parity(row), _int(row, "r"), _int(row, "s")]
    if kind == 1:
        return b"\x01" + rlp([_int(row, "chainId"), *_legacy_head(row), _access_list(row), *tail])
    if kind == 2:
        return b"\x02" + rlp([*_fee_market_head(row), *tail])
    return b"\x04" + rlp([*_fee_market_head(row), _authorizations(row), *tail])


def _int(row: Mapping[str, Any], name: str) -> int:
    return int(row[name], 16)


def _bytes(text: str | None) -> bytes:
    return bytes.fromhex(text[2:]) if text else b""


def _parity(row: Mapping[str, Any]) -> int:
    return _int(row, "yParity" if "yParity" in row else "v")


def _legacy_head(row: Mapping[str, Any]) -> list[Item]:
    head: list[Item] = [_int(row, "nonce"), _int(row, "gasPrice"), _int(row, "gas")]
    return [*head, _bytes(row.get("to")), _int(row, "value"), _bytes(row["input"])]


def _fee_market_head(row: Mapping[str, Any]) -> list[Item]:
    names = ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas")
    head: list[Item] = [_int(row, name) for name in names]
    return [*head, _bytes(row.get("to")), _int(row, "value"), _bytes(row["input"]), _access_list(row)]


def _access_list(row: Mapping[str, Any]) -> list[Item]:
    entries = row.get("accessList") or []
    return [[_bytes(one["address"]), [_bytes(key) for key in one["storageKeys"]]] for one in entries]


def _authorizations(row: Mapping[str, Any]) -> list[Item]:
    rows: list[Item] = []
    for one in row["authorizationList"]:
        head: list[Item] = [_int(one, "chainId"), _bytes(one["address"]), _int(one, "nonce")]
        rows.append([*head, _parity(one), _int(one, "r"), _int(one, "s")])
    return rows
