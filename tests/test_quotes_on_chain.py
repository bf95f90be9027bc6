"""The bot's arithmetic against the real contracts on a real node: every answer to the last unit.

QuoterV2 and the V2 router are asked at a pinned block of the local venue, while its traders trade. The
market is loaded once and carried on by the pools' logs, so each round sees another state.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sha3
from msgspec.structs import replace

from arbbot.pools import (
    TOPICS,
    Call,
    Curve,
    Discovery,
    Factory,
    Loaded,
    Loading,
    Log,
    Market,
    Pool,
    PoolError,
    TickCurve,
)
from arbbot.pools.calls import call, words

ROUNDS = 60 if os.environ.get("LONG") == "1" else 4
PER_POOL = 25
BATCH = 250


def selector(signature: str) -> bytes:
    """Give a function's selector."""
    return bytes(sha3.keccak_256(signature.encode()).digest()[:4])


QUOTE_IN = selector("quoteExactInputSingle((address,address,uint256,uint24,uint160))")
QUOTE_OUT = selector("quoteExactOutputSingle((address,address,uint256,uint24,uint160))")
AMOUNTS_OUT = selector("getAmountsOut(uint256,address[])")
AMOUNTS_IN = selector("getAmountsIn(uint256,address[])")


class StateGone(Exception):
    """The node keeps the states of few blocks, and the asked one is no longer among them."""


def accept_revert(row: dict[str, Any]) -> None:
    """Accept an answer that is a revert. Raises StateGone, or AssertionError for any other error."""
    message = row["error"]["message"]
    if "BlockOutOfRange" in message:
        raise StateGone(message)
    assert "revert" in message.lower(), row


class Node:
    """The venue's node and listing."""

    def __init__(self, listing: dict[str, Any]) -> None:
        self.listing = listing

    def send(self, *asked: tuple[str, list[Any]]) -> list[dict[str, Any]]:
        """Send one batch and give the answers in order."""
        rows = [
            {"jsonrpc": "2.0", "id": at, "method": method, "params": params}
            for at, (method, params) in enumerate(asked)
        ]
        request = urllib.request.Request(
            self.listing["rpc"], json.dumps(rows).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return sorted(json.load(answer), key=lambda row: int(row["id"]))

    def block(self) -> int:
        """Give the last settled block's number.

        While anvil mines, calls at the newest number already see the next block's state: take the one before.
        """
        return int(self.send(("eth_blockNumber", []))[0]["result"], 16) - 1

    def call(self, calls: Sequence[Call], block: int) -> list[bytes | None]:
        """Answer calls at a block; None where one reverts, an error where the node has no such state."""
        answers: list[bytes | None] = []
        for start in range(0, len(calls), BATCH):
            part = calls[start : start + BATCH]
            rows = self.send(
                *(
                    ("eth_call", [{"to": "0x" + to.hex(), "data": "0x" + data.hex()}, hex(block)])
                    for to, data in part
                )
            )
            for row in rows:
                if "result" not in row:
                    accept_revert(row)
                answers.append(bytes.fromhex(row["result"][2:]) if "result" in row else None)
        return answers

    def logs(self, first: int, last: int) -> list[Log]:
        """Give the pools' logs of some blocks."""
        topics = ["0x" + topic.hex() for topic in TOPICS]
        asked = {"fromBlock": hex(first), "toBlock": hex(last), "topics": [topics]}
        return [Log.from_json(row) for row in self.send(("eth_getLogs", [asked]))[0]["result"]]

    def load_now(self) -> Market:
        """Load every pool at the newest block; again where the node forgot that block meanwhile."""
        for _ in range(10):
            block = self.block()
            try:
                return Market(self.load(block), block)
            except StateGone:
                continue
        raise StateGone("ten times")

    def load(self, block: int) -> list[Loaded]:
        """Discover and load every pool."""
        tokens = [address(row["address"]) for row in self.listing["tokens"].values()]
        v2, v3 = self.listing["v2"], self.listing["v3"]
        discovery = Discovery(
            [
                Factory("uniswap", "v2", address(v2["factory"])),
                Factory("uniswap", "v3", address(v3["factory"]), tuple(v3["fee_tiers"])),
            ],
            tokens,
        )
        # all words of the finest map as well: the random amounts run to the ends of the prices
        loading = Loading(discovery.specs(self.call(discovery.calls(), block)), words=8192)
        while calls := loading.calls():
            loading.feed(self.call(calls, block))
        assert loading.refused == {}
        return loading.loaded


def address(text: str) -> bytes:
    """Read an address."""
    return bytes.fromhex(text[2:])


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Run a venue with busy traders."""
    folder = tmp_path_factory.mktemp("venue")
    command = [
        sys.executable,
        "-m",
        "localvenues.cli",
        "arbitrum",
        "--dir",
        str(folder),
        "--seed",
        "23",
        "--rate",
        "12",
    ]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield Node(listing_of(folder, process))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def listing_of(folder: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Wait for venue.json."""
    for _ in range(300):
        if (folder / "venue.json").exists():
            listing: dict[str, Any] = json.loads((folder / "venue.json").read_text())
            return listing
        assert process.poll() is None, (folder / "output").read_text()
        time.sleep(0.1)
    raise AssertionError("no venue.json within 30 s: " + (folder / "output").read_text())


def amounts_for(draw: random.Random) -> int:
    """Give an amount of any size, from one unit to far beyond the pools."""
    return draw.randint(1, 1 << draw.randint(1, 100))


def limit_for(draw: random.Random, curve: TickCurve, zero_for_one: bool) -> int:
    """Give no limit, or one up to some percent away on the right side."""
    if draw.random() < 0.6:
        return 0
    share = draw.uniform(1e-6, 0.05)
    return int(curve.sqrt_price * (1 - share if zero_for_one else 1 + share))


@pytest.fixture(scope="module")
def market(node: Node) -> Market:
    """Load the market once."""
    return node.load_now()


def carry_on(node: Node, market: Market) -> int:
    """Bring the market to the newest block by its logs; give the block."""
    block = node.block()
    if block > market.block:
        market.reconcile(block, node.logs(market.block + 1, block))
    return market.block


def test_discovery_finds_the_venues_pools(node: Node, market: Market) -> None:
    """Every pool of the listing is found through the factories, with its tokens and fee."""
    found = {
        (pool.address, pool.version, frozenset((pool.token0, pool.token1)), pool.fee)
        for pool in market.pools.values()
    }
    listed = {
        (
            address(row["address"]),
            row["version"],
            frozenset(map(address, row["tokens"])),
            row["fee"] if row["version"] == "v3" else None,
        )
        for row in node.listing["pools"]
    }
    assert found == listed


def test_v3_quotes_equal_quoter_v2(node: Node, market: Market) -> None:
    """Random amounts of all sizes, both directions and kinds, with and without limits; reverts too."""
    quoter = address(node.listing["v3"]["quoter_v2"])
    compared = 0
    for seed in range(ROUNDS):
        draw, block = random.Random(seed), carry_on(node, market)
        asked = [
            v3_question(draw, pool, curve)
            for pool, curve in now(market)
            if isinstance(curve, TickCurve)
            for _ in range(PER_POOL)
        ]
        try:
            answers = node.call([v3_call(quoter, *question) for question in asked], block)
        except StateGone:
            continue
        for question, answer in zip(asked, answers, strict=True):
            assert v3_answer(*question) == (answer and tuple(words(answer, 2))), question
            compared += answer is not None
    assert compared > PER_POOL * ROUNDS // 2


def now(market: Market) -> list[Loaded]:
    """Give the confirmed curves."""
    return [Loaded(pool, market.confirmed(pool.address)) for pool in market.pools.values()]


V3Question = tuple[Pool, TickCurve, bool, bool, int, int]


def v3_question(draw: random.Random, pool: Pool, curve: TickCurve) -> V3Question:
    """Draw a direction, a kind, an amount and a limit."""
    zero_for_one = draw.random() < 0.5
    return (
        pool,
        curve,
        zero_for_one,
        draw.random() < 0.5,
        amounts_for(draw),
        limit_for(draw, curve, zero_for_one),
    )


def v3_call(
    quoter: bytes, pool: Pool, curve: TickCurve, zero_for_one: bool, by_input: bool, amount: int, limit: int
) -> Call:
    """Write the quoter's call."""
    into, out = (pool.token0, pool.token1) if zero_for_one else (pool.token1, pool.token0)
    return call(quoter, QUOTE_IN if by_input else QUOTE_OUT, into, out, amount, curve.pips, limit)


def v3_answer(
    pool: Pool, curve: TickCurve, zero_for_one: bool, by_input: bool, amount: int, limit: int
) -> tuple[int, int] | None:
    """Give the other amount and the price after, or None for a revert, as the quoter would."""
    try:
        if by_input:
            trade = curve.exact_in(zero_for_one, amount, limit)
            return trade.amount_out, trade.after.sqrt_price  # type: ignore[attr-defined]
        trade = curve.exact_out(zero_for_one, amount, limit)
    except PoolError:
        return None
    if not limit and trade.amount_out < amount:
        return None  # the quoter insists on the whole amount where no limit excuses less
    return trade.amount_in, trade.after.sqrt_price  # type: ignore[attr-defined]


def test_v2_quotes_equal_the_router(node: Node, market: Market) -> None:
    """Random amounts of all sizes in both directions and kinds; reverts too."""
    router, compared = address(node.listing["v2"]["router"]), 0
    for seed in range(ROUNDS):
        draw, block = random.Random(seed), carry_on(node, market)
        asked = [
            v2_question(draw, pool, curve)
            for pool, curve in now(market)
            if pool.version == "v2"
            for _ in range(PER_POOL)
        ]
        try:
            answers = node.call([v2_call(router, *question) for question in asked], block)
        except StateGone:
            continue
        for question, answer in zip(asked, answers, strict=True):
            # the answer is an array: offset, length, amount in, amount out
            told = answer and words(answer, 4)[3 if question[3] else 2]
            assert v2_answer(*question) == told, question
            compared += answer is not None
    assert compared > PER_POOL * ROUNDS // 2


V2Question = tuple[Pool, Curve, bool, bool, int]


def v2_question(draw: random.Random, pool: Pool, curve: Curve) -> V2Question:
    """Draw a direction, a kind and an amount."""
    return pool, curve, draw.random() < 0.5, draw.random() < 0.5, amounts_for(draw)


def v2_call(router: bytes, pool: Pool, curve: Curve, zero_for_one: bool, by_input: bool, amount: int) -> Call:
    """Write the router's call."""
    path = (pool.token0, pool.token1) if zero_for_one else (pool.token1, pool.token0)
    return call(router, AMOUNTS_OUT if by_input else AMOUNTS_IN, amount, 64, 2, *path)


def v2_answer(pool: Pool, curve: Curve, zero_for_one: bool, by_input: bool, amount: int) -> int | None:
    """Give the other amount, or None for a revert, as the router would."""
    try:
        return (curve.quote if by_input else curve.needed)(zero_for_one, amount)
    except PoolError:
        return None


def test_logs_lead_from_one_block_to_a_later_one(node: Node, market: Market) -> None:
    """A market carried on by logs alone holds what a fresh loading reads, pool by pool."""
    until = market.block + 12
    while node.block() < until:
        time.sleep(0.1)
    fresh = node.load_now()
    logs = node.logs(market.block + 1, fresh.block)
    assert logs
    for block in range(market.block + 1, fresh.block + 1):
        market.reconcile(block, [log for log in logs if log.block == block])
    for pool, curve in now(fresh):
        ours = market.confirmed(pool.address)
        if isinstance(curve, TickCurve):
            assert isinstance(ours, TickCurve)
            assert ours.map.entries == curve.map.entries
            ours = replace(ours, map=curve.map)
        assert ours == curve
