"""Signed transactions of every type, made by an independent library and read back."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rlp as peer
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from arbbot.decode import TransactionError, Tx, parse_signed, sender, tx_hash

KEY = b"\x11" * 32
OWNER = bytes.fromhex(Account.from_key(KEY).address[2:])
TO = "0x4752ba5DBc23f44D87826276BF6Fd6b1C372aD24"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def sign(**fields: Any) -> Any:
    usual = {
        "nonce": 7,
        "gas": 300_000,
        "to": TO,
        "value": 10**18,
        "data": b"\x04\xe4\x5a\xaf" * 9,
        "chainId": 42161,
    }
    return Account.sign_transaction({**usual, **fields}, KEY)


FEES = {"maxFeePerGas": 10**8, "maxPriorityFeePerGas": 5}
ACCESS = [{"address": TO, "storageKeys": ["0x" + "01" * 32, "0x" + "02" * 32]}]
AUTHORIZATION = Account.sign_authorization({"chainId": 42161, "address": TO, "nonce": 3}, KEY)
SIGNED = {
    "legacy": sign(gasPrice=10**8),
    "access list": sign(type=1, gasPrice=10**8, accessList=ACCESS),
    "dynamic fee": sign(type=2, **FEES),
    "dynamic fee with accesses": sign(type=2, accessList=ACCESS, **FEES),
    "set code": sign(type=4, authorizationList=[AUTHORIZATION], **FEES),
}
RAWS = {name: bytes(signed.raw_transaction) for name, signed in SIGNED.items()}


@pytest.mark.parametrize("name", SIGNED)
def test_every_accepted_type_gives_its_fields_hash_and_sender(name: str) -> None:
    tx = parse_signed(RAWS[name])
    assert (tx.chain_id, tx.nonce, tx.gas, tx.value) == (42161, 7, 300_000, 10**18)
    assert tx.to == bytes.fromhex(TO[2:])
    assert tx.data == b"\x04\xe4\x5a\xaf" * 9
    assert tx.fee_cap == 10**8
    assert tx_hash(tx) == bytes(SIGNED[name].hash)
    assert sender(tx) == OWNER


def test_a_legacy_signature_without_a_chain_is_recovered() -> None:
    raw = bytes(
        Account.sign_transaction({"nonce": 1, "gas": 21000, "gasPrice": 9, "to": TO, "value": 1}, KEY)[0]
    )
    tx = parse_signed(raw)
    assert tx.chain_id is None
    assert sender(tx) == OWNER


def test_a_creation_has_no_recipient() -> None:
    tx = parse_signed(bytes(sign(type=2, to=b"", **FEES).raw_transaction))
    assert tx.to is None
    assert sender(tx) == OWNER


@given(
    nonce=st.integers(0, 2**64 - 1),
    value=st.integers(0, 2**256 - 1),
    data=st.binary(max_size=400),
    chain=st.integers(1, 2**40),
    kind=st.sampled_from([0, 1, 2]),
)
@settings(max_examples=60, deadline=None)
def test_any_signed_transaction_is_read_back(
    nonce: int, value: int, data: bytes, chain: int, kind: int
) -> None:
    fees = FEES if kind == 2 else {"gasPrice": 10**8}
    kinds = {"type": kind} if kind else {}
    tx = parse_signed(bytes(sign(nonce=nonce, value=value, data=data, chainId=chain, **kinds, **fees)[0]))
    assert (tx.type, tx.nonce, tx.value, tx.data, tx.chain_id) == (kind, nonce, value, data, chain)
    assert sender(tx) == OWNER


@pytest.mark.parametrize("name", RAWS)
def test_a_transaction_cut_anywhere_or_with_a_byte_behind_it_is_refused(name: str) -> None:
    raw = RAWS[name]
    for cut in [raw[:i] for i in range(len(raw))] + [raw + b"\x00"]:
        with pytest.raises(TransactionError):
            parse_signed(cut)


@pytest.mark.parametrize("kind", [0x00, 0x03, 0x05, 0x64, 0x65, 0x66, 0x69, 0x6A, 0x78, 0x7F])
def test_other_types_are_refused_inside_a_signed_message(kind: int) -> None:
    with pytest.raises(TransactionError) as caught:
        parse_signed(bytes((kind,)) + RAWS["dynamic fee"][1:])
    assert caught.value.reason == "tx_type"


def relist(name: str, **changes: Any) -> bytes:
    """Take a transaction apart by another library, change items by position, put it together again."""
    raw = RAWS[name]
    prefix, body = (b"", raw) if name == "legacy" else (raw[:1], raw[1:])
    items = list(peer.decode(body))
    for place, item in changes.items():
        items[int(place[1:])] = item
    return prefix + bytes(peer.encode(items))


def test_fields_that_pass_their_width_are_refused() -> None:
    for raw in (
        relist("dynamic fee", _1=b"\x01" + bytes(8)),
        relist("dynamic fee", _4=b"\x01" + bytes(8)),
        relist("legacy", _0=b"\x01" + bytes(8)),
        relist("access list", _3=b"\x01" + bytes(8)),
        relist("set code", _6=b"\x01" + bytes(32)),
        relist("set code", _5=b""),
    ):
        with pytest.raises(TransactionError):
            parse_signed(raw)


def test_a_value_beyond_256_bits_is_read_as_the_chain_reads_it() -> None:
    assert parse_signed(relist("dynamic fee", _6=b"\x01" + bytes(40))).value == 1 << 320


def test_a_list_with_a_wrong_number_of_items_is_refused() -> None:
    items = peer.decode(RAWS["dynamic fee"][1:])
    for wrong in (items[:-1], [*items, b"\x01"]):
        with pytest.raises(TransactionError):
            parse_signed(b"\x02" + peer.encode(wrong))


@pytest.mark.parametrize(
    "accesses",
    [
        [[b"\x01" * 19, []]],
        [[b"\x01" * 20, [b"\x02" * 31]]],
        [[b"\x01" * 20]],
        [[b"\x01" * 20, [], b""]],
        [b"\x01"],
    ],
)
def test_a_malformed_access_list_is_refused(accesses: list[Any]) -> None:
    with pytest.raises(TransactionError):
        parse_signed(relist("dynamic fee", _8=accesses))


def test_a_malformed_authorization_is_refused() -> None:
    good = peer.decode(RAWS["set code"][1:])[9][0]
    for wrong in (good[:-1], [*good, b""], [good[0], good[1][1:], *good[2:]], [b"\x01" * 33, *good[1:]]):
        with pytest.raises(TransactionError):
            parse_signed(relist("set code", _9=[wrong]))


def unrecoverable(tx: Tx) -> bool:
    with pytest.raises(TransactionError) as caught:
        sender(tx)
    return caught.value.reason == "signature"


def test_signatures_that_no_key_makes_are_refused_on_demand() -> None:
    s = int.from_bytes(peer.decode(RAWS["dynamic fee"][1:])[11], "big")
    upper = (ORDER - s).to_bytes(32, "big")
    for raw in (
        relist("dynamic fee", _11=upper),
        relist("dynamic fee", _9=b"\x02"),
        relist("dynamic fee", _10=b""),
        relist("dynamic fee", _11=b""),
        relist("dynamic fee", _10=b"\xff" * 32),
        relist("dynamic fee", _10=b"\x01" * 33),
        relist("legacy", _6=b"\x1d"),
        relist("legacy", _6=b""),
        relist("legacy", _8=upper),
    ):
        assert unrecoverable(parse_signed(raw))


def test_a_short_signature_word_is_recovered() -> None:
    """r and s lose their leading zeros in RLP, which moves every position."""
    for nonce in range(400):
        signed = sign(type=2, nonce=nonce, **FEES)
        if len(peer.encode(signed.r)) < 33 or len(peer.encode(signed.s)) < 33:
            assert sender(parse_signed(bytes(signed.raw_transaction))) == OWNER
            return
    pytest.fail("no short word was met")


def test_recorded_transactions_agree_with_their_known_fields(load: Any) -> None:
    rows = [tx for message in load("feed/arb1_messages.expected.json") for tx in message["txs"]]
    assert len(rows) == 12
    for row in rows:
        tx = parse_signed(bytes.fromhex(row["raw"][2:]))
        assert "0x" + tx_hash(tx).hex() == row["hash"]
        assert "0x" + sender(tx).hex() == row["from"].lower()
        assert [str(n) for n in (tx.nonce, tx.gas, tx.value)] == [row[k] for k in ("nonce", "gas", "value")]
        assert "0x" + tx.data.hex() == row["input"], json.dumps(row)
