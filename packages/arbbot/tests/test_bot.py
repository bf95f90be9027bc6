"""The life of a block, from real feed frames to a plan or a refusal, with no node in between."""

import asyncio
import base64
import json
from collections import Counter
from contextlib import nullcontext
from time import time
from typing import Any

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from arbbot.bot import Bot
from arbbot.dex.load import parse_book
from arbbot.execute.signing import Call, LocalSigner
from arbbot.model import Plan, Receipt
from arbbot.pools import Loaded, Market, Pool, ProductCurve
from arbbot.settings import read_settings
from arbbot.validate import Gas

WETH, USDC = b"\x01" * 20, b"\x02" * 20
POOLS = {"uniswap": b"\x11" * 20, "sushiswap": b"\x12" * 20}
ROUTER, SUSHI = b"\x21" * 20, b"\x22" * 20
ETHER = 10**18
CHAIN = 412346
BOOK = f"""
chain_id: {CHAIN}
native: WETH
tokens:
  WETH: {{address: "0x{WETH.hex()}", decimals: 18}}
  USDC: {{address: "0x{USDC.hex()}", decimals: 6}}
routers:
  one: {{address: "0x{ROUTER.hex()}", protocol: uniswap, kind: uniswap_v2}}
  two: {{address: "0x{SUSHI.hex()}", protocol: sushiswap, kind: uniswap_v2}}
factories: {{}}
"""
SIGNER = LocalSigner(b"\x33" * 32)


class Observer:
    """Count whatever is told, by its name and its words."""

    def __init__(self) -> None:
        self.seen: Counter[Any] = Counter()

    def block(self) -> Any:
        return nullcontext(self)

    def operation(self, name: str) -> Any:
        self.seen["operation", name] += 1
        return nullcontext(self)

    def __getattr__(self, name: str) -> Any:
        def note(*words: Any) -> None:
            self.seen[(name, *(word for word in words if isinstance(word, str)))] += 1

        return note


class Log:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[Any] = []

    def info(self, event: str, **more: Any) -> None:
        self.lines.append((event, more))

    warning = info


class Hand:
    """An executor that takes plans and earns what was expected."""

    address = b"\x55" * 20

    def __init__(self) -> None:
        self.busy = False
        self.plans: list[Plan] = []

    async def execute(self, plan: Plan) -> Receipt:
        self.plans.append(plan)
        await asyncio.sleep(0)
        self.busy = False
        return Receipt(plan, b"\1" * 32, "succeeded", plan.opportunity.profit, 5, None)


def market() -> Market:
    """Two pairs of WETH and USDC with equal prices: 1000 WETH against 2,000,000 USDC each."""
    return Market(
        [
            Loaded(Pool(at, name, "v2", WETH, USDC, None), ProductCurve(1000 * ETHER, 2_000_000 * 10**6))
            for name, at in POOLS.items()
        ],
        block=100,
    )


def bot(hand: Hand | None = None, **settings: Any) -> tuple[Bot, Observer, Log]:
    """Build a bot whose state was just confirmed and whose gas price is known."""
    tree = {
        "chain_id": CHAIN, "dex": "x", "feed": {"url": "ws://x"} | settings.pop("feed", {}),
        "rpc": {"url": "http://x"}, "limits": {"max_impact_bps": 5000}, **settings,
    }  # fmt: skip
    observer, log = Observer(), Log()
    made = Bot(read_settings(tree), parse_book(BOOK), market(), None, observer, log, hand)  # type: ignore[arg-type]
    made._gas, made._reconciled_at = Gas(10**7), float("inf")
    return made, observer, log


def signed(router: bytes = ROUTER, amount: int = 50 * ETHER, chain: int = CHAIN, nonce: int = 0) -> bytes:
    """Sign a sale of WETH through a V2 router."""
    types = ["uint256", "uint256", "address[]", "address", "uint256"]
    path = ["0x" + WETH.hex(), "0x" + USDC.hex()]
    body = encode(types, [amount, 0, path, "0x" + "77" * 20, 2**40])
    return SIGNER.sign(Call(chain, nonce, 10**9, 300_000, router, bytes.fromhex("38ed1739") + body))


def frame(sequence: int, *txs: bytes, age: float = 0.0, block_hash: str | None = None) -> bytes:
    """Write one feed frame with one message: a batch of signed transactions."""
    batch = b"".join((len(tx) + 1).to_bytes(8, "big") + b"\x04" + tx for tx in txs)
    header = {
        "kind": 3, "sender": "0xa4b000000000000000000073657175656e636572", "blockNumber": 1,
        "timestamp": int(time() - age), "requestId": None, "baseFeeL1": 0,
    }  # fmt: skip
    message = {"header": header, "l2Msg": base64.b64encode(b"\x03" + batch).decode()}
    row: dict[str, Any] = {
        "sequenceNumber": sequence,
        "message": {"message": message, "delayedMessagesRead": 1},
    }
    if block_hash:
        row["blockHash"] = "0x" + block_hash * 32
    return json.dumps({"version": 1, "messages": [row]}).encode()


async def test_a_price_gap_that_a_swap_opens_is_taken_at_once() -> None:
    """The frame's own swap moves one pool; the cycle over both becomes one plan with the exact profit."""
    hand = Hand()
    ours, observer, _ = bot(hand)
    ours.on_frame(frame(101, signed()))
    await asyncio.gather(*ours._running)
    (plan,) = hand.plans
    assert (
        plan.opportunity.hops[0].pool == POOLS["sushiswap"]
    )  # WETH is cheap where it was sold: buy it there last
    assert plan.opportunity.profit > plan.min_profit > 0
    assert observer.seen[("succeeded",)] == 1
    assert observer.seen[("swap", "uniswap", "v2")] == 1


async def test_without_execution_the_same_opportunity_is_refused_with_its_reason() -> None:
    """Off means everything but the last step."""
    ours, observer, log = bot(None)
    ours.on_frame(frame(101, signed()))
    assert observer.seen[("refused", "execution_off")] == 1
    assert [event for event, _ in log.lines] == ["refused"]


async def test_one_plan_at_a_time() -> None:
    """A second opportunity while one is under way is refused as busy."""
    hand = Hand()
    ours, observer, _ = bot(hand)
    ours.on_frame(frame(101, signed()))
    ours.on_frame(frame(102, signed(nonce=1)))
    await asyncio.gather(*ours._running)
    assert len(hand.plans) == 1
    assert observer.seen[("refused", "busy")] == 1


async def test_a_repeated_message_changes_nothing_and_a_reorg_takes_back_what_it_replaced() -> None:
    """The same number and hash counts once; another hash replaces the message's swaps."""
    ours, observer, _ = bot(None)
    ours.on_frame(frame(101, signed(), block_hash="aa"))
    after = ours._market.curve(POOLS["uniswap"])
    ours.on_frame(frame(101, signed(), block_hash="aa"))
    assert ours._market.curve(POOLS["uniswap"]) == after
    assert observer.seen[("duplicate",)] == 1
    ours.on_frame(frame(101, signed(amount=ETHER), block_hash="bb"))
    moved = ours._market.curve(POOLS["uniswap"])
    assert moved == market().curve(POOLS["uniswap"]).exact_in(True, ETHER).after
    assert observer.seen[("reorg",)] == 1


async def test_the_repeat_that_a_resumed_feed_was_asked_for_is_no_disturbance() -> None:
    """Only the first one: a second repeat is the feed's own doing."""
    ours, observer, _ = bot(None)
    ours.on_frame(frame(101))
    ours.feed.resumed_at = 101
    ours.on_frame(frame(101))
    assert observer.seen[("duplicate",)] == 0
    ours.on_frame(frame(101))
    assert observer.seen[("duplicate",)] == 1


async def test_after_a_gap_nothing_is_decided_until_the_chain_has_spoken() -> None:
    """The missing messages may have moved any pool."""
    hand = Hand()
    ours, observer, _ = bot(hand)
    ours.on_frame(frame(101))
    ours.on_frame(frame(105, signed()))
    assert hand.plans == []
    assert observer.seen[("refused", "suspect")] >= 1
    ours._market.reconcile(105, [])
    ours.on_frame(frame(106, signed(nonce=1)))
    await asyncio.gather(*ours._running)
    assert len(hand.plans) == 1


@pytest.mark.parametrize("stray", [1 << 40, (1 << 64) - 1])
async def test_a_damaged_number_does_not_end_the_trading(stray: int) -> None:
    """It is counted as malformed; the messages around it are no gap."""
    hand = Hand()
    ours, observer, _ = bot(hand)
    ours.on_frame(frame(101))
    ours.on_frame(frame(stray, signed()))
    assert observer.seen[("parse_error", "shape")] == 1
    ours.on_frame(frame(102, signed()))
    await asyncio.gather(*ours._running)
    assert len(hand.plans) == 1


async def test_a_feed_that_begins_anew_is_followed() -> None:
    """Where its numbers restart far below, or the first one seen was damaged."""
    ours, observer, _ = bot(Hand())
    ours.on_frame(frame(1 << 40))
    for number in (101, 102, 103):
        ours.on_frame(frame(number, signed(nonce=number)))
    assert ours._cursor.last == 103
    assert observer.seen[("parse_error", "shape")] == 1


async def test_an_old_message_feeds_the_state_and_decides_nothing() -> None:
    """A backlog is history."""
    hand = Hand()
    ours, _, _ = bot(hand)
    ours.on_frame(frame(101, signed(), age=60))
    assert hand.plans == []
    assert ours._market.curve(POOLS["uniswap"]) != market().curve(POOLS["uniswap"])


async def test_another_chain_s_transaction_is_counted_and_not_applied() -> None:
    """It would be rejected by the chain: its signature is for another one."""
    ours, observer, _ = bot(None)
    ours.on_frame(frame(101, signed(chain=1)))
    assert observer.seen[("validation_error", "chain_id")] == 1
    assert ours._market.curve(POOLS["uniswap"]) == market().curve(POOLS["uniswap"])


async def test_where_signers_are_named_an_unsigned_message_is_refused() -> None:
    """The state is suspect from then on."""
    ours, observer, _ = bot(None, feed={"url": "ws://x", "signers": ["0x" + "ab" * 20]})
    ours.on_frame(frame(101, signed()))
    assert observer.seen[("parse_error", "signature")] == 1
    assert ours._market.curve(POOLS["uniswap"]) == market().curve(POOLS["uniswap"])


async def test_our_own_transaction_in_the_feed_moves_the_market_once() -> None:
    """Between sending and reconciling the bot must not see its own gap again."""
    hand = Hand()
    ours, _, _ = bot(hand)
    gate = asyncio.Event()

    async def slow(plan: Plan) -> Receipt:
        hand.plans.append(plan)
        await gate.wait()
        return Receipt(plan, b"\1" * 32, "succeeded", 1, 1, None)

    hand.execute = slow  # type: ignore[method-assign]
    ours.on_frame(frame(101, signed()))
    await asyncio.sleep(0)
    (plan,) = hand.plans
    from arbbot.execute import execute_call

    own = SIGNER.sign(Call(CHAIN, 9, 10**9, 600_000, hand.address, execute_call(plan)))
    ours.on_frame(frame(102, own))
    sold = ours._market.curve(POOLS["sushiswap"])
    assert sold == market().curve(POOLS["sushiswap"]).exact_in(True, plan.opportunity.amounts[0]).after
    gate.set()
    await asyncio.gather(*ours._running)
    assert ours._own == {}


@pytest.mark.parametrize(
    "broken", [b"", b"{", b"[]", b"null", b'{"version":1,"messages":[{}]}', b"\xff\xfe", b"{}" * 9]
)
def test_a_malformed_frame_is_counted_and_logged_once_per_burst(broken: bytes) -> None:
    """Whatever comes, the feed goes on."""
    ours, observer, log = bot(None)
    for _ in range(50):
        ours.on_frame(broken)
    counted = sum(count for key, count in observer.seen.items() if key[0] == "parse_error")
    assert (counted, len(log.lines)) == (50, 1)


@given(st.binary(max_size=200), st.integers(0, 2**70))
def test_no_frame_stops_the_bot(noise: bytes, sequence: int) -> None:
    """Neither noise as a frame nor noise inside a well-formed message raises."""
    ours, _, _ = bot(None)
    ours.on_frame(noise)
    ours.on_frame(frame(sequence, noise))
    ours.on_frame(frame(sequence + 1, signed()[: len(noise)]))
