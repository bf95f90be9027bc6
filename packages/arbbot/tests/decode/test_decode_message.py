"""Messages: which kinds are taken, how batches nest, and what fails as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rlp as peer
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from arbbot.decode import DecodeError, Message, MessageError, Retryable, parse_frame, transactions, tx_hash
from arbbot.decode.message import HEARTBEATS_END, MAX_DEPTH
from arbbot.decode.signature import keccak
from arbbot.decode.system import MAX_MESSAGE

Make = Callable[..., Message]
POSTER = bytes.fromhex("a4b000000000000000000073657175656e636572")
TO = b"\x0c" * 20
REQUEST = b"\x0e" * 32
CHAIN = 42161


def signed(nonce: int = 0) -> bytes:
    fields = {"nonce": nonce, "gas": 21000, "gasPrice": 1, "to": TO, "value": 1, "chainId": CHAIN}
    return b"\x04" + bytes(Account.sign_transaction(fields, b"\x11" * 32).raw_transaction)


def word(value: int | bytes) -> bytes:
    return value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")


def batch(*segments: bytes) -> bytes:
    return b"\x03" + b"".join(len(segment).to_bytes(8, "big") + segment for segment in segments)


def nonces(message: Message) -> list[int]:
    return [tx.nonce for tx in transactions(message, CHAIN)]


def reason(message: Message) -> str:
    with pytest.raises(DecodeError) as caught:
        transactions(message, CHAIN)
    assert caught.value.reason in type(caught.value).reasons
    return caught.value.reason


UNSIGNED = b"\x00" + word(500_000) + word(10**9) + word(3) + word(TO) + word(5) + b"\xaa\xbb"
CONTRACT = b"\x01" + word(500_000) + word(10**9) + word(TO) + word(5) + b"\xaa\xbb"


def test_batches_are_flattened_in_order(make_message: Make) -> None:
    body = batch(signed(1), batch(signed(2), batch(), signed(3)), UNSIGNED, signed(4))
    assert nonces(make_message(body)) == [1, 2, 3, 3, 4]


@given(st.recursive(st.integers(0, 9), lambda inner: st.lists(inner, max_size=4), max_leaves=12))
def test_any_nesting_keeps_the_order_of_its_leaves(make_message: Make, tree: Any) -> None:
    raws = [signed(i) for i in range(10)]

    def build(node: Any) -> bytes:
        return raws[node] if isinstance(node, int) else batch(*map(build, node))

    def leaves(node: Any) -> list[int]:
        return [node] if isinstance(node, int) else [leaf for child in node for leaf in leaves(child)]

    assert nonces(make_message(build(tree))) == leaves(tree)


def test_sixteen_nested_batches_are_taken_and_seventeen_fail(make_message: Make) -> None:
    body = signed(5)
    for _ in range(MAX_DEPTH):
        body = batch(body)
    assert nonces(make_message(body)) == [5]
    assert reason(make_message(batch(body))) == "depth"


def test_a_batch_ends_quietly_at_a_short_or_oversized_segment(make_message: Make) -> None:
    good = batch(signed(1))
    for tail in (
        b"\x00" * 7,
        (50).to_bytes(8, "big") + b"\x04" * 49,
        (MAX_MESSAGE + 1).to_bytes(8, "big") + signed(2),
        b"\xff" * 8 + signed(2),
    ):
        assert nonces(make_message(good + tail)) == [1]


def test_one_bad_segment_fails_the_whole_message(make_message: Make) -> None:
    assert reason(make_message(batch(signed(1), b"\x04\x02\xc0"))) == "rlp"
    assert reason(make_message(batch(signed(1), batch(signed(2), b"\x08")))) == "l2_kind"
    assert reason(make_message(batch(signed(1), b""))) == "truncated"


@pytest.mark.parametrize(
    ("body", "word_"),
    [
        (b"", "truncated"),
        (b"\x02", "unimplemented"),
        (b"\x05", "l2_kind"),
        (b"\x06", "heartbeat"),
        (b"\x07", "unimplemented"),
        (b"\x08", "l2_kind"),
        (b"\xff", "l2_kind"),
        (b"\x04", "rlp"),
        (b"\x04\x03" + signed()[2:], "tx_type"),
        (UNSIGNED[:160], "truncated"),
        (b"\x00" + word(1 << 64) + UNSIGNED[33:], "range"),
        (UNSIGNED[:65] + word(1 << 64) + UNSIGNED[97:], "range"),
        (CONTRACT, "request_id"),
    ],
)
def test_each_refused_l2_kind_has_its_reason(make_message: Make, body: bytes, word_: str) -> None:
    assert reason(make_message(body)) == word_


def test_a_heartbeat_was_taken_until_they_ended(make_message: Make) -> None:
    assert transactions(make_message(b"\x06", timestamp=HEARTBEATS_END - 1)) == []
    assert reason(make_message(b"\x06", timestamp=HEARTBEATS_END)) == "heartbeat"


def test_a_message_over_256_kib_is_refused_unread(make_message: Make) -> None:
    body = batch(signed(1))
    assert nonces(make_message(body.ljust(MAX_MESSAGE, b"\xff"))) == [1]
    assert reason(make_message(body.ljust(MAX_MESSAGE + 1, b"\xff"))) == "oversized"


@pytest.mark.parametrize(
    ("kind", "word_"),
    [(0, "l1_kind"), (5, "l1_kind"), (10, "unimplemented"), (11, "l1_kind"), (255, "l1_kind")],
)
def test_refused_l1_kinds_have_their_reason(make_message: Make, kind: int, word_: str) -> None:
    assert reason(make_message(signed(), kind=kind)) == word_


@pytest.mark.parametrize("kind", [6, 8])
def test_kinds_without_transactions_are_taken(make_message: Make, kind: int) -> None:
    assert transactions(make_message(b"anything", kind=kind)) == []


def test_an_unsigned_transaction_is_hashed_in_its_own_form(make_message: Make) -> None:
    (tx,) = transactions(make_message(UNSIGNED), CHAIN)
    fields = [CHAIN, POSTER, 3, 10**9, 500_000, TO, 5, b"\xaa\xbb"]
    assert (tx.type, tx.origin, tx.nonce, tx.to, tx.value) == (0x65, POSTER, 3, TO, 5)
    assert tx_hash(tx) == keccak(b"\x65" + peer.encode(fields))


def test_a_contract_transaction_carries_the_request_id_of_its_place(make_message: Make) -> None:
    (tx,) = transactions(make_message(CONTRACT, request_id=REQUEST), CHAIN)
    fields = [CHAIN, REQUEST, POSTER, 10**9, 500_000, TO, 5, b"\xaa\xbb"]
    assert tx_hash(tx) == keccak(b"\x66" + peer.encode(fields))
    second = transactions(make_message(batch(signed(), CONTRACT), request_id=REQUEST), CHAIN)[1]
    assert second.request_id == keccak(REQUEST + word(1))


def test_an_unsigned_creation_has_no_recipient(make_message: Make) -> None:
    (tx,) = transactions(make_message(UNSIGNED[:97] + word(0) + UNSIGNED[129:]), CHAIN)
    assert tx.to is None
    fields = [CHAIN, POSTER, 3, 10**9, 500_000, b"", 5, b"\xaa\xbb"]
    assert tx_hash(tx) == keccak(b"\x65" + peer.encode(fields))


def test_without_a_chain_id_an_unsigned_hash_is_unknown(make_message: Make) -> None:
    (tx,) = transactions(make_message(UNSIGNED))
    with pytest.raises(DecodeError) as caught:
        tx_hash(tx)
    assert caught.value.reason == "chain_id"


def test_a_deposit_credits_its_recipient(make_message: Make) -> None:
    (tx,) = transactions(make_message(TO + word(9), kind=12, request_id=REQUEST), CHAIN)
    assert (tx.type, tx.to, tx.value, tx.origin) == (0x64, TO, 9, POSTER)
    assert tx_hash(tx) == keccak(b"\x64" + peer.encode([CHAIN, REQUEST, POSTER, TO, 9]))
    assert reason(make_message(TO + word(9), kind=12)) == "request_id"
    assert reason(make_message(TO + word(9)[:31], kind=12, request_id=REQUEST)) == "truncated"


def test_a_funded_transaction_comes_behind_its_deposit(make_message: Make) -> None:
    first, second = transactions(make_message(CONTRACT, kind=7, request_id=REQUEST), CHAIN)
    assert (first.type, first.to, first.value) == (0x64, POSTER, 5)
    assert first.request_id == keccak(REQUEST + word(0))
    assert (second.type, second.request_id) == (0x66, keccak(REQUEST + word(1)))
    assert reason(make_message(CONTRACT, kind=7)) == "request_id"
    assert reason(make_message(b"", kind=7, request_id=REQUEST)) == "truncated"
    assert reason(make_message(signed(), kind=7, request_id=REQUEST)) == "l2_kind"


def retryable(call: bytes, named: int | None = None) -> bytes:
    head = [TO, 5, 100, 30, b"\x0f" * 20, b"\x0d" * 20, 200_000, 10**8, len(call) if named is None else named]
    return b"".join(map(word, head)) + call  # type: ignore[arg-type]


def test_a_retryable_is_hashed_in_its_own_form(make_message: Make) -> None:
    (tx,) = transactions(make_message(retryable(b"\x01\x02"), kind=9, request_id=REQUEST, base_fee=77), CHAIN)
    fields = [
        CHAIN,
        REQUEST,
        POSTER,
        77,
        100,
        10**8,
        200_000,
        TO,
        5,
        b"\x0d" * 20,
        30,
        b"\x0f" * 20,
        b"\x01\x02",
    ]
    assert isinstance(tx, Retryable)
    assert (tx.type, tx.deposit, tx.retry_to, tx.retry_value, tx.retry_data) == (
        0x69,
        100,
        TO,
        5,
        b"\x01\x02",
    )
    assert tx_hash(tx) == keccak(b"\x69" + peer.encode(fields))


def test_short_retryable_data_is_filled_with_zeros_as_the_chain_does(make_message: Make) -> None:
    (tx,) = transactions(make_message(retryable(b"\x01", 3), kind=9, request_id=REQUEST), CHAIN)
    assert isinstance(tx, Retryable)
    assert tx.retry_data == b"\x01\0\0"
    assert reason(make_message(retryable(b"", 3), kind=9, request_id=REQUEST)) == "truncated"
    assert reason(make_message(retryable(b"", MAX_MESSAGE + 1), kind=9, request_id=REQUEST)) == "range"
    assert reason(make_message(retryable(b"")[:-1], kind=9, request_id=REQUEST)) == "truncated"
    assert reason(make_message(retryable(b""), kind=9)) == "request_id"


def test_a_batch_posting_report_is_hashed_where_its_call_is_known(make_message: Make) -> None:
    body = word(1000) + TO + bytes(32) + word(44) + word(9) + (6).to_bytes(8, "big")
    call = bytes.fromhex("b6693771") + b"".join(map(word, (1000, TO, 44, 106, 9)))  # type: ignore[arg-type]
    (tx,) = transactions(make_message(body, kind=13, batch_gas=100), CHAIN)
    assert tx_hash(tx) == keccak(b"\x6a" + peer.encode([CHAIN, call]))
    (unknown,) = transactions(make_message(body, kind=13, batch_gas=100, batch_stats=(5, 4)), CHAIN)
    assert (unknown.type, unknown.raw) == (0x6A, b"")
    assert len(transactions(make_message(body[:-8], kind=13), CHAIN)) == 1
    assert reason(make_message(body[:-1], kind=13)) == "truncated"
    assert reason(make_message(body[:84] + word(1 << 64) + body[116:], kind=13)) == "range"


def test_errors_of_messages_are_message_errors(make_message: Make) -> None:
    with pytest.raises(MessageError):
        transactions(make_message(b""))


def trie(leaves: list[tuple[list[int], bytes]]) -> list[Any]:
    """Build a node of the Merkle-Patricia trie over (nibbles, value)."""
    if len(leaves) == 1:
        return [compact(leaves[0][0], 2), leaves[0][1]]
    if len({path[0] for path, _ in leaves if path}) == 1 and all(path for path, _ in leaves):
        return [compact(leaves[0][0][:1], 0), reference(trie([(path[1:], value) for path, value in leaves]))]
    children: list[Any] = [b""] * 17
    for nibble in range(16):
        below = [(path[1:], value) for path, value in leaves if path and path[0] == nibble]
        if below:
            children[nibble] = reference(trie(below))
    return children


def compact(path: list[int], flag: int) -> bytes:
    nibbles = [flag + 1, *path] if len(path) % 2 else [flag, 0, *path]
    return bytes(high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True))


def reference(node: list[Any]) -> Any:
    encoded = peer.encode(node)
    return node if len(encoded) < 32 else keccak(encoded)


def test_a_real_block_has_the_root_of_its_start_transaction_and_the_feeds(recorded: Path, load: Any) -> None:
    """The root of L2 block 264009266 proves the encodings, the order, and that nothing is missing."""
    known = load("feed/arb1_messages.expected.json")[2]
    line = (recorded / "feed/arb1_messages.jsonl").read_bytes().splitlines()[2]
    (message,) = parse_frame(line).messages
    start = b"\x6a" + peer.encode([CHAIN, bytes.fromhex(known["start_tx_input"][2:])])
    raws = [start, *(tx.raw for tx in transactions(message, CHAIN))]
    keys = [peer.encode(i) for i in range(len(raws))]
    leaves = [([key[0] >> 4, key[0] & 15], raw) for key, raw in zip(keys, raws, strict=True)]
    assert "0x" + keccak(peer.encode(trie(leaves))).hex() == known["transactions_root"]
