"""EIP-712 digests and the recovery of who signed them; HMAC of authenticated requests.

Sources: EIP-712; the V2 order and ClobAuth structs as the official clients sign them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache

import coincurve
from sha3 import keccak_256

ORDER_TYPE = (
    "Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,"
    "uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"
)
AUTH_TYPE = "ClobAuth(address address,string timestamp,uint256 nonce,string message)"
AUTH_MESSAGE = "This message attests that I control the given wallet"
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class BadSignature(ValueError):
    """Bytes that are no recoverable signature."""


def keccak(data: bytes) -> bytes:
    """Return the 32-byte Keccak-256 hash."""
    digest: bytes = keccak_256(data).digest()
    return digest


def checksum(address: bytes) -> str:
    """Return an address with the letter case of EIP-55."""
    plain = address.hex()
    marks = keccak(plain.encode()).hex()
    return "0x" + "".join(
        c.upper() if int(mark, 16) >= 8 else c for c, mark in zip(plain, marks, strict=False)
    )


def word(value: int) -> bytes:
    """Encode a non-negative integer in 32 bytes; raise OverflowError if it does not fit."""
    return value.to_bytes(32, "big")


def _address(value: str) -> bytes:
    return bytes.fromhex(value[2:]).rjust(32, b"\0")


@lru_cache(maxsize=64)
def separator(name: str, version: str, chain_id: int, contract: str | None) -> bytes:
    """Return a domain's separator; contract is None where the domain names none."""
    fields = "string name,string version,uint256 chainId" + (",address verifyingContract" if contract else "")
    parts = [keccak(f"EIP712Domain({fields})".encode()), keccak(name.encode()), keccak(version.encode())]
    return keccak(b"".join([*parts, word(chain_id), _address(contract) if contract else b""]))


@dataclass(frozen=True, slots=True)
class SignedFields:
    """The signed part of an order; addresses and bytes32 as 0x-hex, side 0 buys."""

    salt: int
    maker: str
    signer: str
    token_id: int
    maker_amount: int
    taker_amount: int
    side: int
    signature_type: int
    timestamp: int
    metadata: str
    builder: str


def order_digest(fields: SignedFields, chain_id: int, contract: str) -> bytes:
    """Return the digest that is signed and that names the order; raise OverflowError beyond 256 bits."""
    numbers = (fields.token_id, fields.maker_amount, fields.taker_amount, fields.side, fields.signature_type)
    body = b"".join(
        (
            keccak(ORDER_TYPE.encode()),
            word(fields.salt),
            _address(fields.maker),
            _address(fields.signer),
            *map(word, numbers),
            word(fields.timestamp),
            bytes.fromhex(fields.metadata[2:]),
            bytes.fromhex(fields.builder[2:]),
        )
    )
    domain = separator("Polymarket CTF Exchange", "2", chain_id, contract)
    return keccak(b"\x19\x01" + domain + keccak(body))


def auth_digest(address: str, timestamp: str, nonce: int, chain_id: int) -> bytes:
    """Return the digest of an L1 header's attestation."""
    texts = keccak(timestamp.encode()), keccak(AUTH_MESSAGE.encode())
    body = keccak(AUTH_TYPE.encode()) + _address(address) + texts[0] + word(nonce) + texts[1]
    return keccak(b"\x19\x01" + separator("ClobAuthDomain", "1", chain_id, None) + keccak(body))


def recover(digest: bytes, signature: str) -> str:
    """Return the lowercase address that signed; raise BadSignature."""
    try:
        raw = bytes.fromhex(signature.removeprefix("0x"))
    except ValueError as error:
        raise BadSignature("a signature is 65 bytes of hexadecimal digits") from error
    if len(raw) != 65 or raw[64] not in (0, 1, 27, 28) or int.from_bytes(raw[32:64], "big") > _HALF_ORDER:
        raise BadSignature("a signature is r, s and v with a low s")
    try:
        key = coincurve.PublicKey.from_signature_and_message(
            raw[:64] + bytes((raw[64] % 27,)), digest, hasher=None
        )
    except Exception as error:  # coincurve raises bare exceptions for points off the curve
        raise BadSignature("the signature recovers no key") from error
    return "0x" + keccak(key.format(compressed=False)[1:])[12:].hex()


def request_signature(secret: str, timestamp: str, method: str, path: str, body: str) -> str:
    """Return the L2 header's signature; raise ValueError for a secret that is not urlsafe base64."""
    try:
        key = base64.urlsafe_b64decode(secret)
    except binascii.Error as error:
        raise ValueError("the secret is not base64") from error
    message = f"{timestamp}{method}{path}{body}".encode()
    return base64.urlsafe_b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
