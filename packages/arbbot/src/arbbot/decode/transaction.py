"""Signed transactions: the EIP-2718 bytes inside a feed message, read field by field.

Accepted are legacy (RLP list, with or without EIP-155), access list (1), dynamic fee (2) and set code (4).
Blob transactions (3) and everything else are rejected, as Nitro does (`arbos/parse_l2.go`). A signature is
only checked for its form here; `signature.sender` recovers it on demand, since recovery costs ten times the
parsing.
"""

from __future__ import annotations

import msgspec

from arbbot.decode import rlp
from arbbot.decode.errors import TransactionError

LEGACY, ACCESS_LIST, DYNAMIC_FEE, SET_CODE = 0, 1, 2, 4


class Tx(msgspec.Struct, frozen=True, gc=False):
    """One transaction of the feed.

    type is the EIP-2718 type (0 for legacy, 0x64.. for Arbitrum's own). chain_id is None where the
    transaction names none. tip_cap and fee_cap are wei per gas; both are the gas price where a type has
    one price. to is None for a creation. raw is the canonical encoding, so keccak(raw) is the hash; it is
    empty where it cannot be known (an unsigned type without a chain id). content and signed_at are where
    the list's content and its signature start in raw; signed_at is 0 where nobody signed. origin is the
    sender that the message's header names, None where the signature tells.
    """

    type: int
    chain_id: int | None
    nonce: int
    tip_cap: int
    fee_cap: int
    gas: int
    to: bytes | None
    value: int
    data: bytes
    raw: bytes
    content: int = 0
    signed_at: int = 0
    origin: bytes | None = None
    request_id: bytes | None = None


def parse_signed(raw: bytes) -> Tx:
    """Read a signed transaction from its EIP-2718 bytes; nothing may follow it.

    Raises TransactionError: `tx_type` for a type that the chain does not take, `rlp` for an encoding that
    is not canonical, `tx_field` for a field out of its range.
    """
    try:
        kind = raw[0]
        if kind == DYNAMIC_FEE:
            return _dynamic_fee(raw)
        if kind >= 0xC0:
            return _legacy(raw)
        if kind == ACCESS_LIST:
            return _access_list(raw)
        if kind == SET_CODE:
            return _set_code(raw)
    except IndexError:
        raise TransactionError("rlp", "transaction is cut") from None
    if kind > 0x7F:
        raise TransactionError("rlp", "a string is no transaction")
    raise TransactionError("tx_type", f"type {kind} is not taken")


def _content(raw: bytes, at: int) -> int:
    start, stop = rlp.list_payload(raw, at, len(raw))
    if stop != len(raw):
        raise TransactionError("rlp", "bytes follow the transaction")
    return start


def _dynamic_fee(raw: bytes) -> Tx:
    content = _content(raw, 1)
    (chain_id, nonce, tip, fee, gas), at = rlp.integers(raw, content, 5)
    to, value, data, at = _call(raw, at)
    signed_at = at + 1 if raw[at] == 0xC0 else _skip_accesses(raw, at)
    _check_signature(raw, signed_at)
    if (nonce | gas) >> 64:
        raise TransactionError("tx_field", "nonce or gas passes 64 bits")
    return Tx(DYNAMIC_FEE, chain_id, nonce, tip, fee, gas, to, value, data, raw, content, signed_at)


def _legacy(raw: bytes) -> Tx:
    content = _content(raw, 0)
    (nonce, price, gas), at = rlp.integers(raw, content, 3)
    to, value, data, signed_at = _call(raw, at)
    (v, _, _), at = rlp.integers(raw, signed_at, 3)
    if at != len(raw):
        raise TransactionError("rlp", "signature does not end the transaction")
    if (nonce | gas) >> 64:
        raise TransactionError("tx_field", "nonce or gas passes 64 bits")
    # EIP-155: v = 35 + 2 * chain id + parity; 27 and 28 name no chain.
    chain_id = (v - 35) >> 1 if v >= 35 else None
    return Tx(LEGACY, chain_id, nonce, price, price, gas, to, value, data, raw, content, signed_at)


def _access_list(raw: bytes) -> Tx:
    content = _content(raw, 1)
    (chain_id, nonce, price, gas), at = rlp.integers(raw, content, 4)
    to, value, data, at = _call(raw, at)
    signed_at = _skip_accesses(raw, at)
    _check_signature(raw, signed_at)
    if (nonce | gas) >> 64:
        raise TransactionError("tx_field", "nonce or gas passes 64 bits")
    return Tx(ACCESS_LIST, chain_id, nonce, price, price, gas, to, value, data, raw, content, signed_at)


def _set_code(raw: bytes) -> Tx:
    content = _content(raw, 1)
    (chain_id, nonce, tip, fee, gas), at = rlp.integers(raw, content, 5)
    to, value, data, at = _call(raw, at)
    signed_at = _skip_authorizations(raw, _skip_accesses(raw, at))
    _check_signature(raw, signed_at)
    signature, _ = rlp.integers(raw, signed_at, 3)
    if to is None:
        raise TransactionError("tx_field", "a set-code transaction creates nothing")
    # EIP-7702 fields are 256-bit words in geth, unlike the unbounded integers of the older types.
    if (nonce | gas) >> 64 or max(chain_id, tip, fee, value, *signature) >> 256:
        raise TransactionError("tx_field", "a field passes its width")
    return Tx(SET_CODE, chain_id, nonce, tip, fee, gas, to, value, data, raw, content, signed_at)


def _call(raw: bytes, at: int) -> tuple[bytes | None, int, bytes, int]:
    to: bytes | None
    if raw[at] == 0x94:
        to = raw[at + 1 : at + 21]
        at += 21
    elif raw[at] == 0x80:
        to = None
        at += 1
    else:
        raise TransactionError("rlp", "recipient is no address")
    (value,), at = rlp.integers(raw, at, 1)
    if raw[at] == 0x80:
        return to, value, b"", at + 1
    data, at = rlp.string(raw, at, len(raw))
    return to, value, data, at


def _check_signature(raw: bytes, at: int) -> None:
    # The usual form, parity then two full words, is told by five bytes; anything else is read out.
    if (
        len(raw) - at == 67
        and raw[at + 1] == raw[at + 34] == 0xA0
        and raw[at + 2]
        and raw[at + 35]
        and raw[at] in (0x80, 0x01)
    ):
        return
    _, stop = rlp.integers(raw, at, 3)
    if stop != len(raw):
        raise TransactionError("rlp", "signature does not end the transaction")


def _skip_accesses(raw: bytes, at: int) -> int:
    start, stop = rlp.list_payload(raw, at, len(raw))
    while start < stop:
        entry, after = rlp.list_payload(raw, start, stop)
        entry = _fixed(raw, entry, after, 20)
        keys, keys_stop = rlp.list_payload(raw, entry, after)
        if keys_stop != after:
            raise TransactionError("rlp", "access entry has too many items")
        while keys < keys_stop:
            keys = _fixed(raw, keys, keys_stop, 32)
        start = after
    return stop


def _fixed(raw: bytes, at: int, end: int, size: int) -> int:
    text, stop = rlp.string(raw, at, end)
    if len(text) != size:
        raise TransactionError("rlp", f"{size} bytes were expected")
    return stop


def _skip_authorizations(raw: bytes, at: int) -> int:
    start, stop = rlp.list_payload(raw, at, len(raw))
    while start < stop:
        entry, after = rlp.list_payload(raw, start, stop)
        (chain_id,), entry = rlp.integers(raw, entry, 1)
        entry = _fixed(raw, entry, after, 20)
        (nonce, parity, r, s), entry = rlp.integers(raw, entry, 4)
        if entry != after:
            raise TransactionError("rlp", "authorization has a wrong number of items")
        if nonce >> 64 or parity >> 8 or max(chain_id, r, s) >> 256:
            raise TransactionError("tx_field", "an authorization passes its width")
        start = after
    return stop
