"""The executor's calls against eth-abi, and its revert reasons."""

from eth_abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st

from arbbot.execute.calldata import EXECUTED, execute_call, measured_profit, revert_reason
from arbbot.model import Hop, Opportunity, Plan

address = st.binary(min_size=20, max_size=20)
hop = st.builds(
    Hop, pool=address, version=st.sampled_from(["v2", "v3"]), token_in=address, token_out=address,
    fee=st.integers(0, 10**6),
)  # fmt: skip
HOPS = "(address,uint256,address,address,uint256)[]"


@given(st.lists(hop, min_size=2, max_size=4), st.integers(0, 2**128), st.integers(0, 2**128))
def test_the_call_is_what_the_abi_says(hops: list[Hop], amount: int, guard: int) -> None:
    """eth-abi reads back token, amount, guard and every hop."""
    opportunity = Opportunity(hops[0].token_in, tuple(hops), (amount, amount), 0, 7)
    data = execute_call(Plan(opportunity, guard, 1, 1, 1))
    token, amount_in, min_profit, rows = decode(["address", "uint256", "uint256", HOPS], data[4:])
    assert bytes.fromhex(token[2:]) == hops[0].token_in
    assert (amount_in, min_profit) == (amount, guard)
    for row, hop in zip(rows, hops, strict=True):
        assert bytes.fromhex(row[0][2:]) == hop.pool
        assert (row[1], row[4]) == ({"v2": 2, "v3": 3}[hop.version], hop.fee)
        assert (bytes.fromhex(row[2][2:]), bytes.fromhex(row[3][2:])) == (hop.token_in, hop.token_out)


@given(st.integers(0, 2**200), st.integers(0, 2**200))
def test_profit_is_read_from_the_executor_s_own_event_only(amount: int, profit: int) -> None:
    """Another contract's event of the same name does not count."""
    ours, theirs = b"\1" * 20, b"\2" * 20
    data = "0x" + encode(["uint256", "uint256"], [amount, profit]).hex()
    log = {"address": "0x" + theirs.hex(), "topics": [EXECUTED], "data": data}
    assert measured_profit([log], ours) is None
    assert measured_profit([log, {**log, "address": "0x" + ours.hex()}], ours) == profit


@given(st.text(max_size=60))
def test_a_revert_s_text_is_read(text: str) -> None:
    """Error(string) gives its text; anything else is just `reverted`."""
    data = "0x08c379a0" + encode(["string"], [text]).hex()
    assert revert_reason(data) == text
    assert revert_reason(None) == revert_reason("0x") == revert_reason("0x1234") == "reverted"
