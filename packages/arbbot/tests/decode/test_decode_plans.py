"""Plans of the Universal Router, and recorded router calls with known parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi import encode

from arbbot.decode import CalldataError, Grade, Tx, swaps
from arbbot.dex.load import arbitrum_one
from arbbot.model import Swap

BOOK = arbitrum_one()
BY_NAME = {router.name: router.address for router in BOOK.routers.values()}
A, B, C = (BOOK.tokens[name].address for name in ("WETH", "USDC", "ARB"))
ME, STRANGER = b"\x0a" * 20, b"\x0c" * 20
DEADLINE, NOW = 1_760_000_100, 1_760_000_000


def call(data: bytes, to: bytes = STRANGER, value: int = 0) -> Tx:
    return Tx(2, 42161, 0, 0, 0, 0, to, value, data, b"")


def only(data: bytes, to: bytes = STRANGER, value: int = 0) -> Swap:
    (swap,) = swaps(call(data, to, value), BOOK)
    return swap


def reason(data: bytes) -> str:
    with pytest.raises(CalldataError) as caught:
        swaps(call(data), BOOK)
    return caught.value.reason


def packed(tokens: list[bytes], fees: list[int]) -> bytes:
    return tokens[0] + b"".join(f.to_bytes(3, "big") + t for f, t in zip(fees, tokens[1:], strict=True))


def four(swap: Swap) -> tuple[int | None, ...]:
    return swap.amount_in, swap.amount_out, swap.amount_in_max, swap.amount_out_min


INPUT = ["address", "uint256", "uint256", "bytes", "bool"]
INPUT_V2 = ["address", "uint256", "uint256", "address[]", "bool"]
BALANCE = 1 << 255


def execute(commands: bytes, inputs: list[bytes], deadline: int | None = DEADLINE) -> bytes:
    if deadline is None:
        return bytes.fromhex("24856bc3") + encode(["bytes", "bytes[]"], [commands, inputs])
    return bytes.fromhex("3593564c") + encode(["bytes", "bytes[]", "uint256"], [commands, inputs, deadline])


V3_IN = encode(INPUT, [ME, 5, 6, packed([A, B, C], [500, 100]), True])
V3_OUT = encode(INPUT, [ME, 7, 8, packed([C, B, A], [100, 500]), False])
V2_IN = encode(INPUT_V2, [ME, BALANCE, 1, [B, C], False])
V2_OUT = encode(INPUT_V2, [ME, 9, 10, [B, C], True])
PERMIT = b"\x01" * 7


@pytest.mark.parametrize("deadline", [None, DEADLINE])
@pytest.mark.parametrize("router", ["universal_v1_2", "universal_v2_1_1"])
def test_a_plan_gives_its_swaps_and_passes_over_the_rest(deadline: int | None, router: str) -> None:
    data = execute(
        b"\x0a\x0b\x00\x01\x08\x09\x0c\x10",
        [PERMIT, PERMIT, V3_IN, V3_OUT, V2_IN, V2_OUT, PERMIT, b""],
        deadline,
    )
    found = swaps(call(data, BY_NAME[router]), BOOK, Grade.STRICT, NOW)
    assert [swap.path for swap in found] == [(A, B, C), (A, B, C), (B, C), (B, C)]
    assert [swap.fees for swap in found] == [(500, 100), (500, 100), None, None]
    assert [four(swap) for swap in found] == [
        (5, None, None, 6), (None, 7, 8, None), (None, None, None, 1), (None, 9, 10, None),
    ]  # fmt: skip
    assert {swap.deadline for swap in found} == {deadline}
    assert {swap.protocol for swap in found} == {"uniswap"}


def test_the_six_field_inputs_of_2_1_1_are_read_like_the_five() -> None:
    six_v3 = encode([*INPUT, "uint256[]"], [ME, 5, 6, packed([A, B], [500]), True, [10**36]])
    six_v2 = encode([*INPUT_V2, "uint256[]"], [ME, 5, 6, [A, B], True, []])
    to = BY_NAME["universal_v2_1_1"]
    found = swaps(call(execute(b"\x00\x08", [six_v3, six_v2]), to), BOOK, Grade.STRICT, NOW)
    assert [(swap.path, swap.amount_in) for swap in found] == [((A, B), 5)] * 2


def test_a_sub_plan_is_read_in_its_place() -> None:
    plan = encode(["bytes", "bytes[]"], [b"\x08\x00", [V2_IN, V3_IN]])
    found = swaps(call(execute(b"\x01\x21\x09", [V3_OUT, plan, V2_OUT])))
    assert [swap.version for swap in found] == ["v3", "v2", "v3", "v2"]


def test_the_flag_to_allow_a_revert_marks_its_swaps() -> None:
    plan = encode(["bytes", "bytes[]"], [b"\x08", [V2_IN]])
    found = swaps(call(execute(b"\x80\x00\xa1\x09", [V3_IN, V3_IN, plan, V2_OUT])))
    assert [swap.may_fail for swap in found] == [True, False, True, False]


def test_a_malformed_command_fails_the_plan_unless_it_may_revert() -> None:
    assert reason(execute(b"\x00\x08", [V3_IN, V2_IN[:64]])) == "bounds"
    assert len(swaps(call(execute(b"\x00\x88", [V3_IN, V2_IN[:64]])))) == 1
    plan = encode(["bytes", "bytes[]"], [b"\x00\x08", [V3_IN, b""]])
    found = swaps(call(execute(b"\x09\xa1\x09", [V2_OUT, plan, V2_OUT])))
    assert [swap.may_fail for swap in found] == [False, False]


def test_each_version_masks_its_own_flag_bits() -> None:
    """0x40 is a flag of version 1 and part of the command in version 2."""
    data = execute(b"\x40", [V3_IN])
    assert len(swaps(call(data, BY_NAME["universal_v1_2"]), BOOK)) == 1
    assert swaps(call(data, BY_NAME["universal_v2_0"]), BOOK) == ()
    assert swaps(call(data)) == ()


def test_commands_and_inputs_must_be_as_many() -> None:
    assert reason(execute(b"\x00", [V3_IN, V3_IN])) == "commands"


def test_zero_in_means_already_paid_for_v2_alone() -> None:
    assert only(execute(b"\x08", [encode(INPUT_V2, [ME, 0, 1, [A, B], True])])).amount_in is None
    assert only(execute(b"\x00", [encode(INPUT, [ME, 0, 1, packed([A, B], [5]), True])])).amount_in == 0
    assert (
        only(execute(b"\x00", [encode(INPUT, [ME, BALANCE, 1, packed([A, B], [5]), True])])).amount_in is None
    )


# Recorded calls.


def leg(row: dict[str, Any]) -> tuple[bytes, ...]:
    return bytes.fromhex(row["tokenIn"][2:]), bytes.fromhex(row["tokenOut"][2:])


def test_recorded_mainnet_calls_agree_with_their_decoded_parameters(load: Any) -> None:
    checked = 0
    for row in load("calldata/mainnet_router_txs.json"):
        if not row["calldata"]:
            continue
        data, to = bytes.fromhex(row["calldata"][2:]), bytes.fromhex(row["router"][2:])
        found = swaps(call(data, to, int(row["value"])))
        params = row["params"]
        inner = params.get("data")
        if inner:
            flat = [swap for part in inner for swap in swaps(call(bytes.fromhex(part[2:]), to))]
            assert [(s.path, four(s)) for s in found] == [(s.path, four(s)) for s in flat]
            assert found
        elif row["function"].startswith("addLiquidity"):
            assert found == ()
        else:
            assert matches(found[0], params.get("params", params))
        checked += 1
    assert checked > 15


def matches(swap: Swap, params: Any) -> bool:
    if isinstance(params, list):  # recorded as a plain tuple: only the numbers are told apart
        return str(swap.amount_in or swap.amount_out) in params
    exact = params.get("amountIn") or params.get("amountOut")
    path = params.get("path")
    tokens: tuple[bytes, ...]
    if isinstance(path, list):
        tokens = tuple(bytes.fromhex(token[2:]) for token in path)
    elif path is None:
        tokens = leg(params)
    else:
        wire = bytes.fromhex(path.removeprefix("0x"))
        tokens = tuple(wire[i : i + 20] for i in range(0, len(wire), 23))
        tokens = tokens if swap.kind == "exact_in" else tokens[::-1]
    return (swap.path, str(swap.amount_in or swap.amount_out)) == (tokens, exact)


def test_recorded_universal_router_calls_agree_with_their_decoded_commands(load: Any) -> None:
    rows = load("calldata/universal_router_known.json")
    assert len(rows) == 5
    for row in rows:
        found = list(swaps(call(bytes.fromhex(row["calldata"][2:]))))
        for name, fields, flags in row["decoded"]["inputs"]:
            if "_SWAP_EXACT_" not in name:
                continue
            swap = found.pop(0)
            assert f"{swap.version}_SWAP_{swap.kind}".upper() == name
            assert swap.recipient == bytes.fromhex(fields["recipient"][2:])
            assert swap.may_fail != flags["revert_on_fail"]
            exact = int(fields["amountIn" if swap.kind == "exact_in" else "amountOut"])
            assert (swap.amount_in or swap.amount_out) == (None if exact == BALANCE else exact)
            if isinstance(fields["path"], list):
                assert swap.path == tuple(bytes.fromhex(token[2:]) for token in fields["path"])
            else:
                assert packed(list(swap.path), list(swap.fees or ())).hex() == fields["path"][2:]
        assert not found


def test_a_recorded_camelot_call_agrees_with_its_decoded_parameters(load: Any) -> None:
    row = load("calldata/arbitrum_camelot_v3_capture.json")
    tx, decoded = row["unsigned_tx"], row["decoded"]
    swap = only(bytes.fromhex(tx["data"][2:]), bytes.fromhex(tx["to"][2:]), int(tx["value"], 16))
    assert (swap.protocol, swap.version, swap.path, swap.fees) == ("camelot", "v3", leg(decoded), None)
    assert (str(swap.amount_in), str(swap.amount_out_min)) == (
        decoded["amountIn"],
        decoded["amountOutMinimum"],
    )
    assert str(swap.deadline) == decoded["deadline"]


def test_the_room_reads_what_it_is_given_and_nothing_else(load: Callable[[str], Any]) -> None:
    """The same call gives the same swaps, with and without a book, but for the protocol's name."""
    data = bytes.fromhex(load("calldata/universal_router_known.json")[3]["calldata"][2:])
    assert swaps(call(data)) == swaps(call(data), BOOK) == swaps(call(data), BOOK, Grade.PERMISSIVE)
