"""Router calls: encoded by an independent ABI library, decoded by slicing."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from arbbot.decode import CalldataError, Grade, Tx, swaps
from arbbot.decode.signature import keccak
from arbbot.decode.swaps import FORMS, SELECTORS
from arbbot.dex.load import arbitrum_one
from arbbot.model import Swap

BOOK = arbitrum_one()
BY_NAME = {router.name: router.address for router in BOOK.routers.values()}
A, B, C = (BOOK.tokens[name].address for name in ("WETH", "USDC", "ARB"))
ME, REFERRER, STRANGER = b"\x0a" * 20, b"\x0b" * 20, b"\x0c" * 20
DEADLINE, NOW = 1_760_000_100, 1_760_000_000

addresses = st.binary(min_size=20, max_size=20).filter(any)
amounts = st.integers(1, 2**256 - 1)
paths = st.lists(addresses, min_size=2, max_size=6, unique=True)


def call(data: bytes, to: bytes = STRANGER, value: int = 0) -> Tx:
    return Tx(2, 42161, 0, 0, 0, 0, to, value, data, b"")


def encoded(signature: str, *values: Any) -> bytes:
    """Encode a call from its signature; the types are everything inside the outer brackets."""
    inside = signature[signature.index("(") + 1 : -1]
    types, depth, start = [], 0, 0
    for i, char in enumerate(inside + ","):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            types.append(inside[start:i])
            start = i + 1
    return keccak(signature.encode())[:4] + encode(types, values)


def only(data: bytes, to: bytes = STRANGER, value: int = 0, grade: Grade = Grade.MODERATE) -> Swap:
    (swap,) = swaps(call(data, to, value), BOOK, grade, NOW)
    return swap


def reason(data: bytes, grade: Grade = Grade.MODERATE, to: bytes = STRANGER, now: int | None = NOW) -> str:
    with pytest.raises(CalldataError) as caught:
        swaps(call(data, to), BOOK, grade, now)
    assert caught.value.reason in CalldataError.reasons
    return caught.value.reason


def packed(tokens: list[bytes], fees: list[int]) -> bytes:
    return tokens[0] + b"".join(f.to_bytes(3, "big") + t for f, t in zip(fees, tokens[1:], strict=True))


def four(swap: Swap) -> tuple[int | None, ...]:
    return swap.amount_in, swap.amount_out, swap.amount_in_max, swap.amount_out_min


V2 = "(uint256,uint256,address[],address,uint256)"
V2_NATIVE = "(uint256,address[],address,uint256)"
REFERRED = "(uint256,uint256,address[],address,address,uint256)"
FOT = "SupportingFeeOnTransferTokens"
V2_CALLS = [
    ("swapExactTokensForTokens" + V2, "uniswap_v2", True, False),
    ("swapExactTokensForETH" + V2, "uniswap_v2", True, False),
    ("swapTokensForExactTokens" + V2, "uniswap_v2", False, False),
    ("swapTokensForExactETH" + V2, "uniswap_v2", False, False),
    ("swapExactETHForTokens" + V2_NATIVE, "uniswap_v2", True, True),
    ("swapETHForExactTokens" + V2_NATIVE, "uniswap_v2", False, True),
    ("swapExactTokensForTokens" + FOT + V2, "sushiswap_v2", True, False),
    ("swapExactTokensForETH" + FOT + V2, "sushiswap_v2", True, False),
    ("swapExactETHForTokens" + FOT + V2_NATIVE, "sushiswap_v2", True, True),
    ("swapExactTokensForTokens" + FOT + REFERRED, "camelot_v2", True, False),
    ("swapExactTokensForETH" + FOT + REFERRED, "camelot_v2", True, False),
    ("swapExactETHForTokens" + FOT + "(uint256,address[],address,address,uint256)", "camelot_v2", True, True),
    ("swapExactTokensForTokens(uint256,uint256,address[],address)", "pancakeswap_smart", True, False),
    ("swapTokensForExactTokens(uint256,uint256,address[],address)", "uniswap_v3_02", False, False),
]  # fmt: skip


@pytest.mark.parametrize(("signature", "router", "exact_in", "native"), V2_CALLS)
@given(path=paths, first=amounts, second=amounts, value=amounts)
@settings(max_examples=15, deadline=None)
def test_every_v2_form_is_read_as_it_was_written(
    signature: str,
    router: str,
    exact_in: bool,
    native: bool,
    path: list[bytes],
    first: int,
    second: int,
    value: int,
) -> None:
    tail = [REFERRER] if "address,address" in signature else []
    tail += [] if signature.endswith("address[],address)") else [DEADLINE]
    numbers = [first] if native else [first, second]
    swap = only(encoded(signature, *numbers, path, ME, *tail), BY_NAME[router], value, Grade.STRICT)
    assert (swap.protocol, swap.version, swap.fees) == (router.split("_")[0], "v2", None)
    assert (swap.path, swap.recipient, swap.router) == (tuple(path), ME, BY_NAME[router])
    assert swap.deadline == (DEADLINE if DEADLINE in tail else None)
    exact, bound = (first, second) if not native else (value, first) if exact_in else (first, value)
    assert four(swap) == ((exact, None, None, bound) if exact_in else (None, exact, bound, None))


SINGLES = [
    (
        "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))",
        "uniswap_v3",
        True,
    ),
    (
        "exactOutputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))",
        "sushiswap_v3",
        False,
    ),
    ("exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))", "uniswap_v3_02", True),
    (
        "exactOutputSingle((address,address,uint24,address,uint256,uint256,uint160))",
        "pancakeswap_smart",
        False,
    ),
    ("exactInputSingle((address,address,address,uint256,uint256,uint256,uint160))", "camelot_v3", True),
    (
        "exactInputSingleSupportingFeeOnTransferTokens((address,address,address,uint256,uint256,uint256,uint160))",
        "camelot_v3",
        True,
    ),
]


@pytest.mark.parametrize(("signature", "router", "exact_in"), SINGLES)
@given(
    pair=st.lists(addresses, min_size=2, max_size=2, unique=True),
    fee=st.integers(0, 999_999),
    exact=amounts,
    bound=amounts,
    limit=st.integers(0, 2**160 - 1),
)
@settings(max_examples=15, deadline=None)
def test_every_single_pool_form_is_read_as_it_was_written(
    signature: str,
    router: str,
    exact_in: bool,
    pair: list[bytes],
    fee: int,
    exact: int,
    bound: int,
    limit: int,
) -> None:
    with_fee, with_deadline = "uint24" in signature, signature.count("uint256") == 3
    fields = [
        *pair,
        *([fee] if with_fee else []),
        ME,
        *([DEADLINE] if with_deadline else []),
        exact,
        bound,
        limit,
    ]
    swap = only(encoded(signature, tuple(fields)), BY_NAME[router], 0, Grade.STRICT)
    assert (swap.protocol, swap.version) == (router.split("_")[0], "v3")
    assert (swap.path, swap.fees) == (tuple(pair), (fee,) if with_fee else None)
    assert (swap.recipient, swap.price_limit) == (ME, limit)
    assert swap.deadline == (DEADLINE if with_deadline else None)
    assert four(swap) == ((exact, None, None, bound) if exact_in else (None, exact, bound, None))


PATHS = [
    ("exactInput((bytes,address,uint256,uint256,uint256))", "uniswap_v3", True),
    ("exactOutput((bytes,address,uint256,uint256,uint256))", "pancakeswap_v3", False),
    ("exactInput((bytes,address,uint256,uint256))", "pancakeswap_smart", True),
    ("exactOutput((bytes,address,uint256,uint256))", "uniswap_v3_02", False),
]


@pytest.mark.parametrize(("signature", "router", "exact_in"), PATHS)
@given(
    path=paths, fees=st.lists(st.integers(0, 999_999), min_size=5, max_size=5), exact=amounts, bound=amounts
)
@settings(max_examples=15, deadline=None)
def test_a_packed_path_runs_from_the_token_in_to_the_token_out(
    signature: str, router: str, exact_in: bool, path: list[bytes], fees: list[int], exact: int, bound: int
) -> None:
    fees = fees[: len(path) - 1]
    wire = packed(path, fees) if exact_in else packed(path[::-1], fees[::-1])
    deadline = [DEADLINE] if signature.count("uint256") == 3 else []
    data = encoded(signature, (wire, ME, *deadline, exact, bound))
    swap = only(data, BY_NAME[router], 0, Grade.STRICT)
    assert (swap.path, swap.fees, swap.recipient) == (tuple(path), tuple(fees), ME)
    assert four(swap) == ((exact, None, None, bound) if exact_in else (None, exact, bound, None))


@given(path=paths)
@settings(max_examples=20, deadline=None)
def test_an_algebra_path_has_no_fees(path: list[bytes]) -> None:
    for to in (BY_NAME["camelot_v3"], STRANGER):
        forward = encoded(PATHS[0][0], (b"".join(path), ME, DEADLINE, 5, 6))
        backward = encoded(PATHS[1][0], (b"".join(path[::-1]), ME, DEADLINE, 5, 6))
        for data in (forward, backward):
            swap = only(data, to)
            assert (swap.protocol, swap.path, swap.fees) == ("camelot", tuple(path), None)


def test_algebra_ignores_the_fee_of_its_exact_output_form() -> None:
    data = encoded(SINGLES[1][0], (A, B, 500, ME, DEADLINE, 7, 8, 0))
    assert only(data, BY_NAME["camelot_v3"]).fees is None
    assert only(data, BY_NAME["uniswap_v3"]).fees == (500,)


def test_zero_in_is_the_balance_on_routers_that_say_so() -> None:
    assert only(encoded(SINGLES[2][0], (A, B, 500, ME, 0, 8, 0))).amount_in is None
    assert only(encoded(PATHS[2][0], (packed([A, B], [500]), ME, 0, 8))).amount_in is None
    assert only(encoded(V2_CALLS[12][0], 0, 8, [A, B], ME)).amount_in is None
    assert only(encoded(SINGLES[0][0], (A, B, 500, ME, DEADLINE, 0, 8, 0))).amount_in == 0
    assert only(encoded(V2_CALLS[0][0], 0, 8, [A, B], ME, DEADLINE)).amount_in == 0


# Multicalls.

SINGLE = encoded(SINGLES[2][0], (A, B, 500, ME, 5, 6, 0))
EXACT_OUT = encoded(V2_CALLS[13][0], 7, 8, [B, C], ME)
UNWRAP = encoded("unwrapWETH9(uint256,address)", 1, ME)


@pytest.mark.parametrize(
    ("signature", "front", "deadline"),
    [
        ("multicall(bytes[])", [], None),
        ("multicall(uint256,bytes[])", [DEADLINE], DEADLINE),
        ("multicall(bytes32,bytes[])", [b"\x01" * 32], None),
    ],
)
def test_a_multicall_gives_the_swaps_of_its_calls_in_order(
    signature: str, front: list[Any], deadline: int | None
) -> None:
    nested = encoded("multicall(bytes[])", [UNWRAP, EXACT_OUT])
    found = swaps(call(encoded(signature, *front, [SINGLE, nested, UNWRAP, SINGLE])))
    assert [swap.path for swap in found] == [(A, B), (B, C), (A, B)]
    assert [swap.deadline for swap in found] == [deadline] * 3


def test_one_malformed_inner_call_fails_the_whole_multicall() -> None:
    assert reason(encoded("multicall(bytes[])", [SINGLE, SINGLE[:-1]])) == "bounds"


def test_calls_may_not_nest_without_end() -> None:
    data = SINGLE
    for _ in range(8):
        data = encoded("multicall(bytes[])", [data])
    assert len(swaps(call(data))) == 1
    assert reason(encoded("multicall(bytes[])", [data])) == "nesting"


def test_elements_that_overlap_are_refused() -> None:
    """One large element named by a thousand offsets would be copied and read a thousand times."""
    count = 1000
    body = len(SINGLE).to_bytes(32, "big") + SINGLE.ljust(256, b"\0")
    data = bytes.fromhex("ac9650d8") + (32).to_bytes(32, "big") + count.to_bytes(32, "big")
    data += (32 * count).to_bytes(32, "big") * count + body
    assert reason(data) == "offset"


# Grades.

GOOD_V2 = encoded(V2_CALLS[0][0], 5, 6, [A, B], ME, DEADLINE)
PERMISSIVE, MODERATE, STRICT = Grade.PERMISSIVE, Grade.MODERATE, Grade.STRICT


def replaced(data: bytes, word: int, value: bytes) -> bytes:
    at = 4 + 32 * word
    return data[:at] + value.rjust(32, b"\0") + data[at + 32 :]


@pytest.mark.parametrize(
    ("data", "lowest", "word"),
    [
        (replaced(GOOD_V2, 6, bytes(20)), MODERATE, "token"),
        (replaced(GOOD_V2, 7, A), MODERATE, "path"),
        (encoded(V2_CALLS[0][0], 5, 6, [A, B] * 9, ME, DEADLINE), MODERATE, "path"),
        (encoded(V2_CALLS[0][0], 5, 6, [A, B] * 5, ME, DEADLINE), STRICT, "path"),
        (replaced(GOOD_V2, 3, b"\x01" + ME), STRICT, "padding"),
        (replaced(GOOD_V2, 6, b"\x01" + A), STRICT, "padding"),
        (replaced(GOOD_V2, 0, b""), STRICT, "amount"),
        (replaced(GOOD_V2, 4, b"\x01"), STRICT, "deadline"),
        (replaced(GOOD_V2[:164] + bytes(1) + GOOD_V2[164:], 2, b"\xa1"), STRICT, "offset"),
    ],
    ids=[
        "zero token",
        "same token",
        "18 tokens",
        "10 tokens",
        "dirty recipient",
        "dirty token",
        "zero amount",
        "past deadline",
        "odd offset",
    ],
)
def test_each_grade_refuses_what_it_says_and_the_one_below_takes_it(
    data: bytes, lowest: Grade, word: str
) -> None:
    to = BY_NAME["uniswap_v2"]
    assert reason(data, lowest, to) == word
    assert reason(data, STRICT, to) == word
    assert len(swaps(call(data, to), BOOK, Grade(lowest - 1), NOW)) == 1


def test_strict_wants_a_router_of_the_book_that_knows_the_selector() -> None:
    assert reason(GOOD_V2, STRICT, STRANGER) == "router"
    assert reason(GOOD_V2, STRICT, BY_NAME["uniswap_v3"]) == "router"
    assert reason(encoded("multicall(bytes[])", [GOOD_V2]), STRICT, BY_NAME["uniswap_v3"]) == "router"
    assert only(GOOD_V2, BY_NAME["sushiswap_v2"], 0, STRICT).protocol == "sushiswap"
    assert only(GOOD_V2, STRANGER).protocol == "uniswap"


def test_a_deadline_is_only_held_against_a_time_that_is_given() -> None:
    past = encoded(V2_CALLS[0][0], 5, 6, [A, B], ME, 1)
    assert len(swaps(call(past, BY_NAME["uniswap_v2"]), BOOK, STRICT)) == 1


@pytest.mark.parametrize("grade", Grade)
@pytest.mark.parametrize(
    ("data", "word"),
    [
        (GOOD_V2[:-1], "bounds"),
        (GOOD_V2[:100], "bounds"),
        (GOOD_V2[:4], "bounds"),
        (replaced(GOOD_V2, 2, b"\x80"), "offset"),
        (replaced(GOOD_V2, 2, b"\xff" * 31 + b"\xe0"), "bounds"),
        (replaced(GOOD_V2, 5, b"\xff" * 32), "bounds"),
        (replaced(GOOD_V2, 5, b"\x03"), "bounds"),
        (replaced(GOOD_V2, 5, b"\x01"), "path"),
        (encoded(PATHS[0][0], (packed([A, B], [5])[:-1], ME, DEADLINE, 5, 6)), "path"),
        (encoded(PATHS[0][0], (A, ME, DEADLINE, 5, 6)), "path"),
        (replaced(encoded(SINGLES[0][0], (A, B, 5, ME, DEADLINE, 5, 6, 0)), 2, b"\x01\0\0\0"), "bounds"),
    ],
)
def test_no_grade_follows_an_offset_or_length_that_leads_nowhere(
    data: bytes, word: str, grade: Grade
) -> None:
    to = BY_NAME["uniswap_v2"] if data[:4] == GOOD_V2[:4] else BY_NAME["uniswap_v3"]
    assert reason(data, grade, to) == word


def test_a_call_of_nothing_or_of_another_function_is_no_swap() -> None:
    for data in (b"", b"\x38", b"\x38\xed\x17", encoded("transfer(address,uint256)", ME, 5), UNWRAP):
        assert swaps(call(data), BOOK) == ()
    creation = Tx(2, 42161, 0, 0, 0, 0, None, 0, GOOD_V2, b"")
    assert swaps(creation, BOOK) == ()


def test_every_selector_is_one_of_a_kind_of_router(load: Any) -> None:
    known = load("arbitrum_dex_facts.json")["selectors"]
    assert {"0x" + selector.hex() for selector in FORMS} <= set(known.values())
    assert set().union(*SELECTORS.values()) == set(FORMS)
