"""Digests and signatures agree with another library and with what the official client signed."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from localvenues.polymarket.contracts import CONTRACTS
from localvenues.polymarket.wire.signatures import (
    BadSignature,
    SignedFields,
    auth_digest,
    checksum,
    order_digest,
    recover,
    request_signature,
)

KEY = "0x" + "a1" * 32
ADDRESS = "0x5d5c99EdF529335160FF180fA141Dd4967fc00D2"
ZEROS = "0x" + "00" * 32
TOKEN = 8501497159083948713316135768103773293754490207922884688769443031624417212426
OFFICIAL = SignedFields(
    479249096354, ADDRESS, ADDRESS, TOKEN, 25_000_000, 50_000_000, 0, 0, 1_790_000_000_123, ZEROS, ZEROS
)
# Made by the official clients (py-clob-client-v2 1.2.1) for chain 137 with the key above.
OFFICIAL_ORDER = (
    "0x4ca552a087caae95c212be37a7ce3cd5f737ce55e84bf628f3e4844f6e39e88f"
    "32eef80ad392346015806a506f25707359918bbeadbd0e9bbb39423a56c5abf31c"
)
OFFICIAL_AUTH = (
    "0x1c29e8577d33192f429d4c5b1a290b08a007548e31113d38cc8ead04b4991867"
    "6f97a6b72b549bc05edd0b7ef51822ce26535bf61567bd7472a7285f74e63c541c"
)
SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def test_the_official_clients_order_recovers_its_signer() -> None:
    digest = order_digest(OFFICIAL, 137, CONTRACTS.exchange)
    assert recover(digest, OFFICIAL_ORDER) == ADDRESS.lower()


def test_the_official_clients_attestation_recovers_its_signer() -> None:
    assert recover(auth_digest(ADDRESS, "1790000000", 0, 137), OFFICIAL_AUTH) == ADDRESS.lower()


def test_the_official_clients_request_signature_is_ours() -> None:
    signature = request_signature(SECRET, "1790000000", "POST", "/order", '{"a":1}')
    assert signature == "-Hy4ep4HnkMIizNJAHRI6qq--cDYSuJBzAkWb91qfoQ="


@pytest.mark.parametrize(("chain", "contract"), [(1, CONTRACTS.exchange), (137, CONTRACTS.neg_risk_exchange)])
def test_a_signature_holds_for_its_chain_and_exchange_alone(chain: int, contract: str) -> None:
    assert recover(order_digest(OFFICIAL, chain, contract), OFFICIAL_ORDER) != ADDRESS.lower()


NUMBERS = st.integers(0, 2**256 - 1)


@settings(deadline=None, max_examples=30)
@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.sampled_from([0, 1]), st.binary(min_size=32, max_size=32))
def test_digests_agree_with_another_library(
    order_typed_data: Any, salt: int, token: int, making: int, stamp: int, side: int, extra: bytes
) -> None:
    """Law: a signature by eth_account over the typed data recovers from our digest."""
    account = Account.from_key(KEY)
    message = {
        "salt": salt,
        "maker": ADDRESS,
        "signer": ADDRESS,
        "tokenId": token,
        "makerAmount": making,
        "takerAmount": 1,
        "side": side,
        "signatureType": 0,
        "timestamp": stamp,
        "metadata": extra,
        "builder": extra[::-1],
    }
    signed = account.sign_typed_data(full_message=order_typed_data(80_002, CONTRACTS.exchange, message))
    metadata, builder = "0x" + extra.hex(), "0x" + extra[::-1].hex()
    fields = SignedFields(salt, ADDRESS, ADDRESS, token, making, 1, side, 0, stamp, metadata, builder)
    assert (
        recover(order_digest(fields, 80_002, CONTRACTS.exchange), signed.signature.hex()) == ADDRESS.lower()
    )


@pytest.mark.parametrize(
    "signature",
    ["", "0x", "zz", "0x" + "00" * 65, "0x" + "ff" * 65, OFFICIAL_ORDER[:-2], OFFICIAL_ORDER[:-2] + "05"],
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    with pytest.raises(BadSignature):
        recover(b"\x01" * 32, signature)


def test_a_signature_with_a_high_s_is_refused() -> None:
    """The twin of a signature would be a second name for the same consent."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    raw = bytes.fromhex(OFFICIAL_ORDER[2:])
    high = order - int.from_bytes(raw[32:64], "big")
    twin = raw[:32] + high.to_bytes(32, "big") + bytes((27 + 28 - raw[64],))
    with pytest.raises(BadSignature, match="low s"):
        recover(order_digest(OFFICIAL, 137, CONTRACTS.exchange), twin.hex())


def test_addresses_carry_the_checksums_case() -> None:
    assert checksum(bytes.fromhex(ADDRESS[2:])) == ADDRESS
