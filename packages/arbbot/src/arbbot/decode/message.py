"""A feed message into its transactions, with the rules of Nitro's own parser.

Source: nitro `arbos/parse_l2.go`. A nested message that cannot be parsed fails the whole message: none of its
transactions is executed. A batch ends quietly at its first short or oversized segment.
"""

from __future__ import annotations

from collections.abc import Callable

from arbbot.decode.envelope import Message
from arbbot.decode.errors import MessageError
from arbbot.decode.signature import keccak
from arbbot.decode.system import (
    MAX_MESSAGE,
    parse_deposit,
    parse_funded,
    parse_report,
    parse_retryable,
    parse_unsigned,
)
from arbbot.decode.transaction import Tx, parse_signed

MAX_DEPTH = 16
HEARTBEATS_END = 1659974400  # Monday, 8 August 2022, 16:00 GMT
L2_MESSAGE = 3
_UNSIGNED, _CONTRACT, _CALL, _BATCH, _SIGNED, _HEARTBEAT, _COMPRESSED = 0, 1, 2, 3, 4, 6, 7


def transactions(message: Message, chain_id: int | None = None) -> list[Tx]:
    """List a message's transactions in their order, batches flattened.

    chain_id is only needed for the hashes of transactions that nobody signed. Raises MessageError or
    TransactionError where Nitro rejects the message; then it has no transactions at all.
    """
    if len(message.l2) > MAX_MESSAGE:
        raise MessageError("oversized", f"{len(message.l2)} bytes")
    if message.kind == L2_MESSAGE:
        out: list[Tx] = []
        _l2(message, 0, len(message.l2), message.request_id, chain_id, 0, out)
        return out
    parse = _KINDS.get(message.kind)
    if parse is None:
        unimplemented = message.kind == 10
        raise MessageError("unimplemented" if unimplemented else "l1_kind", f"L1 kind {message.kind}")
    return parse(message, chain_id)


def _nothing(message: Message, chain_id: int | None) -> list[Tx]:
    return []


# 6 ends a block and 8 is a rollup event: both are accepted and empty. 11 (initialize) belongs to genesis and
# 0xff is invalid on purpose: both fail like any unknown kind.
_KINDS: dict[int, Callable[[Message, int | None], list[Tx]]] = {
    6: _nothing,
    7: parse_funded,
    8: _nothing,
    9: parse_retryable,
    12: parse_deposit,
    13: parse_report,
}


def _l2(
    message: Message,
    at: int,
    stop: int,
    request_id: bytes | None,
    chain_id: int | None,
    depth: int,
    out: list[Tx],
) -> None:
    if at >= stop:
        raise MessageError("truncated", "L2 message is empty")
    data = message.l2
    kind = data[at]
    if kind == _SIGNED:
        out.append(parse_signed(data[at + 1 : stop]))
    elif kind == _BATCH:
        _batch(message, at + 1, stop, request_id, chain_id, depth, out)
    elif kind in (_UNSIGNED, _CONTRACT):
        contract = kind == _CONTRACT
        out.append(parse_unsigned(data, at + 1, stop, message.sender, chain_id, contract, request_id))
    else:
        _refuse(kind, message.timestamp)


def _batch(
    message: Message,
    at: int,
    stop: int,
    request_id: bytes | None,
    chain_id: int | None,
    depth: int,
    out: list[Tx],
) -> None:
    if depth >= MAX_DEPTH:
        raise MessageError("depth", f"batches nest deeper than {MAX_DEPTH}")
    data = message.l2
    index = 0
    while (start := at + 8) <= stop:
        size = int.from_bytes(data[at:start], "big")
        at = start + size
        if size > MAX_MESSAGE or at > stop:
            return
        nested = None if request_id is None else keccak(request_id + index.to_bytes(32, "big"))
        _l2(message, start, at, nested, chain_id, depth + 1, out)
        index += 1


def _refuse(kind: int, timestamp: int) -> None:
    if kind == _HEARTBEAT:
        if timestamp >= HEARTBEATS_END:
            raise MessageError("heartbeat", "heartbeats have been switched off")
        return
    if kind in (_CALL, _COMPRESSED):
        raise MessageError("unimplemented", f"L2 kind {kind}")
    raise MessageError("l2_kind", f"L2 kind {kind}")
