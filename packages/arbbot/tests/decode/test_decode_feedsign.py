"""Feed signatures and the express lane, against Nitro's own vectors and a signed recording."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from coincurve import PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from arbbot.decode import Message, MessageError, express_lane, feed_hash, feed_signer, parse_frame
from arbbot.decode.feedsign import old_feed_hash
from arbbot.decode.signature import keccak

Make = Callable[..., Message]
KEY = PrivateKey(b"\x22" * 32)
SIGNER = keccak(KEY.public_key.format(compressed=False)[1:])[12:]


def test_the_hash_agrees_with_nitros_vectors(load: Any) -> None:
    vectors = load("feed/signature_and_json_vectors.json")["vectors"]
    assert len(vectors) == 2
    for vector in vectors:
        (message,) = parse_frame(json.dumps({"version": 1, "messages": [vector["message"]]})).messages
        assert "0x" + feed_hash(message, vector["chain_id"]).hex() == vector["hash"]


def test_every_recorded_message_recovers_the_sequencers_key(recorded: Path, load: Any) -> None:
    known = load("feed/nitro_frames.expected.json")
    lines = (recorded / "feed/nitro_frames.jsonl").read_bytes().splitlines()
    messages = [message for line in lines for message in parse_frame(line).messages]
    assert len(messages) == 19
    for message in messages:
        signer = feed_signer(message, known["chain_id"])
        assert signer is not None
        assert "0x" + signer.hex() == known["feed_signer"].lower()
        assert feed_signer(message, known["chain_id"] + 1) != signer


def test_changing_any_signed_field_changes_the_signer(make_message: Make) -> None:
    fields = {
        "block_hash": b"\x01" * 32,
        "metadata": b"\x00\x02",
        "request_id": b"\x03" * 32,
        "base_fee": 1 << 70,
    }
    message = make_message(b"\x04abc", **fields)
    signed = msgspec.structs.replace(
        message, signature=KEY.sign_recoverable(feed_hash(message, 7), hasher=None)
    )
    assert feed_signer(signed, 7) == SIGNER
    changes: dict[str, Any] = {
        "sequence": 2, "kind": 4, "sender": b"\x09" * 20, "l1_block": 1, "timestamp": 1, "delayed_read": 8,
        "l2": b"\x04abd", "block_hash": None, "metadata": None, "request_id": None, "base_fee": None,
    }  # fmt: skip
    for name, value in changes.items():
        assert feed_signer(msgspec.structs.replace(signed, **{name: value}), 7) != SIGNER, name


def test_the_older_signature_is_verified_by_its_own_hash(make_message: Make) -> None:
    message = make_message(b"\x04abc", request_id=b"\x03" * 32)
    signature = KEY.sign_recoverable(old_feed_hash(message, 7), hasher=None)
    assert feed_signer(msgspec.structs.replace(message, old_signature=signature), 7) == SIGNER
    assert old_feed_hash(message, 7) != feed_hash(message, 7)


def test_an_unsigned_message_has_no_signer(make_message: Make) -> None:
    assert feed_signer(make_message(b"\x04"), 7) is None


@pytest.mark.parametrize(
    "signature", [b"", b"\x01" * 64, b"\x01" * 66, b"\xff" * 65, bytes(65), b"\x01" * 64 + b"\x04"]
)
def test_a_malformed_signature_has_that_reason(make_message: Make, signature: bytes) -> None:
    with pytest.raises(MessageError) as caught:
        feed_signer(make_message(b"\x04", signature=signature), 7)
    assert caught.value.reason == "signature"


def test_a_message_without_its_number_cannot_be_verified(make_message: Make) -> None:
    with pytest.raises(MessageError):
        feed_signer(make_message(b"\x04", sequence=None, signature=b"\x01" * 65), 7)


@pytest.mark.parametrize("chain_id", [-1, 1 << 64])
def test_a_chain_id_beyond_64_bits_is_an_error_and_no_crash(make_message: Make, chain_id: int) -> None:
    with pytest.raises(MessageError):
        feed_signer(make_message(b"\x04", signature=b"\x01" * 65), chain_id)


def test_the_express_lane_agrees_with_nitros_vectors(load: Any) -> None:
    for vector in load("feed/blockmetadata_vectors.json")["vectors"]:
        metadata = base64.b64decode(vector["block_metadata_base64"])
        wanted = vector["timeboosted_by_block_tx_index"][1:]
        assert [express_lane(metadata, i) for i in range(len(wanted))] == wanted


@given(st.binary(max_size=40), st.integers(0, 400))
def test_the_express_lane_is_known_for_every_index_or_for_none(metadata: bytes, index: int) -> None:
    known = bool(metadata) and metadata[0] == 0
    lane = express_lane(metadata, index)
    assert (lane is None) != known
    if index + 1 >= 8 * (len(metadata) - 1):
        assert not lane
