"""Signatures of orders and requests, against an implementation that is not ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from copybot.clob.signing import LocalSigner, UnsignedOrder, auth_digest, l2_signature, order_digest

KEY = bytes.fromhex("11" * 32)
EXCHANGE = "0xE111180000d2663C0091e4f400237545B87B996B"
FIELDS = [
    ("salt", "uint256"), ("maker", "address"), ("signer", "address"), ("tokenId", "uint256"),
    ("makerAmount", "uint256"), ("takerAmount", "uint256"), ("side", "uint8"), ("signatureType", "uint8"),
    ("timestamp", "uint256"), ("metadata", "bytes32"), ("builder", "bytes32"),
]  # fmt: skip


def typed(order: UnsignedOrder) -> dict[str, Any]:
    """Return the order as eth-account wants typed data."""
    domain = [
        ("name", "string"),
        ("version", "string"),
        ("chainId", "uint256"),
        ("verifyingContract", "address"),
    ]
    values = (
        order.salt, order.maker, order.signer, order.token, order.maker_amount, order.taker_amount,
        order.side, order.signature_type, order.timestamp, bytes(32), bytes(32),
    )  # fmt: skip
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in domain],
            "Order": [{"name": name, "type": kind} for name, kind in FIELDS],
        },
        "primaryType": "Order",
        "domain": {
            "name": "Polymarket CTF Exchange",
            "version": "2",
            "chainId": 137,
            "verifyingContract": EXCHANGE,
        },
        "message": dict(zip((name for name, _ in FIELDS), values, strict=True)),
    }


@given(
    st.integers(0, 2**53),
    st.integers(0, 2**256 - 1),
    st.integers(1, 10**15),
    st.integers(1, 10**15),
    st.integers(0, 1),
)
def test_an_order_is_signed_as_the_standard_says(
    salt: int, token: int, maker: int, taker: int, side: int
) -> None:
    """Digest and signature are those of eth-account for the same typed data."""
    signer = LocalSigner(KEY)
    order = UnsignedOrder(salt, signer.address, signer.address, token, maker, taker, side, 1_790_000_000_000)
    signed = Account.sign_message(encode_typed_data(full_message=typed(order)), KEY)
    digest = order_digest(order, 137, EXCHANGE)
    assert digest == bytes(signed.message_hash)
    assert signer.sign(digest) == bytes(signed.signature)


def test_the_wallet_attests_as_the_standard_says() -> None:
    """The L1 attestation is EIP-712 with a domain that names no contract."""
    address = LocalSigner(KEY).address
    message = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
            ],
            "ClobAuth": [
                {"name": "address", "type": "address"},
                {"name": "timestamp", "type": "string"},
                {"name": "nonce", "type": "uint256"},
                {"name": "message", "type": "string"},
            ],
        },
        "primaryType": "ClobAuth",
        "domain": {"name": "ClobAuthDomain", "version": "1", "chainId": 137},
        "message": {
            "address": address,
            "timestamp": "1790000000",
            "nonce": 0,
            "message": "This message attests that I control the given wallet",
        },
    }
    signed = Account.sign_message(encode_typed_data(full_message=message), KEY)
    assert auth_digest(address, 1_790_000_000, 0, 137) == bytes(signed.message_hash)
    assert address == Account.from_key(KEY).address


def test_a_request_is_signed_over_time_method_path_and_body() -> None:
    """HMAC-SHA256 with the decoded secret, in URL-safe base64."""
    secret = base64.urlsafe_b64encode(b"\xfb" * 32).decode()
    expected = hmac.new(b"\xfb" * 32, b'17POST/order{"a":1}', hashlib.sha256).digest()
    assert (
        l2_signature(secret, 17, "POST", "/order", b'{"a":1}') == base64.urlsafe_b64encode(expected).decode()
    )


def test_a_signer_does_not_show_its_key() -> None:
    """A repr may land in a log."""
    assert "11" * 8 not in repr(LocalSigner(KEY))
