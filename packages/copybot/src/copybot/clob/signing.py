"""Signing orders and requests: EIP-712 orders of exchange V2, L1 and L2 request headers."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Protocol

import coincurve
import msgspec
import sha3

from copybot.clob.errors import ClobMalformed

ORDER_TYPE = (
    b"Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,"
    b"uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"
)
DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
AUTH_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId)"
AUTH_TYPE = b"ClobAuth(address address,string timestamp,uint256 nonce,string message)"
AUTH_MESSAGE = "This message attests that I control the given wallet"
EXCHANGE = "0xE111180000d2663C0091e4f400237545B87B996B"  # Polygon, exchange V2
NEG_RISK_EXCHANGE = "0xe2222d279d744050d28e00520010520000310F59"


class UnsignedOrder(msgspec.Struct, frozen=True):
    """An order before signing. Amounts are millionths; timestamp is milliseconds; side is 0 buy, 1 sell."""

    salt: int
    maker: str
    signer: str
    token: int
    maker_amount: int
    taker_amount: int
    side: int
    timestamp: int
    signature_type: int = 0
    metadata: bytes = bytes(32)
    builder: bytes = bytes(32)


class Credentials(msgspec.Struct, frozen=True):
    """The key of the API. Its parts are secrets."""

    key: str
    secret: str
    passphrase: str

    def __repr__(self) -> str:
        return f"Credentials({self.key[:4]}…)"


class Signer(Protocol):
    """Whoever holds the key."""

    address: str

    def sign(self, digest: bytes) -> bytes:
        """Return the 65-byte signature of a digest, v being 27 or 28."""
        ...


class LocalSigner:
    """Sign with a key in this process. The key is in no repr, no log and no error."""

    def __init__(self, key: bytes) -> None:
        self._key = coincurve.PrivateKey(key)
        public = self._key.public_key.format(compressed=False)[1:]
        self.address = checksum(keccak(public)[12:])

    def __repr__(self) -> str:
        return f"LocalSigner({self.address})"

    def sign(self, digest: bytes) -> bytes:
        """Return the 65-byte signature of a digest, v being 27 or 28."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])


def order_digest(order: UnsignedOrder, chain_id: int, exchange: str) -> bytes:
    """Return the EIP-712 digest of an order: what is signed, and the order's name at the venue."""
    fields = (
        word(order.salt)
        + address_word(order.maker)
        + address_word(order.signer)
        + word(order.token)
        + word(order.maker_amount)
        + word(order.taker_amount)
        + word(order.side)
        + word(order.signature_type)
        + word(order.timestamp)
        + order.metadata
        + order.builder
    )
    domain = keccak(
        keccak(DOMAIN_TYPE)
        + keccak(b"Polymarket CTF Exchange")
        + keccak(b"2")
        + word(chain_id)
        + address_word(exchange)
    )
    return typed(domain, keccak(keccak(ORDER_TYPE) + fields))


def auth_digest(address: str, timestamp: int, nonce: int, chain_id: int) -> bytes:
    """Return the EIP-712 digest by which a wallet asks for its API key."""
    domain = keccak(keccak(AUTH_DOMAIN_TYPE) + keccak(b"ClobAuthDomain") + keccak(b"1") + word(chain_id))
    fields = address_word(address) + keccak(str(timestamp).encode()) + word(nonce)
    return typed(domain, keccak(keccak(AUTH_TYPE) + fields + keccak(AUTH_MESSAGE.encode())))


def l1_headers(signer: Signer, timestamp: int, chain_id: int, nonce: int = 0) -> dict[str, str]:
    """Return the headers that ask for an API key."""
    signature = signer.sign(auth_digest(signer.address, timestamp, nonce, chain_id))
    return {
        "POLY_ADDRESS": signer.address,
        "POLY_SIGNATURE": "0x" + signature.hex(),
        "POLY_TIMESTAMP": str(timestamp),
        "POLY_NONCE": str(nonce),
    }


def l2_headers(
    address: str, credentials: Credentials, timestamp: int, method: str, path: str, body: bytes
) -> dict[str, str]:
    """Return the headers of an authenticated request; path is without the query."""
    return {
        "POLY_ADDRESS": address,
        "POLY_SIGNATURE": l2_signature(credentials.secret, timestamp, method, path, body),
        "POLY_TIMESTAMP": str(timestamp),
        "POLY_API_KEY": credentials.key,
        "POLY_PASSPHRASE": credentials.passphrase,
    }


def l2_signature(secret: str, timestamp: int, method: str, path: str, body: bytes) -> str:
    """Return the URL-safe base64 HMAC-SHA256 of a request."""
    try:
        key = base64.urlsafe_b64decode(secret)
    except ValueError:
        raise ClobMalformed("the API secret is no base64") from None
    message = f"{timestamp}{method}{path}".encode() + body
    return base64.urlsafe_b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def typed(domain: bytes, struct: bytes) -> bytes:
    """Return the digest of typed data (EIP-712)."""
    return keccak(b"\x19\x01" + domain + struct)


def keccak(data: bytes) -> bytes:
    """Return the Keccak-256 hash."""
    return bytes(sha3.keccak_256(data).digest())


def word(value: int) -> bytes:
    """Encode an unsigned integer in 32 bytes."""
    return value.to_bytes(32, "big")


def address_word(address: str) -> bytes:
    """Encode an address in 32 bytes."""
    return bytes(12) + bytes.fromhex(address.removeprefix("0x"))


def checksum(address: bytes) -> str:
    """Return an address in mixed case (EIP-55)."""
    plain = address.hex()
    digest = keccak(plain.encode()).hex()
    mixed = "".join(c.upper() if int(d, 16) > 7 else c for c, d in zip(plain, digest, strict=False))
    return "0x" + mixed
