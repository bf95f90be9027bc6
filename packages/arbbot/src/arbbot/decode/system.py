"""Transactions that nobody signed: unsigned, contract, deposit, retryable and the chain's own.

Their sender stands in the message's header. Nitro gives each an RLP form of its own, whose hash is the
transaction's; it holds the chain id, so without one raw stays empty.
Source: nitro `arbos/parse_l2.go`; OffchainLabs/go-ethereum `core/types/arb_types.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

from arbbot.decode import rlp
from arbbot.decode.envelope import Message
from arbbot.decode.errors import MessageError
from arbbot.decode.signature import keccak
from arbbot.decode.transaction import Tx

DEPOSIT, UNSIGNED, CONTRACT, RETRYABLE, INTERNAL = 0x64, 0x65, 0x66, 0x69, 0x6A
MAX_MESSAGE = 256 * 1024
ARB_RETRYABLE = bytes(19) + b"\x6e"
ARB_OS = bytes.fromhex("00000000000000000000000000000000000a4b05")
_ZERO = bytes(20)
_REPORT = keccak(b"batchPostingReport(uint256,address,uint64,uint64,uint256)")[:4]
_SUBMIT = bytes.fromhex("c9f95d32")


class Retryable(Tx, frozen=True, gc=False):
    """A retryable ticket's submission; what it will call later is in the retry fields. Amounts are wei."""

    deposit: int = 0
    retry_to: bytes | None = None
    retry_value: int = 0
    retry_data: bytes = b""
    max_submission_fee: int = 0
    fee_refund: bytes = _ZERO
    beneficiary: bytes = _ZERO
    l1_base_fee: int = 0


class _Words:
    """Reads 32-byte words off a message, front to back."""

    __slots__ = ("at", "data", "stop")

    def __init__(self, data: bytes, at: int, stop: int) -> None:
        self.data, self.at, self.stop = data, at, stop

    def take(self, size: int) -> bytes:
        at = self.at
        self.at = at + size
        if self.at > self.stop:
            raise MessageError("truncated", "a field is cut")
        return self.data[at : self.at]

    def number(self) -> int:
        return int.from_bytes(self.take(32), "big")

    def u64(self) -> int:
        value = self.number()
        if value >> 64:
            raise MessageError("range", "a number passes 64 bits")
        return value

    def address(self) -> bytes:
        # Nitro drops the upper 12 bytes unread (`util.AddressFrom256FromReader`).
        return self.take(32)[12:]

    def rest(self) -> bytes:
        return self.data[self.at : self.stop]


def _raw(kind: int, chain_id: int | None, items: Iterable[bytes]) -> bytes:
    if chain_id is None:
        return b""
    return bytes((kind,)) + rlp.encode_list((rlp.encode_integer(chain_id), *items))


def parse_unsigned(
    data: bytes,
    at: int,
    stop: int,
    origin: bytes,
    chain_id: int | None,
    contract: bool,
    request_id: bytes | None,
) -> Tx:
    """Read an unsigned user transaction, or a contract's (which has no nonce and needs a request id)."""
    words = _Words(data, at, stop)
    gas, fee = words.u64(), words.number()
    nonce = 0 if contract else words.u64()
    to, value, call = words.address(), words.number(), words.rest()
    if contract and request_id is None:
        raise MessageError("request_id", "a contract's transaction needs one")
    target = b"" if to == _ZERO else to
    body = [rlp.encode_integer(n) for n in (fee, gas)]
    body += [rlp.encode_bytes(target), rlp.encode_integer(value), rlp.encode_bytes(call)]
    if contract:
        front, kind = [request_id or b"", origin], CONTRACT
        body = [rlp.encode_bytes(item) for item in front] + body
    else:
        kind = UNSIGNED
        body = [rlp.encode_bytes(origin), rlp.encode_integer(nonce), *body]
    raw = _raw(kind, chain_id, body)
    fields = (nonce, 0, fee, gas, target or None, value, call, raw)
    return Tx(kind, chain_id, *fields, origin=origin, request_id=request_id)


def deposit(origin: bytes, to: bytes, value: int, request_id: bytes, chain_id: int | None) -> Tx:
    """Make the transaction that credits a deposit of `value` wei."""
    body = [rlp.encode_bytes(item) for item in (request_id, origin, to)] + [rlp.encode_integer(value)]
    raw = _raw(DEPOSIT, chain_id, body)
    return Tx(DEPOSIT, chain_id, 0, 0, 0, 0, to, value, b"", raw, origin=origin, request_id=request_id)


def parse_deposit(message: Message, chain_id: int | None) -> list[Tx]:
    """Read an ETH deposit: address in 20 bytes, value in 32."""
    words = _Words(message.l2, 0, len(message.l2))
    to, value = words.take(20), words.number()
    return [deposit(message.sender, to, value, _request(message), chain_id)]


def parse_funded(message: Message, chain_id: int | None) -> list[Tx]:
    """Read an L2 transaction funded by L1: the deposit that pays for it, then the transaction."""
    if not message.l2:
        raise MessageError("truncated", "message is empty")
    request_id = _request(message)
    credit, call = (keccak(request_id + n.to_bytes(32, "big")) for n in (0, 1))
    kind = message.l2[0]
    if kind > 1:
        raise MessageError("l2_kind", f"kind {kind} cannot be funded")
    size = len(message.l2)
    tx = parse_unsigned(message.l2, 1, size, message.sender, chain_id, kind == 1, call)
    # Nitro leaves the deposit's origin empty here.
    return [deposit(_ZERO, message.sender, tx.value, credit, chain_id), tx]


def parse_retryable(message: Message, chain_id: int | None) -> list[Tx]:
    """Read the submission of a retryable ticket."""
    words = _Words(message.l2, 0, len(message.l2))
    retry_to, retry_value, paid, submission = words.address(), words.number(), words.number(), words.number()
    refund, beneficiary = words.address(), words.address()
    gas, fee, size = words.u64(), words.number(), words.u64()
    if size > MAX_MESSAGE:
        raise MessageError("range", "retryable data is too large")
    call = words.rest()[:size]
    if size and not call:
        raise MessageError("truncated", "retryable data is missing")
    # Nitro reads what there is into a zeroed buffer of the length that was named.
    call = call.ljust(size, b"\0")
    request_id, base_fee = _request(message), abs(message.base_fee or 0)
    target = b"" if retry_to == _ZERO else retry_to
    encode, number = rlp.encode_bytes, rlp.encode_integer
    body = [encode(request_id), encode(message.sender)]
    body += [number(n) for n in (base_fee, paid, fee, gas)]
    body += [encode(target), number(retry_value), encode(beneficiary), number(submission), encode(refund)]
    raw = _raw(RETRYABLE, chain_id, [*body, encode(call)])
    numbers = (base_fee, paid, retry_value, fee, gas, submission)
    data = _submit_data(request_id, numbers, (refund, beneficiary, retry_to), call)
    fields = (fee, gas, ARB_RETRYABLE, 0, data, raw, 0, 0, message.sender, request_id)
    ticket = (paid, target or None, retry_value, call, submission, refund, beneficiary, base_fee)
    return [Retryable(RETRYABLE, chain_id, 0, 0, *fields, *ticket)]


def _submit_data(request_id: bytes, numbers: Iterable[int], addresses: Iterable[bytes], call: bytes) -> bytes:
    head = request_id + b"".join((n % (1 << 256)).to_bytes(32, "big") for n in numbers)
    head += b"".join(address.rjust(32, b"\0") for address in addresses)
    tail = (len(head) + 32).to_bytes(32, "big") + len(call).to_bytes(32, "big")
    return _SUBMIT + head + tail + call + bytes(-len(call) % 32)


def parse_report(message: Message, chain_id: int | None) -> list[Tx]:
    """Read a batch posting report, which the chain tells itself.

    The call that Nitro makes of it depends on its ArbOS version and on the batch; it is known here only
    where the message has the older `batchGasCost` alone. Else data and raw are empty.
    """
    words = _Words(message.l2, 0, len(message.l2))
    posted, poster, _ = words.number(), words.take(20), words.take(32)
    batch, price = words.number(), words.number()
    left = words.rest()
    if batch >> 64 or 0 < len(left) < 8:
        raise MessageError("range" if batch >> 64 else "truncated", "batch posting report")
    extra = int.from_bytes(left[:8], "big")
    data = b""
    if message.batch_gas is not None and message.batch_stats is None:
        gas = min(message.batch_gas + extra, (1 << 64) - 1)
        words_out = (posted, int.from_bytes(poster, "big"), batch, gas, price)
        data = _REPORT + b"".join(n.to_bytes(32, "big") for n in words_out)
    raw = _raw(INTERNAL, chain_id, [rlp.encode_bytes(data)]) if data else b""
    return [Tx(INTERNAL, chain_id, 0, 0, 0, 0, ARB_OS, 0, data, raw, origin=ARB_OS)]


def _request(message: Message) -> bytes:
    if message.request_id is None:
        raise MessageError("request_id", "a message of this kind needs one")
    return message.request_id
