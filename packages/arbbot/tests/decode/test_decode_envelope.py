"""The JSON envelope: what is tolerated, what fails, and for which reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbbot.decode import FrameError, Message, parse_frame

SENDER = "0xA4b000000000000000000073657175656e636572"


def frame(message: dict[str, Any] | None = None, header: dict[str, Any] | None = None, **top: Any) -> str:
    usual = {
        "kind": 3,
        "sender": SENDER,
        "blockNumber": 5,
        "timestamp": 6,
        "requestId": None,
        "baseFeeL1": 0,
        **(header or {}),
    }
    inner = {"header": usual, "l2Msg": "BAE="}
    feed = {"sequenceNumber": 9, "message": {"message": inner, "delayedMessagesRead": 4}, "signatureV2": None}
    return json.dumps({"version": 1, "messages": [{**feed, **(message or {})}], **top})


def one(**parts: Any) -> Message:
    (message,) = parse_frame(frame(**parts)).messages
    return message


def reason(text: str | bytes) -> str:
    with pytest.raises(FrameError) as caught:
        parse_frame(text)
    assert caught.value.reason in FrameError.reasons
    return caught.value.reason


def test_a_message_keeps_all_that_the_frame_says() -> None:
    message = one(header={"requestId": "0x" + "0e" * 32}, message={"blockHash": "0x" + "0f" * 32})
    assert message.sequence == 9
    assert (message.kind, message.l1_block, message.timestamp, message.delayed_read) == (3, 5, 6, 4)
    assert message.sender == bytes.fromhex(SENDER[2:])
    assert (message.request_id, message.block_hash, message.l2) == (b"\x0e" * 32, b"\x0f" * 32, b"\x04\x01")


def test_bytes_and_text_are_the_same_frame() -> None:
    assert parse_frame(frame()) == parse_frame(frame().encode())


def test_a_frame_may_hold_messages_a_confirmation_or_nothing() -> None:
    assert parse_frame('{"version":1}').messages == ()
    assert parse_frame('{"version":1}').confirmed is None
    confirmed = parse_frame('{"version":1,"confirmedSequenceNumberMessage":{"sequenceNumber":1234}}')
    assert (confirmed.messages, confirmed.confirmed) == ((), 1234)
    assert parse_frame('{"version":1,"messages":null}').messages == ()


def test_unknown_fields_are_ignored_on_every_level() -> None:
    message = one(header={"new": [1, {}]}, message={"new": {"a": None}}, another="x")
    assert message == one()


@given(st.integers(0, 1 << 256))
def test_a_base_fee_of_any_size_is_exact(fee: int) -> None:
    assert one(header={"baseFeeL1": fee}).base_fee == fee


def test_fields_that_recordings_lack_are_absent() -> None:
    message = one(message={"sequenceNumber": None}, header={"baseFeeL1": None})
    assert (message.sequence, message.base_fee, message.signature, message.metadata) == (
        None,
        None,
        None,
        None,
    )


def test_both_generations_of_signature_are_kept() -> None:
    message = one(message={"signature": "AQ==", "signatureV2": "Ag==", "blockMetadata": "AAI="})
    assert (message.old_signature, message.signature, message.metadata) == (b"\x01", b"\x02", b"\x00\x02")


def test_batch_costs_are_read() -> None:
    text = json.loads(frame())
    text["messages"][0]["message"]["message"] |= {
        "batchGasCost": 7,
        "batchDataTokens": {"length": 3, "nonzeros": 2},
    }
    (message,) = parse_frame(json.dumps(text)).messages
    assert (message.batch_gas, message.batch_stats) == (7, (3, 2))


@pytest.mark.parametrize(
    "text",
    ["", "{", "nonsense", '{"version":1}x', '{"a":' + "[" * 100_000, b'\xff{"version":1}', '{"\ud800":1}'],
)
def test_text_that_is_no_json_has_that_reason(text: str | bytes) -> None:
    assert reason(text) == "json"


@pytest.mark.parametrize("version", ["0", "2", "-1"])
def test_other_versions_are_not_processed(version: str) -> None:
    assert reason('{"version":' + version + "}") == "version"
    assert reason("{}") == "version"


@pytest.mark.parametrize("encoded", ["BAE", "B", "====", "BA!E", "é"])
def test_bytes_that_are_no_base64_have_that_reason(encoded: str) -> None:
    assert reason(frame(message={"signatureV2": encoded})) == "base64"


@pytest.mark.parametrize(
    "parts",
    [
        {"message": {"sequenceNumber": -1}},
        {"message": {"sequenceNumber": 1 << 64}},
        {"message": {"sequenceNumber": 1.5}},
        {"message": {"sequenceNumber": "1"}},
        {"message": {"sequenceNumber": True}},
        {"message": {"blockHash": "0x12"}},
        {"message": {"message": None}},
        {"message": {"message": {}}},
        {"header": {"kind": 256}},
        {"header": {"kind": -1}},
        {"header": {"sender": SENDER[:-1]}},
        {"header": {"sender": "0x" + "zz" * 20}},
        {"header": {"sender": "1x" + "aa" * 20}},
        {"header": {"sender": "0x" + "aa " * 13 + "a"}},
        {"header": {"requestId": 7}},
        {"header": {"timestamp": 1 << 64}},
        {"header": {"baseFeeL1": 1e30}},
        {"confirmedSequenceNumberMessage": {"sequenceNumber": -1}},
        {"messages": {}},
        {"messages": [None]},
        {"version": "1"},
    ],
)
def test_a_field_of_a_wrong_shape_fails_the_frame(parts: dict[str, Any]) -> None:
    assert reason(frame(**parts)) == "shape"


def test_a_number_of_thousands_of_digits_fails_the_frame() -> None:
    assert reason(frame().replace('"baseFeeL1": 0', '"baseFeeL1": ' + "9" * 10_000)) == "shape"


def test_nitros_own_examples_are_read(load: Any) -> None:
    frames = [
        parse_frame(text)
        for text in load("feed/signature_and_json_vectors.json")["json_serialization_examples"]
    ]
    assert [len(f.messages) for f in frames] == [1, 1, 0, 0]
    assert [f.confirmed for f in frames] == [None, None, None, 1234]
    assert frames[0].messages[0].metadata == b"\x00\x02"
