"""The sequencer feed's JSON envelope: one websocket text frame into messages.

Source: nitro `broadcaster/message/message.go`, `arbos/arbostypes/incomingmessage.go`. As there, unknown
fields are ignored, missing ones are zero or absent, only version 1 is taken, and one field of a wrong
shape fails the whole frame.
"""

from __future__ import annotations

import msgspec

from arbbot.decode.errors import FrameError

_U64 = 1 << 64


class _Header(msgspec.Struct, gc=False):
    kind: int | None = None
    sender: str | None = None
    blockNumber: int | None = None
    timestamp: int | None = None
    requestId: str | None = None
    baseFeeL1: int | None = None


class _Stats(msgspec.Struct, gc=False):
    length: int = 0
    nonzeros: int = 0


class _Incoming(msgspec.Struct):
    header: _Header
    l2Msg: bytes | None = None
    batchGasCost: int | None = None
    batchDataTokens: _Stats | None = None


class _Metadata(msgspec.Struct):
    message: _Incoming
    delayedMessagesRead: int | None = None


class _Feed(msgspec.Struct):
    message: _Metadata
    sequenceNumber: int | None = None
    blockHash: str | None = None
    signature: bytes | None = None
    signatureV2: bytes | None = None
    blockMetadata: bytes | None = None


class _Confirmed(msgspec.Struct, gc=False):
    sequenceNumber: int = 0


class _Broadcast(msgspec.Struct):
    version: int = 0
    messages: list[_Feed] | None = None
    confirmedSequenceNumberMessage: _Confirmed | None = None


class Message(msgspec.Struct, frozen=True, gc=False):
    """One sequenced message: on Arbitrum, one L2 block.

    sequence is None in recordings that lost it. kind is the L1 message kind, l1_block the block number of
    the parent chain, timestamp Unix seconds, base_fee wei. signature is the present form (signatureV2),
    old_signature the one before it. batch_gas is the cost that a batch posting report names, batch_stats
    its newer form (length, nonzero bytes).
    """

    sequence: int | None
    kind: int
    sender: bytes
    l1_block: int
    timestamp: int
    request_id: bytes | None
    base_fee: int | None
    l2: bytes
    delayed_read: int
    block_hash: bytes | None = None
    signature: bytes | None = None
    old_signature: bytes | None = None
    metadata: bytes | None = None
    batch_gas: int | None = None
    batch_stats: tuple[int, int] | None = None


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One broadcast: messages in their order, or the number below which the server forgets, or neither."""

    messages: tuple[Message, ...]
    confirmed: int | None


_decoder = msgspec.json.Decoder(_Broadcast)


def parse_frame(data: bytes | str) -> Frame:
    """Parse one websocket text frame.

    Raises FrameError: `json` for text that is no JSON, `base64` for bytes that are not, `shape` for a field
    of a wrong type or range, `version` for a version other than 1.
    """
    try:
        broadcast = _decoder.decode(data)
    except msgspec.ValidationError as fault:
        reason = "base64" if "base64" in str(fault) else "shape"
        raise FrameError(reason, str(fault)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise FrameError("json", str(fault)[:200]) from None
    if broadcast.version != 1:
        raise FrameError("version", f"version is {broadcast.version}")
    messages = tuple([_message(feed) for feed in broadcast.messages or ()])
    confirmed = broadcast.confirmedSequenceNumberMessage
    return Frame(messages, None if confirmed is None else _u64(confirmed.sequenceNumber))


def _message(feed: _Feed) -> Message:
    incoming, header = feed.message.message, feed.message.message.header
    if not 0 <= (kind := header.kind or 0) <= 255:
        raise FrameError("shape", "kind is no byte")
    stats = incoming.batchDataTokens
    return Message(
        None if feed.sequenceNumber is None else _u64(feed.sequenceNumber),
        kind,
        bytes(20) if header.sender is None else _hex(header.sender, 20),
        _u64(header.blockNumber or 0),
        _u64(header.timestamp or 0),
        None if header.requestId is None else _hex(header.requestId, 32),
        header.baseFeeL1,
        incoming.l2Msg or b"",
        _u64(feed.message.delayedMessagesRead or 0),
        None if feed.blockHash is None else _hex(feed.blockHash, 32),
        feed.signatureV2,
        feed.signature,
        feed.blockMetadata,
        None if incoming.batchGasCost is None else _u64(incoming.batchGasCost),
        None if stats is None else (_u64(stats.length), _u64(stats.nonzeros)),
    )


def _u64(value: int) -> int:
    if 0 <= value < _U64:
        return value
    raise FrameError("shape", "a number passes 64 bits")


def _hex(text: str, size: int) -> bytes:
    try:
        value = bytes.fromhex(text[2:])
    except ValueError:
        raise FrameError("shape", "hexadecimal is malformed") from None
    # The length of the text is checked too, since fromhex skips blanks.
    if len(value) != size or len(text) != 2 + 2 * size or text[:2] not in ("0x", "0X"):
        raise FrameError("shape", f"0x and {2 * size} digits were expected")
    return value
