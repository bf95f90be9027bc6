"""Raw transactions: RLP, signing, and rebuilding from what a node reports."""

from __future__ import annotations

from typing import Any

import pytest
import rlp as reference
from eth_account import Account as Reference
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes
from hypothesis import given
from hypothesis import strategies as st

from localvenues.arbitrum.transactions import (
    Account,
    Transaction,
    UnknownTransactionType,
    create2_address,
    created_address,
    keccak,
    raw_transaction,
    rlp,
)

SECRET = bytes(range(1, 33))
ITEMS = st.recursive(
    st.binary(max_size=80) | st.integers(0, 2**256 - 1),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=12,
)
LEGACY_NAMES = ("nonce", "gasPrice", "gas", "to", "value", "input", "v", "r", "s")


@given(ITEMS)
def test_rlp_equals_the_reference_encoder(item: Any) -> None:
    assert rlp(item) == reference.encode(item)


@given(st.integers(0, 2**64 - 1), st.binary(max_size=300), st.integers(0, 10**24), st.booleans())
def test_signed_transactions_recover_their_sender_and_hash(
    nonce: int, data: bytes, value: int, legacy: bool
) -> None:
    account = Account.from_secret(SECRET)
    fee = {"gas_price": 10**8} if legacy else {"max_fee": 2 * 10**8, "max_tip": 1}
    raw = account.sign(Transaction(412346, nonce, 21000, b"\x11" * 20, value, data, **fee))
    assert bytes.fromhex(Reference.recover_transaction(raw)[2:]) == account.address


def hexed(field: bytes) -> str:
    return "0x" + (field.hex().lstrip("0") or "0")


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else "0x" + bytes(value).hex()


def row_of(raw: bytes) -> dict[str, Any]:
    """Return the transaction object that a node would report, read by other people's decoders."""
    if raw[0] >= 0xC0:
        fields = reference.decode(raw)
        row: dict[str, Any] = dict(zip(LEGACY_NAMES, map(hexed, fields), strict=True))
        return {**row, "type": "0x0", "to": text_of(fields[3]), "input": text_of(fields[5])}
    decoded = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    row = {name: hex(value) for name, value in decoded.items() if isinstance(value, int)}
    access = [
        {"address": text_of(one["address"]), "storageKeys": [text_of(key) for key in one["storageKeys"]]}
        for one in decoded.get("accessList", ())
    ]
    ends = {"to": text_of(decoded["to"]), "input": text_of(decoded["data"])}
    return {**row, **ends, "yParity": hex(decoded["v"]), "accessList": access}


@pytest.mark.parametrize("chain", ["nitro_frames", "arb1_messages"])
def test_recorded_transactions_are_rebuilt_from_their_fields(reader: Any, chain: str, recorded: Any) -> None:
    """Law: raw bytes are a function of the fields that a node reports."""
    raws = [
        raw
        for line in (recorded / f"{chain}.jsonl").read_text().splitlines()
        for raw in reader.transactions(line)
    ]
    assert len(raws) > 10
    for raw in raws:
        assert raw_transaction(row_of(raw)) == raw


def test_a_set_code_transaction_is_rebuilt() -> None:
    """Law: type 4 carries its authorizations; the expected bytes come from another encoder."""
    key, head = Reference.from_key(SECRET), {"chainId": 412346, "nonce": 1, "gas": 90000, "value": 5}
    fees = {"maxFeePerGas": 9, "maxPriorityFeePerGas": 1}
    to, delegate = "0x" + "33" * 20, "0x" + "22" * 20
    allowed = key.sign_authorization({"chainId": 412346, "address": delegate, "nonce": 7})
    asked = {"type": 4, "to": to, "data": b"\x01\x02", "accessList": [], "authorizationList": [allowed]}
    signed = key.sign_transaction({**head, **fees, **asked})
    numbers = {name: hex(value) for name, value in {**head, **fees}.items()}
    ends = {"v": hex(signed.v), "r": hex(signed.r), "s": hex(signed.s)}
    leave = {"chainId": hex(412346), "address": delegate, "nonce": "0x7", "yParity": hex(allowed.y_parity)}
    leaves = [{**leave, "r": hex(allowed.r), "s": hex(allowed.s)}]
    rest = {"type": "0x4", "to": to, "input": "0x0102", "accessList": [], "authorizationList": leaves}
    assert raw_transaction({**numbers, **ends, **rest}) == bytes(signed.raw_transaction)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(UnknownTransactionType, match="type 106"):
        raw_transaction({"type": "0x6a", "hash": "0xab"})


def test_contract_addresses_follow_the_published_examples() -> None:
    """CREATE: the address of the first contract of a known sender; CREATE2: EIP-1014's second example."""
    sender = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    assert created_address(sender, 0).hex() == "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    deployer = bytes.fromhex("deadbeef00000000000000000000000000000000")
    assert (
        create2_address(deployer, bytes(32), keccak(b"\0")).hex()
        == "b928f69bb1d91cd65274e3c79d8986362984fda3"
    )
