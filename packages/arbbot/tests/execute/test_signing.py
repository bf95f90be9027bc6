"""Signing against eth-account, which shares no code with it."""

from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes
from hypothesis import given
from hypothesis import strategies as st

from arbbot.execute.signing import Call, LocalSigner, keccak

KEY = bytes(range(1, 33))
calls = st.builds(
    Call,
    chain_id=st.integers(1, 2**40),
    nonce=st.integers(0, 2**40),
    max_fee=st.integers(0, 2**70),
    gas=st.integers(0, 2**40),
    to=st.binary(min_size=20, max_size=20),
    data=st.binary(max_size=300),
    value=st.integers(0, 2**90),
    tip=st.integers(0, 2**60),
)


@given(calls)
def test_a_signed_call_reads_back_with_its_fields_and_its_sender(call: Call) -> None:
    """eth-account recovers our address and every field from the raw bytes, and signs alike."""
    signer = LocalSigner(KEY)
    raw = signer.sign(call)
    read = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    assert Account.recover_transaction(raw) == Account.from_key(KEY).address
    assert bytes.fromhex(Account.from_key(KEY).address[2:]) == signer.address
    assert (read["nonce"], read["gas"], read["value"], read["chainId"]) == (
        call.nonce, call.gas, call.value, call.chain_id,
    )  # fmt: skip
    assert (bytes(read["data"]), bytes(read["to"])) == (call.data, call.to)
    assert (read["maxFeePerGas"], read["maxPriorityFeePerGas"]) == (call.max_fee, call.tip)
    fields = {name: value for name, value in read.items() if name not in ("v", "r", "s")}
    signed = Account.sign_transaction(fields, KEY)
    assert (raw, keccak(raw)) == (bytes(signed.raw_transaction), bytes(signed.hash))


def test_a_signer_does_not_show_its_key() -> None:
    """Neither repr nor str holds the key."""
    assert KEY.hex() not in repr(LocalSigner(KEY)) + str(LocalSigner(KEY))
