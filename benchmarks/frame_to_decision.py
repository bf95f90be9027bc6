"""From a websocket frame's bytes to the decision, on a market of 200 pools, with the agent's instruments on.

Every message is one signed transaction with one swap through a known router: the worst case, since most of a
real feed is no swap. Frames are made and signed beforehand. Two runs over equal markets: one as fast as it
goes (messages/s), one paced at 5,000 messages/s, where latency counts from a frame's arrival, so that a
queue behind a slow frame is in it. Opportunities are mostly taken by others between frames, as on a chain.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import detect as market_bench
from eth_abi import encode

from arbbot.bot import Bot
from arbbot.dex.book import DexBook, Router, Token
from arbbot.execute.signing import Call, LocalSigner
from arbbot.model import Opportunity, Plan, Receipt
from arbbot.pools import Market, Pool
from arbbot.settings import Settings, read_settings
from arbbot.validate import Gas
from arbbot.watch import Watcher, agent

PACE = 5_000
MESSAGES = 5_000
CHAIN = 412_346
SIGNER = LocalSigner(b"\x44" * 32)


def router(at: int) -> bytes:
    """Give the router of a pool: each pool of the market has a protocol of its own."""
    return b"\xee" + at.to_bytes(19, "big")


def book_of(market: Market) -> DexBook:
    """Write the book that names the market's tokens and routers."""
    tokens = {token: Token(token.hex(), token, 18) for pool in market.pools.values() for token in pair(pool)}
    native = market_bench.token(0).hex()
    named = {token.symbol: token for token in tokens.values()}
    routers = {}
    for at, pool in enumerate(market.pools.values()):
        kind: Any = "uniswap_v2" if pool.version == "v2" else "swap_router_02"
        routers[router(at)] = Router(f"r{at}", router(at), pool.protocol, kind)
    return DexBook(CHAIN, native, named, routers, ())


def pair(pool: Pool) -> tuple[bytes, bytes]:
    return pool.token0, pool.token1


def calldata(pool: Pool, path: tuple[bytes, bytes], amount: int) -> bytes:
    """Encode the swap as its router wants it."""
    into, out, to = ("0x" + word.hex() for word in (*path, b"\x77" * 20))
    if pool.version == "v2":
        types = ["uint256", "uint256", "address[]", "address", "uint256"]
        return bytes.fromhex("38ed1739") + encode(types, [amount, 0, [into, out], to, 2**40])
    row = "(address,address,uint24,address,uint256,uint256,uint160)"
    return bytes.fromhex("04e45aaf") + encode([row], [(into, out, pool.fee, to, amount, 0, 0)])


def frames_of(seed: int, market: Market) -> list[bytes]:
    """Make the frames: Nitro's JSON around a signed EIP-1559 transaction."""
    draw = random.Random(seed)
    order = {pool.protocol: at for at, pool in enumerate(market.pools.values())}
    by_protocol = {pool.protocol: pool for pool in market.pools.values()}
    frames = []
    for sequence, swap in enumerate(market_bench.swaps_of(draw, market), 1):
        pool = by_protocol[swap.protocol]
        data = calldata(pool, (swap.path[0], swap.path[1]), swap.amount_in or 1)
        raw = SIGNER.sign(Call(CHAIN, sequence, 10**9, 300_000, router(order[swap.protocol]), data))
        frames.append(frame(sequence, raw))
    return frames


def frame(sequence: int, raw: bytes) -> bytes:
    """Write one frame with one message of kind 3 (L2 message) and kind 4 (signed transaction)."""
    header = {
        "kind": 3, "sender": "0xa4b000000000000000000073657175656e636572", "blockNumber": 22_000_000,
        "timestamp": 2**32, "requestId": None, "baseFeeL1": 0,
    }  # fmt: skip
    inner = {"header": header, "l2Msg": base64.b64encode(b"\x04" + raw).decode()}
    row = {
        "sequenceNumber": sequence,
        "message": {"message": inner, "delayedMessagesRead": 1},
        "blockHash": "0x" + sequence.to_bytes(32, "big").hex(),
        "signatureV2": None,
        "blockMetadata": "AAA=",
    }
    return json.dumps({"version": 1, "messages": [row]}).encode()


class Hand:
    """An executor that remembers the plan and earns nothing."""

    address = b"\x55" * 20

    def __init__(self) -> None:
        self.busy = False
        self.plan: Plan | None = None

    async def execute(self, plan: Plan) -> Receipt:
        self.busy, self.plan = False, plan
        return Receipt(plan, b"", "unknown", 0, 0, "bench")


class Quiet:
    """A log that nobody reads."""

    def info(self, event: str, **more: Any) -> None: ...

    warning = info


def settings() -> Settings:
    return read_settings(
        {
            "chain_id": CHAIN, "dex": "x", "feed": {"url": "ws://x"}, "rpc": {"url": "http://x"},
            "limits": {"max_impact_bps": 10_000}, "market": {"base": market_bench.token(0).hex()},
        }
    )  # fmt: skip


async def run(seed: int, pace: float) -> tuple[list[float], float, int]:
    """Send all frames; give each latency and the time spent deciding (seconds), and the plans."""
    draw = random.Random(seed)
    market = market_bench.market_of(random.Random(seed))
    market._retained = 1_000  # reconciliation would prune it: it runs beside the hot path
    frames = frames_of(seed + 100, market)
    hand, told = Hand(), settings()
    watch = agent(told, "bench")
    bot = Bot(told, book_of(market), market, None, Watcher(watch, told), Quiet(), hand)  # type: ignore[arg-type]
    bot._gas, bot._reconciled_at, bot._limits = Gas(10**7), float("inf"), patient(bot)
    finds: list[Opportunity] = []
    bot._detector.detect = watched(bot._detector.detect, finds)  # type: ignore[method-assign]
    latencies, spent, plans = [], 0.0, 0
    due = time.perf_counter()
    for data in frames:
        due = max(due, 0.0) + pace
        while pace and time.perf_counter() < due:
            pass
        start = time.perf_counter()
        bot.on_frame(data)
        end = time.perf_counter()
        spent += end - start
        latencies.append(end - due if pace else end - start)
        if finds or bot._running:
            began = time.perf_counter()
            plans += len(bot._running)
            await asyncio.gather(*bot._running)
            if finds and draw.random() < 0.7:
                bot._detector.refresh(market.apply(market.sequence, market_bench.taken(market, finds[0])))
            finds.clear()
            due += time.perf_counter() - began  # the rest of the world is not in the bot's way
    return latencies, spent, plans


def patient(bot: Bot) -> Any:
    """Return the bot's limits without the bound on unconfirmed blocks: no chain confirms anything here."""
    import msgspec

    return msgspec.structs.replace(bot._limits, max_lag=10**9, max_gas_age=10**9)


def watched(detect: Callable[..., list[Opportunity]], finds: list[Opportunity]) -> Any:
    """Let the benchmark see what the detector found, so that somebody can take it."""

    def detect_and_tell(*words: Any) -> list[Opportunity]:
        found = detect(*words)
        finds.extend(found[:1])
        return found

    return detect_and_tell


def main() -> dict[str, dict[str, Any]]:
    """Measure and give the figures."""
    market_bench.MESSAGES = MESSAGES
    asyncio.run(run(1, 0.0))  # warm up
    free, spent, plans = asyncio.run(run(2, 0.0))
    paced, _, _ = asyncio.run(run(3, 1 / PACE))
    told = f"200 pools, {plans:,} plans from {len(free):,} messages, one swap each"

    def row(value: float, unit: str, goal: str | None = None) -> dict[str, Any]:
        return {"value": value, "unit": unit, "peer": told, "ratio": None, "goal": goal}

    figures = {"sustained": row(len(free) / spent, "messages/s", ">= 5,000")}
    for share, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
        goal = "<= 2 ms" if name == "p95" else None
        figures[f"paced at 5,000/s, {name}"] = row(market_bench.at_share(paced, share) * 1e3, "ms", goal)
        figures[f"one frame alone, {name}"] = row(market_bench.at_share(free, share) * 1e6, "us")
    return figures


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    print(json.dumps(main(), indent=1))
