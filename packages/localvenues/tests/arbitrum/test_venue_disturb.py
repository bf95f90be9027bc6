"""What feed faults do to the stream."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localvenues.arbitrum import wire
from localvenues.arbitrum.disturb import Disturber, broken_frame, corrupted
from localvenues.arbitrum.sequencer import Composer

SEEDS = st.integers(0, 2**32)


def message(number: int) -> wire.FeedMessage:
    block = {
        "number": hex(number),
        "timestamp": hex(1_790_000_000),
        "hash": "0x" + "ab" * 32,
        "transactions": [],
    }
    whole = Composer(1, 0, 1, None).sequenced(block).message
    inner = wire.L1Message(whole.message.message.header, wire.batch([wire.signed_tx(b"\xc1" * 90)] * 3))
    return wire.FeedMessage(
        sequence_number=number, message=wire.MessageWithMetadata(inner, 1), signature_v2=None
    )


def stream(active: list[str], seed: int, count: int = 60) -> list[list[bytes]]:
    disturber = Disturber()
    for name in active:
        disturber.begin(name, seed)
    return [
        disturber.frames(one, wire.encode(one), active)
        for one in (message(number) for number in range(1, count + 1))
    ]


def test_without_faults_each_message_is_one_frame(reader: Any) -> None:
    assert [reader.numbers(one) for frames in stream([], 1) for one in frames] == [[n] for n in range(1, 61)]


@given(SEEDS)
def test_a_gap_loses_the_first_message_and_some_more_but_not_all(reader: Any, seed: int) -> None:
    sent = [reader.numbers(one)[0] for frames in stream(["feed_gap"], seed) for one in frames]
    assert 1 not in sent
    assert sent == sorted(set(sent))
    assert 15 < len(sent) < 59


@given(SEEDS)
def test_duplicates_repeat_what_was_sent_and_lose_nothing(reader: Any, seed: int) -> None:
    frames = stream(["feed_duplicate"], seed)
    assert len(frames[0]) == 2
    seen: set[int] = set()
    for number, row in enumerate(frames, start=1):
        assert reader.numbers(row[0]) == [number]
        seen.add(number)
        assert all(reader.numbers(one)[0] in seen for one in row[1:])


def readable(reader: Any, frame: bytes) -> bool:
    """Say whether a strict reader can take every transaction out of a frame."""
    try:
        reader.transactions(frame)
    except (ValueError, KeyError, AssertionError, IndexError, TypeError, AttributeError, RecursionError):
        return False
    return True


@given(SEEDS)
def test_malformed_frames_come_beside_the_true_ones_or_in_their_place(seed: int) -> None:
    """Law: the first message is hit; each message has one frame, with at most one broken frame before it."""
    frames = stream(["feed_malformed"], seed)
    true = [wire.frame([wire.encode(message(number))]) for number in range(1, 61)]
    assert frames[0] != [true[0]]
    for row, whole in zip(frames, true, strict=True):
        assert len(row) == 1 or (len(row) == 2 and row[0] != whole and row[1] == whole)


@given(SEEDS)
def test_a_broken_frame_is_never_a_true_one(reader: Any, seed: int) -> None:
    """Law: a broken frame breaks the envelope; no reader may take a message from it."""
    whole = wire.frame([wire.encode(message(7))])
    frame = broken_frame(whole, random.Random(seed))
    assert frame != whole
    frame.decode("utf-8")
    with pytest.raises(
        (ValueError, KeyError, TypeError, AttributeError, RecursionError, AssertionError, OverflowError)
    ):
        parsed = json.loads(frame)
        assert parsed["version"] == 1
        row = parsed["messages"][0]
        assert type(row["sequenceNumber"]) is int and row["sequenceNumber"] >= 0
        assert type(row["message"]["message"]["header"]["kind"]) is int
        reader.transactions(frame)


@given(SEEDS)
def test_a_corrupted_message_keeps_its_number_and_cannot_be_decoded_whole(reader: Any, seed: int) -> None:
    true = message(7)
    bad = corrupted(true, random.Random(seed))
    assert bad.sequence_number == true.sequence_number
    frame = wire.frame([wire.encode(bad)])
    deep = bad.message.message.l2_msg.count(b"\x03\0\0\0") > 16
    assert deep or not readable(reader, frame)
