"""Hash and sender of a transaction, on demand.

Source: EIP-155, EIP-2, EIP-2718; go-ethereum `core/types/transaction_signing.go`.
"""

from __future__ import annotations

from coincurve import PublicKey
from sha3 import keccak_256

from arbbot.decode import rlp
from arbbot.decode.errors import DecodeError, TransactionError
from arbbot.decode.transaction import LEGACY, Tx

_HALF_ORDER = bytes.fromhex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0")
_PARITY = {0x80: b"\x00", 0x01: b"\x01"}


def keccak(data: bytes) -> bytes:
    """Hash bytes with Keccak-256 (32 bytes)."""
    digest: bytes = keccak_256(data).digest()
    return digest


def tx_hash(tx: Tx) -> bytes:
    """Hash a transaction (32 bytes). Raises TransactionError("chain_id") where its encoding is unknown."""
    if not tx.raw:
        raise TransactionError("chain_id", "the hash of this type needs the chain id")
    return keccak(tx.raw)


def sender(tx: Tx) -> bytes:
    """Recover who signed a transaction (20 bytes), or read it from the header for an unsigned one.

    Raises TransactionError("signature") where no key could have signed it, or s is in the upper half.
    """
    if tx.origin is not None:
        return tx.origin
    raw, at = tx.raw, tx.signed_at
    if tx.type != LEGACY and len(raw) - at == 67:
        signature = _usual_signature(raw, at)
        chain = b""
    else:
        signature, chain = _read_signature(tx)
    content = raw[tx.content : at] + chain
    prefix = rlp.header(len(content))
    if tx.type != LEGACY:
        prefix = raw[:1] + prefix
    return recover(keccak_256(prefix + content).digest(), signature)


def _usual_signature(raw: bytes, at: int) -> bytes:
    parity = _PARITY.get(raw[at])
    s = raw[at + 35 :]
    if parity is None or s > _HALF_ORDER:
        raise TransactionError("signature", "parity or s is out of range")
    return raw[at + 2 : at + 34] + s + parity


def _read_signature(tx: Tx) -> tuple[bytes, bytes]:
    """Read any form of signature: (r|s|parity, what EIP-155 appends to the signed fields)."""
    (v, r, s), _ = rlp.integers(tx.raw, tx.signed_at, 3)
    chain = b""
    if tx.type == LEGACY:
        v, chain = _legacy_parity(v)
    try:
        words = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    except OverflowError:
        raise TransactionError("signature", "r or s passes 256 bits") from None
    if v > 1 or words[32:] > _HALF_ORDER:
        raise TransactionError("signature", "parity or s is out of range")
    return words + bytes((v,)), chain


def _legacy_parity(v: int) -> tuple[int, bytes]:
    if v in (27, 28):
        return v - 27, b""
    if v < 35:
        raise TransactionError("signature", f"v is {v}")
    return (v - 35) & 1, rlp.encode_integer((v - 35) >> 1) + b"\x80\x80"


def recover(digest: bytes, signature: bytes, error: type[DecodeError] = TransactionError) -> bytes:
    """Recover the address (20 bytes) that signed a 32-byte digest; signature is r|s|parity, 65 bytes."""
    try:
        # coincurve's checks are enough: r and s in 1..n-1, parity in 0..3, a point on the curve.
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError as fault:
        raise error("signature", str(fault)) from None
    address: bytes = keccak_256(key.format(compressed=False)[1:]).digest()[12:]
    return address
