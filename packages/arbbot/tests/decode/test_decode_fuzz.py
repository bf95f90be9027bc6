"""Whatever comes in, decoding gives values or its own errors, and nothing else.

5,000 examples per entrance; 100,000 with LONG=1.
"""

from __future__ import annotations

import base64
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arbbot.decode import (
    REASONS,
    DecodeError,
    Grade,
    Message,
    Tx,
    express_lane,
    feed_signer,
    parse_frame,
    parse_signed,
    sender,
    swaps,
    transactions,
    tx_hash,
)
from arbbot.decode.swaps import FORMS
from arbbot.dex.load import arbitrum_one

LONG = os.environ.get("LONG") == "1"
EXAMPLES = 100_000 if LONG else 5_000
pytestmark = pytest.mark.timeout(3600 if LONG else 180)
BOOK = arbitrum_one()
ROUTERS = [*BOOK.routers, b"\x0c" * 20]
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not LONG,
    database=None,
)

words = st.one_of(
    st.integers(0, 400).map(lambda n: n.to_bytes(32, "big")),
    st.binary(min_size=20, max_size=20).map(lambda b: b.rjust(32, b"\0")),
    st.binary(min_size=32, max_size=32),
)
calldata = st.builds(
    lambda selector, body, tail: selector + b"".join(body) + tail,
    st.sampled_from([*FORMS]),
    st.lists(words, max_size=14),
    st.binary(max_size=40),
)


def drain(message: Message) -> Counter[str]:
    """Take all that a message gives; count the reasons of what it does not."""
    reasons: Counter[str] = Counter()

    def attempt(step: Any, *arguments: Any) -> Any:
        try:
            return step(*arguments)
        except DecodeError as fault:
            assert fault.reason in REASONS
            reasons[fault.reason] += 1
            return None

    attempt(feed_signer, message, 42161)
    express_lane(message.metadata, 0)
    for tx in attempt(transactions, message, 42161) or ():
        assert len(attempt(tx_hash, tx) or bytes(32)) == 32
        assert len(attempt(sender, tx) or bytes(20)) == 20
        for grade in Grade:
            for swap in attempt(swaps, tx, BOOK, grade, message.timestamp) or ():
                assert len(swap.path) >= 2
                assert swap.fees is None or len(swap.fees) == len(swap.path) - 1
    return reasons


@given(st.binary(max_size=300))
@many
def test_any_bytes_are_a_frame_or_a_frame_error(data: bytes) -> None:
    try:
        parse_frame(data)
    except DecodeError as fault:
        assert fault.reason in REASONS


@given(
    st.integers(0, 255), st.binary(max_size=400), st.one_of(st.none(), st.binary(min_size=32, max_size=32))
)
@many
def test_any_message_is_transactions_or_an_error(kind: int, body: bytes, request_id: bytes | None) -> None:
    drain(Message(1, kind % 16, bytes(20), 1, 1_600_000_000, request_id, 5, body, 1))


@given(st.sampled_from([b"\x01", b"\x02", b"\x04", b""]), st.binary(min_size=1, max_size=200))
@many
def test_any_transaction_bytes_are_a_transaction_or_an_error(kind: bytes, body: bytes) -> None:
    framed = bytes((0xF8, len(body))) + body if len(body) > 55 else bytes((0xC0 + len(body),)) + body
    try:
        tx_hash(parse_signed(kind + framed))
    except DecodeError as fault:
        assert fault.reason in REASONS


@given(calldata, st.sampled_from(ROUTERS), st.sampled_from(Grade))
@many
def test_any_router_calldata_is_swaps_or_an_error(data: bytes, to: bytes, grade: Grade) -> None:
    try:
        found = swaps(Tx(2, 42161, 0, 0, 0, 0, to, 0, data, b""), BOOK, grade, 0)
    except DecodeError as fault:
        assert fault.reason in REASONS
        return
    assert all(len(swap.path) >= 2 for swap in found)


def mutate(raw: bytes, dice: random.Random) -> bytes:
    """Damage bytes in one of five ways: flip, cut, insert, repeat a stretch, overwrite with an extreme."""
    if not raw:
        return dice.randbytes(3)
    out = bytearray(raw)
    at = dice.randrange(len(out))
    way = dice.randrange(5)
    if way == 0:
        out[at] ^= 1 << dice.randrange(8)
    elif way == 1:
        del out[at : at + dice.randrange(1, 40)]
    elif way == 2:
        out[at:at] = dice.randbytes(dice.randrange(1, 5))
    elif way == 3:
        out[at:at] = out[at : at + 64]
    else:
        out[at : at + 8] = dice.choice((b"\xff" * 8, bytes(8), b"\x80" + bytes(7)))
    return bytes(out)


def mutated_line(line: bytes, dice: random.Random) -> bytes:
    if dice.random() < 0.2:
        return mutate(line, dice)
    frame = json.loads(line)
    for message in frame.get("messages", ()):
        inner = message["message"]["message"]
        body = base64.b64decode(inner["l2Msg"])
        for _ in range(dice.randrange(1, 4)):
            body = mutate(body, dice)
        inner["l2Msg"] = base64.b64encode(body).decode()
        inner["header"]["kind"] = dice.choice((3, 3, 3, 3, 7, 9, 12, 13, dice.randrange(256)))
    return json.dumps(frame).encode()


def test_damaged_recordings_never_crash_and_are_counted_by_reason(recorded: Path) -> None:
    lines = [
        line
        for name in ("nitro_frames", "arb1_messages")
        for line in (recorded / f"feed/{name}.jsonl").read_bytes().splitlines()
    ]
    dice = random.Random(20_261_121)
    reasons: Counter[str] = Counter()
    for _ in range(EXAMPLES // 5):
        line = mutated_line(dice.choice(lines), dice)
        try:
            frame = parse_frame(line)
        except DecodeError as fault:
            reasons[fault.reason] += 1
            continue
        for message in frame.messages:
            reasons += drain(message)
    assert set(reasons) <= REASONS
    assert {"json", "rlp", "l2_kind", "signature", "l1_kind", "truncated"} <= set(reasons)


def test_damaged_router_calls_never_crash_and_give_whole_swaps_only(load: Any) -> None:
    rows = [*load("calldata/universal_router_known.json"), *load("calldata/mainnet_router_txs.json")]
    seeds = [bytes.fromhex(row["calldata"][2:]) for row in rows if row["calldata"]]
    dice = random.Random(20_261_122)
    outcomes: Counter[str] = Counter()
    for _ in range(EXAMPLES):
        data = dice.choice(seeds)
        data = data[:4] + mutate(data[4:], dice)
        tx = Tx(2, 42161, 0, 0, 0, 0, dice.choice(ROUTERS), 0, data, b"")
        try:
            found = swaps(tx, BOOK, dice.choice([*Grade]), 0)
        except DecodeError as fault:
            outcomes[fault.reason] += 1
            continue
        outcomes["read"] += 1
        assert all(len(swap.path) >= 2 and all(len(token) == 20 for token in swap.path) for swap in found)
    assert {"read", "bounds", "offset", "path", "router", "padding"} <= set(outcomes)
