"""The feed's bytes, held against recorded frames and nitro's own vectors."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import coincurve
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localvenues.arbitrum import wire
from localvenues.arbitrum.sequencer import Composer
from localvenues.arbitrum.transactions import Account, address_of

SIGNER = "daa526086787d9debe1d7f3ffdb1fe50cf8687f4"


def frame_of(line: str | bytes) -> wire.Frame:
    return msgspec.json.decode(line, type=wire.Frame)


def test_recorded_frames_are_reproduced_to_the_byte(nitro_frames: list[str]) -> None:
    """Law: names, order, omissions, nulls and base64 are nitro's."""
    for line in nitro_frames:
        assert wire.encode(frame_of(line)).decode() == line


def test_nitro_json_examples_are_reproduced(vectors: Any) -> None:
    for line in vectors["json_serialization_examples"]:
        assert wire.encode(frame_of(line)).decode() == line


def test_frames_join_encoded_messages_as_the_encoder_would(nitro_frames: list[str]) -> None:
    messages = [one for line in nitro_frames for one in frame_of(line).messages or ()]
    joined = wire.frame([wire.encode(one) for one in messages])
    assert joined == wire.encode(wire.Frame(messages=messages))
    assert (
        wire.confirmation(1234) == b'{"version":1,"confirmedSequenceNumberMessage":{"sequenceNumber":1234}}'
    )


@pytest.mark.parametrize("name", ["nitro_frames.jsonl", "arb1_messages.jsonl"])
def test_recorded_l2_messages_are_rebuilt_from_their_transactions(
    reader: Any, recorded: Path, name: str
) -> None:
    """Law: one transaction alone stands bare, several are a flat batch; that is how these were made."""
    for line in (recorded / name).read_text().splitlines():
        for row in json.loads(line).get("messages", ()):
            body = base64.b64decode(row["message"]["message"]["l2Msg"])
            items = [wire.signed_tx(raw) for raw in reader.l2(body)]
            assert body == (items[0] if body[0] == 4 else wire.batch(items))


def test_signed_hashes_equal_the_golden_ones(vectors: Any) -> None:
    for vector in vectors["vectors"]:
        message = msgspec.convert({"signatureV2": None, **vector["message"]}, wire.FeedMessage)
        assert "0x" + wire.signed_hash(message, vector["chain_id"]).hex() == vector["hash"]


def recovered(message: wire.FeedMessage, chain_id: int) -> str:
    assert message.signature_v2 is not None
    digest = wire.signed_hash(message, chain_id)
    key = coincurve.PublicKey.from_signature_and_message(message.signature_v2, digest, hasher=None)
    return address_of(key).hex()


def test_recorded_signatures_recover_the_known_signer(nitro_frames: list[str]) -> None:
    signed = [one for line in nitro_frames for one in frame_of(line).messages or ()]
    assert len(signed) == 19
    assert {recovered(one, 4663) for one in signed} == {SIGNER}


def test_metadata_follows_the_vectors(recorded: Path) -> None:
    for vector in json.loads((recorded / "blockmetadata_vectors.json").read_text())["vectors"]:
        flags = vector["timeboosted_by_block_tx_index"][1:]
        written = wire.metadata(flags)
        assert bytes(vector["bytes"]).startswith(written)
        assert not any(vector["bytes"][len(written) :])


def block(raws: list[bytes], rows: list[dict[str, str]]) -> dict[str, Any]:
    return {"number": "0x65", "timestamp": hex(1_790_000_000), "hash": "0x" + "ab" * 32, "transactions": rows}


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=12), st.integers(0, 2**32))
def test_every_shape_of_message_holds_the_block_in_order(reader: Any, raws: list[bytes], seed: int) -> None:
    """Law: bare, batched or nested, a message's transactions are the block's, none lost, in order."""
    body = Composer(412346, 0, seed, None).l2_message(raws)
    assert list(reader.l2(body)) == raws


def test_an_empty_block_is_an_empty_batch_with_its_place_in_the_sequence(reader: Any) -> None:
    sequenced = Composer(412346, 100, 1, None).sequenced(block([], []))
    assert sequenced.number == 1
    row = json.loads(wire.encode(sequenced.message))
    assert row["message"]["message"]["l2Msg"] == "Aw=="
    assert row["blockHash"] == "0x" + "ab" * 32
    assert row["signatureV2"] is None
    assert row["message"]["message"]["header"]["requestId"] is None
    assert reader.transactions(wire.frame([wire.encode(sequenced.message)])) == []


def test_a_signing_sequencer_is_recognised_by_its_address() -> None:
    account = Account.from_secret(b"\x07" * 32)
    message = Composer(412346, 0, 1, account).sequenced(block([], [])).message
    assert recovered(message, 412346) == account.address.hex()
    assert recovered(message, 412347) != account.address.hex()
