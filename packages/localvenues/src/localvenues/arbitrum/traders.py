"""The crowd: seeded traders whose swaps open price gaps between pools and close them again.

Three humours share the accounts. Noise trades small amounts anywhere; a shove moves one pool by a per
cent or two; a correction brings a pool that has been off for some seconds back to the reference price.
Floats decide sizes; what is sent is integers.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from localvenues.arbitrum import depth as sight
from localvenues.arbitrum import market
from localvenues.arbitrum.abi import call
from localvenues.arbitrum.chores import Chores
from localvenues.arbitrum.deploy import GAS_PRICE, UNLIMITED, Deployment, Script
from localvenues.arbitrum.depth import Depth
from localvenues.arbitrum.market import Pool, Token
from localvenues.arbitrum.orders import Desk, Order, Trade, styles
from localvenues.arbitrum.reference import Reference
from localvenues.arbitrum.rpc import Rpc, RpcError
from localvenues.arbitrum.sequencer import Block
from localvenues.arbitrum.transactions import Account, Transaction

CROWD = 10
PURSE_USD = 3e9
SHOVE_SECONDS = 1.5
SHOVE_MOVE = (0.009, 0.018)
PATIENCE_SECONDS = (0.5, 1.75)
TOLERANCE = 0.002
NOISE_SHARE = (-8.5, 0.8)
LARGEST_NOISE = 0.002
EXACT_OUT_SHARE = 0.2
TWO_HOP_SHARE = 0.2
REVERT_SHARE = 0.03
OTHER_SHARE = 0.12
SLIPPAGE = 0.03
DEADLINE_SECONDS = 120
MAX_FEE = 2 * 10**8


@dataclass(slots=True)
class Trader:
    """An account and its next nonce."""

    account: Account
    nonce: int = 0


class Crowd:
    """All traders, what they see and what they do."""

    def __init__(
        self, on: Deployment, accounts: list[Account], chain_id: int, seed: int, rate: float
    ) -> None:
        self._on, self._chain_id, self._rate = on, chain_id, rate
        self._random = random.Random(seed)
        self._traders = [Trader(account) for account in accounts]
        self._reference = Reference(on.tokens.values(), seed)
        self._chores = Chores(on, self._random)
        self._depths: dict[str, Depth] = {}
        self._patience: dict[bytes, float] = {}
        self._blocks: deque[Block] = deque()
        self._mined = asyncio.Event()
        self._timestamp = 0
        self.sent: Counter[str] = Counter()
        self.reverted = 0
        self.refused = 0

    def status(self) -> dict[str, Any]:
        """Return what was sent, by form, how much of it reverted, and the widest gap now."""
        gaps = [abs(self._gap(depth)) for depth in self._depths.values()]
        counts = {"sent": self.sent.total(), "reverted": self.reverted, "refused": self.refused}
        return {
            **counts,
            "widest_gap": round(max(gaps, default=0.0), 5),
            "forms": dict(sorted(self.sent.items())),
        }

    # --- the opening ---

    def opening(self, deployer: Script) -> list[bytes]:
        """Return the transactions that give every trader tokens and the routers their allowance."""
        raws: list[bytes] = []
        routers = (self._on.v2_router, self._on.swap_router, self._on.swap_router02)
        for trader in self._traders:
            for token in self._on.tokens.values():
                purse = market.amount(token, PURSE_USD if token.symbol != "WETH" else PURSE_USD / 10)
                deployer.send(token.address, call("transfer(address,uint256)", trader.account.address, purse))
                for router in routers:
                    allow = call("approve(address,uint256)", router, UNLIMITED)
                    raws.append(self._sign(trader, Order(token.address, allow, gas=80_000)))
        return [*deployer.take(), *raws]

    async def look(self, rpc: Rpc) -> None:
        """Read all pools once."""
        self._depths = await sight.read(rpc, self._on.pools)

    # --- the trading ---

    def notice(self, block: Block) -> None:
        """Hear of a mined block."""
        self._blocks.append(block)
        self._mined.set()

    async def run(self, rpc: Rpc, pace: float) -> None:
        """Trade for ever: after each block, at a random moment before the next."""
        while True:
            await self._mined.wait()
            self._mined.clear()
            while self._blocks:
                await self._follow(rpc, self._blocks.popleft())
            await asyncio.sleep(self._random.uniform(0.0, 0.7) * pace)
            await self._send(rpc, self.decide(pace))

    async def _follow(self, rpc: Rpc, block: Block) -> None:
        self._timestamp = int(block["timestamp"], 16)
        self._reference.step()
        if block["transactions"]:
            receipts = await rpc.call("eth_getBlockReceipts", block["number"])
            self.reverted += sight.follow(self._depths, receipts)

    async def _send(self, rpc: Rpc, raws: list[bytes]) -> None:
        calls = [("eth_sendRawTransaction", ("0x" + raw.hex(),)) for raw in raws]
        answers = await rpc.batch(calls)
        refused = sum(isinstance(answer, RpcError) for answer in answers)
        if refused:
            self.refused += refused
            await self._recount(rpc)

    async def _recount(self, rpc: Rpc) -> None:
        """Take the nonces from the chain: a refused transaction used none."""
        places = [("0x" + trader.account.address.hex(), "pending") for trader in self._traders]
        counts = await rpc.batch([("eth_getTransactionCount", place) for place in places])
        for trader, count in zip(self._traders, counts, strict=True):
            trader.nonce = int(count, 16)

    def decide(self, pace: float) -> list[bytes]:
        """Return the signed transactions of one block time."""
        raws = [self._noise() for _ in range(self._arrivals(self._rate * pace))]
        if self._rate > 0:
            raws += [self._shove() for _ in range(self._arrivals(pace / SHOVE_SECONDS))]
            raws += self._corrections(pace)
        return raws

    def _arrivals(self, mean: float) -> int:
        """Draw from a Poisson distribution (Knuth's product method; means here are small)."""
        floor, product, count = math.exp(-mean), self._random.random(), 0
        while product > floor:
            product *= self._random.random()
            count += 1
        return count

    def _gap(self, depth: Depth) -> float:
        """Return by how much a pool's price is above the reference, as a logarithm."""
        return math.log(depth.price / self._reference.price(depth.pool))

    # --- the humours ---

    def _noise(self) -> bytes:
        dice = self._random.random()
        if dice < OTHER_SHARE:
            return self._other()
        depth = self._random.choice(list(self._depths.values()))
        token = self._random.choice((depth.pool.token0, depth.pool.token1))
        share = min(LARGEST_NOISE, self._random.lognormvariate(*NOISE_SHARE))
        amount = int(depth.reserves(token)[0] * share) + 1
        hops = self._route(depth.pool, token)
        return self._trade(hops, token, amount, reverts=dice > 1 - REVERT_SHARE)

    def _route(self, pool: Pool, token: Token) -> tuple[Pool, ...]:
        """Return the pool, at times with a second one behind it on the same protocol version."""
        middle = pool.other(token)
        onward = [
            one
            for one in self._on.pools
            if one.version == pool.version
            and middle in (one.token0, one.token1)
            and token not in (one.token0, one.token1)
        ]
        if onward and self._random.random() < TWO_HOP_SHARE:
            return pool, self._random.choice(onward)
        return (pool,)

    def _shove(self) -> bytes:
        calm = [
            one
            for one in self._depths.values()
            if abs(self._gap(one)) < TOLERANCE + one.pool.fee / sight.MILLION
        ]
        depth = self._random.choice(calm or list(self._depths.values()))
        token = self._random.choice((depth.pool.token0, depth.pool.token1))
        swing = max(depth.pool.token0.swing, depth.pool.token1.swing) / 0.02
        move = self._random.uniform(*SHOVE_MOVE) * min(1.0, swing)
        return self._trade((depth.pool,), token, int(depth.reserves(token)[0] * move / 2) + 1, humour="shove")

    def _corrections(self, pace: float) -> list[bytes]:
        raws = []
        for depth in self._depths.values():
            pool = depth.pool
            if abs(self._gap(depth)) < TOLERANCE + pool.fee / sight.MILLION:
                self._patience.pop(pool.address, None)
                continue
            left = self._patience.setdefault(pool.address, self._random.uniform(*PATIENCE_SECONDS)) - pace
            self._patience[pool.address] = left
            if left <= 0:
                raws.append(self._correct(depth))
                del self._patience[pool.address]
        return raws

    def _correct(self, depth: Depth) -> bytes:
        price = self._reference.price(depth.pool)
        token, amount = depth.correction(price)
        if depth.pool.version == "v2":
            return self._trade((depth.pool,), token, int(amount) + 1, humour="correction")
        # A V3 swap stops at the price by itself, however many ranges lie between.
        limit = int(math.sqrt(price) * sight.Q96)
        return self._trade((depth.pool,), token, int(amount * 4) + 1, price_limit=limit, humour="correction")

    def _trade(
        self,
        hops: tuple[Pool, ...],
        token: Token,
        amount: int,
        *,
        reverts: bool = False,
        price_limit: int = 0,
        humour: str = "noise",
    ) -> bytes:
        trade = self._quote(hops, token, amount, reverts, price_limit)
        trader = self._random.choice(self._traders)
        name, style = self._random.choice(list(styles(trade, self._on.weth).items()))
        desk = Desk(self._on, trader.account.address, self._timestamp + DEADLINE_SECONDS)
        self.sent[f"{humour} {name}" if humour == "noise" else humour] += 1
        return self._sign(trader, style(trade, desk))

    def _quote(
        self, hops: tuple[Pool, ...], token: Token, amount: int, reverts: bool, price_limit: int
    ) -> Trade:
        """Set a trade's limit: some slippage below the estimate, or out of reach where it shall revert."""
        tokens, out = [token], float(amount)
        for pool in hops:
            out = self._depths["0x" + pool.address.hex()].output(tokens[-1], out)
            tokens.append(pool.other(tokens[-1]))
        if price_limit:
            return Trade(hops, tuple(tokens), True, amount, 0, price_limit)
        if self._random.random() < EXACT_OUT_SHARE and out > 100:
            most = amount * (1 + SLIPPAGE) if not reverts else amount * 0.5
            return Trade(hops, tuple(tokens), False, int(out), int(most) + 1)
        least = out * (1 - SLIPPAGE) if not reverts else out * 2
        return Trade(hops, tuple(tokens), True, amount, int(least))

    def _other(self) -> bytes:
        name, order = self._chores.draw(self._random.choice(self._traders).account.address)
        self.sent[f"other {name}"] += 1
        return self._sign(self._random.choice(self._traders), order)

    def _sign(self, trader: Trader, order: Order) -> bytes:
        legacy = self._random.random() < 0.3
        transaction = Transaction(
            self._chain_id,
            trader.nonce,
            order.gas,
            order.to,
            order.value,
            order.data,
            gas_price=GAS_PRICE,
            max_fee=None if legacy else MAX_FEE,
        )
        trader.nonce += 1
        return trader.account.sign(transaction)
