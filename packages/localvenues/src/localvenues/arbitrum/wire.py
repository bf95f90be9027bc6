"""The sequencer feed's wire format, written by the venue: L2 messages, feed messages, signatures.

Sources: nitro arbos/parse_l2.go (L2 messages), arbos/arbostypes/incomingmessage.go (L1 kinds),
broadcaster/message/message.go (the JSON envelope and the signed hash).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from localvenues.arbitrum.transactions import Account, keccak

VERSION = 1
KIND_L2_MESSAGE = 3
L2_BATCH = 3
L2_SIGNED_TX = 4
SEQUENCER = bytes.fromhex("a4b000000000000000000073657175656e636572")
SIGNATURE_PREFIX = b"Arbitrum Nitro Feed:"
MAX_L2_MESSAGE = 256 * 1024


class Header(msgspec.Struct, frozen=True, rename="camel"):
    """An L1 message's header; block_number is the L1 block, base_fee_l1 wei."""

    kind: int
    sender: str
    block_number: int
    timestamp: int
    request_id: str | None
    base_fee_l1: int | None = msgspec.field(name="baseFeeL1")


class L1Message(msgspec.Struct, frozen=True):
    """A header and the L2 message (base64 in JSON)."""

    header: Header
    l2_msg: bytes = msgspec.field(name="l2Msg")


class MessageWithMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """An L1 message and how many delayed messages were read before it."""

    message: L1Message
    delayed_messages_read: int


class FeedMessage(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One sequenced message; it makes one L2 block. The signature is 65 bytes r|s|v, or null."""

    sequence_number: int
    message: MessageWithMetadata
    block_hash: str | UnsetType = UNSET
    signature_v2: bytes | None = msgspec.field(name="signatureV2")
    block_metadata: bytes | UnsetType = UNSET


class Confirmed(msgspec.Struct, frozen=True, rename="camel"):
    """Messages up to this number may be forgotten."""

    sequence_number: int


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One websocket text frame."""

    version: int = VERSION
    messages: list[FeedMessage] | UnsetType = UNSET
    confirmed: Confirmed | UnsetType = msgspec.field(name="confirmedSequenceNumberMessage", default=UNSET)


_encode = msgspec.json.Encoder().encode


def frame(messages: Iterable[bytes]) -> bytes:
    """Join encoded messages into one frame."""
    return b'{"version":%d,"messages":[%s]}' % (VERSION, b",".join(messages))


def confirmation(number: int) -> bytes:
    """Return the frame that confirms all messages up to number."""
    return _encode(Frame(confirmed=Confirmed(number)))


def encode(message: FeedMessage | Frame) -> bytes:
    """Return the JSON as nitro writes it: no spaces, its order, absent fields left out."""
    return _encode(message)


def signed_tx(raw: bytes) -> bytes:
    """Wrap a raw signed transaction."""
    return bytes((L2_SIGNED_TX,)) + raw


def batch(items: Sequence[bytes]) -> bytes:
    """Wrap L2 messages in a batch: each after its length as eight bytes, big-endian."""
    return bytes((L2_BATCH,)) + b"".join(len(item).to_bytes(8, "big") + item for item in items)


def metadata(express: Sequence[bool]) -> bytes:
    """Return Timeboost block metadata; bit 0 is the block's own start transaction.

    express says for each transaction of the message whether it came by the express lane.
    """
    bits = bytearray(1 + len(express) // 8)
    for index, flag in enumerate(express, start=1):
        bits[index // 8] |= flag << (index % 8)
    return b"\0" + bytes(bits)


def signed_hash(message: FeedMessage, chain_id: int) -> bytes:
    """Return the hash that the sequencer signs; absent and null fields add no bytes."""
    inner, header = message.message, message.message.message.header
    request = bytes.fromhex(header.request_id[2:]) if header.request_id is not None else b""
    base_fee = header.base_fee_l1 or 0
    parts = [
        SIGNATURE_PREFIX,
        chain_id.to_bytes(8, "big"),
        message.sequence_number.to_bytes(8, "big"),
        b"" if isinstance(message.block_hash, UnsetType) else bytes.fromhex(message.block_hash[2:]),
        b"" if isinstance(message.block_metadata, UnsetType) else message.block_metadata,
        inner.delayed_messages_read.to_bytes(8, "big"),
        bytes((header.kind,)),
        bytes.fromhex(header.sender[2:]),
        header.block_number.to_bytes(8, "big"),
        header.timestamp.to_bytes(8, "big"),
        request,
        base_fee.to_bytes((base_fee.bit_length() + 7) // 8, "big"),
        inner.message.l2_msg,
    ]
    return keccak(b"".join(parts))


def sign(message: FeedMessage, chain_id: int, signer: Account) -> FeedMessage:
    """Return the message with the signer's signature."""
    parity, r, s = signer.sign_hash(signed_hash(message, chain_id))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((parity,))
    return msgspec.structs.replace(message, signature_v2=signature)
