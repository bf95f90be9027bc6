"""Who signed a feed message, and which transactions took the express lane.

Arbitrum One does not sign its feed (the fields are null there); Orbit chains may. The caller decides
whether an absent signature matters. Source: nitro `broadcaster/message/message.go` SignatureHash,
`util/signature/verifier.go`; the older hash is of `arbos/arbostypes/messagewithmeta.go`.
"""

from __future__ import annotations

from arbbot.decode import rlp
from arbbot.decode.envelope import Message
from arbbot.decode.errors import MessageError
from arbbot.decode.signature import keccak, recover

_PREFIX = b"Arbitrum Nitro Feed:"


def feed_hash(message: Message, chain_id: int) -> bytes:
    """Hash what `signatureV2` signs (32 bytes). Absent fields and a base fee of 0 add no bytes."""
    _check(message, chain_id)
    fee = abs(message.base_fee or 0)
    return keccak(
        b"".join(
            (
                _PREFIX,
                chain_id.to_bytes(8, "big"),
                (message.sequence or 0).to_bytes(8, "big"),
                message.block_hash or b"",
                message.metadata or b"",
                message.delayed_read.to_bytes(8, "big"),
                bytes((message.kind,)),
                message.sender,
                message.l1_block.to_bytes(8, "big"),
                message.timestamp.to_bytes(8, "big"),
                message.request_id or b"",
                fee.to_bytes((fee.bit_length() + 7) // 8, "big"),
                message.l2,
            )
        )
    )


def old_feed_hash(message: Message, chain_id: int) -> bytes:
    """Hash what the older `signature` signs (32 bytes): numbers, then the RLP of the message."""
    _check(message, chain_id)
    numbers = (message.sequence or 0, chain_id, message.delayed_read)
    return keccak(_PREFIX + b"".join(n.to_bytes(8, "big") for n in numbers) + _old_body(message))


def _old_body(message: Message) -> bytes:
    request = b"\xc0" if message.request_id is None else rlp.encode_bytes(message.request_id)
    header = rlp.encode_list(
        (
            rlp.encode_integer(message.kind),
            rlp.encode_bytes(message.sender),
            rlp.encode_integer(message.l1_block),
            rlp.encode_integer(message.timestamp),
            request,
            rlp.encode_integer(abs(message.base_fee or 0)),
        )
    )
    gas = () if message.batch_gas is None else (rlp.encode_integer(message.batch_gas),)
    return rlp.encode_list((header, rlp.encode_bytes(message.l2), *gas))


def _check(message: Message, chain_id: int) -> None:
    if not 0 <= chain_id < 1 << 64:
        raise MessageError("range", "chain id passes 64 bits")
    if message.sequence is None:
        raise MessageError("signature", "a message without its number cannot be verified")


def feed_signer(message: Message, chain_id: int) -> bytes | None:
    """Recover who signed a message (20 bytes); None where it carries no signature.

    Raises MessageError("signature") where the signature is malformed or fits no key.
    """
    if message.signature is not None:
        signature, digest = message.signature, feed_hash
    elif message.old_signature is not None:
        signature, digest = message.old_signature, old_feed_hash
    else:
        return None
    return recover(digest(message, chain_id), signature, MessageError)


def express_lane(metadata: bytes | None, index: int) -> bool | None:
    """Tell whether transaction `index` of a message took Timeboost's express lane; None where unknown.

    Bit 0 of the metadata is the block's internal start transaction, which the feed does not carry, so the
    feed's transaction k is bit k + 1. A bit behind the last byte is 0.
    """
    if not metadata or metadata[0] != 0:
        return None
    place, bit = divmod(index + 1, 8)
    return 1 + place < len(metadata) and bool(metadata[1 + place] >> bit & 1)
