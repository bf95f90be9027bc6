"""The executor contract on a real node with real pools: who may trade, and what the guard holds."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from arbbot.execute import Executor, Ledger, LocalSigner
from arbbot.execute.calldata import execute_call, withdraw_call, word
from arbbot.execute.deploy import TRANSFER, Deployer
from arbbot.execute.signing import Call, keccak
from arbbot.model import Hop, Opportunity, Plan
from arbbot.rpc import Rpc, RpcRefused

OWNER, STRANGER = LocalSigner(b"\x11" * 32), LocalSigner(b"\x22" * 32)
ETHER = 10**18
FEE = 10**9
CALLBACK = bytes.fromhex("fa461e33")  # uniswapV3SwapCallback(int256,int256,bytes)


class Silent:
    """An observer that does not care."""

    def called(self, method: str, seconds: float, reason: str | None) -> None: ...


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A venue whose crowd rests, so that the test alone moves the prices."""
    folder = tmp_path_factory.mktemp("venue")
    command = [str(Path(sys.executable).parent / "localvenues"), "arbitrum", "--dir", str(folder)]
    funds = [word for s in (OWNER, STRANGER) for word in ("--fund", "0x" + s.address.hex())]
    child = subprocess.Popen([*command, "--rate", "0", *funds], stderr=subprocess.DEVNULL)
    path = folder / "venue.json"
    until = time.monotonic() + 60
    while not path.exists():
        assert child.poll() is None, "the venue ended"
        assert time.monotonic() < until, "the venue did not come up"
        time.sleep(0.05)
    yield json.loads(path.read_text())
    child.send_signal(signal.SIGTERM)
    child.wait(20)


@pytest.fixture
async def rpc(listing: dict[str, Any]) -> AsyncIterator[Rpc]:
    client = Rpc(listing["rpc"], Silent(), timeout=10)
    yield client
    await client.close()


class Chain:
    """The pools of one pair, an executor of our own, and raw transactions."""

    def __init__(self, rpc: Rpc, listing: dict[str, Any], executor: bytes) -> None:
        self.rpc, self.chain_id, self.executor = rpc, int(listing["chain_id"]), executor
        self.weth = raw(listing["tokens"]["WETH"]["address"])
        self.usdc = raw(listing["tokens"]["USDC"]["address"])
        self.v2 = self._pool(listing, "v2")
        self.v3 = self._pool(listing, "v3")
        self.deployer = Deployer(rpc, OWNER, self.chain_id, FEE)

    def _pool(self, listing: dict[str, Any], version: str) -> Hop:
        pair = {self.weth, self.usdc}
        row = next(
            row
            for row in listing["pools"]
            if row["version"] == version and {raw(t) for t in row["tokens"]} == pair
        )
        return Hop(raw(row["address"]), version, self.weth, self.usdc, int(row["fee"] or 3000))  # type: ignore[arg-type]

    async def send(self, signer: LocalSigner, to: bytes, data: bytes) -> dict[str, Any]:
        """Send a transaction and return its receipt."""
        nonce = int(
            await self.rpc.call("eth_getTransactionCount", "0x" + signer.address.hex(), "pending"), 16
        )
        signed = signer.sign(Call(self.chain_id, nonce, FEE, 1_000_000, to, data))
        await self.rpc.once("eth_sendRawTransaction", "0x" + signed.hex())
        for _ in range(200):
            receipt = await self.rpc.call("eth_getTransactionReceipt", "0x" + keccak(signed).hex())
            if receipt is not None:
                return dict(receipt)
            await asyncio.sleep(0.05)
        raise AssertionError("not mined")

    async def weth_of(self, account: bytes) -> int:
        return await self.deployer.balance(self.weth, account)

    async def cheapen(self, amount: int) -> None:
        """Sell WETH into the V2 pair by hand, so that it is cheaper there than in the V3 pool."""
        data = await self.rpc.call(
            "eth_call", {"to": "0x" + self.v2.pool.hex(), "data": "0x0902f1ac"}, "latest"
        )
        reserves = int(data[2:66], 16), int(data[66:130], 16)
        first = self.weth < self.usdc
        weth, usdc = reserves if first else reserves[::-1]
        out = amount * 997 * usdc // (weth * 1000 + amount * 997)
        await self.send(OWNER, self.weth, TRANSFER + word(self.v2.pool) + word(amount))
        outs = (0, out) if first else (out, 0)
        swap = (
            bytes.fromhex("022c0d9f")
            + word(outs[0])
            + word(outs[1])
            + word(OWNER.address)
            + word(128)
            + word(0)
        )
        receipt = await self.send(OWNER, self.v2.pool, swap)
        assert int(receipt["status"], 16) == 1

    def plan(self, amount: int, guard: int, *, v3_first: bool) -> Plan:
        """Plan the cycle WETH -> USDC -> WETH over both pools in one order."""
        first, second = (self.v3, self.v2) if v3_first else (self.v2, self.v3)
        back = Hop(second.pool, second.version, self.usdc, self.weth, second.fee)
        found = Opportunity(self.weth, (first, back), (amount, 1, amount), 0, 0)
        return Plan(found, guard, 600_000, FEE, 0)


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def shown(data: bytes) -> str:
    return "0x" + data.hex()


@pytest.fixture
async def chain(rpc: Rpc, listing: dict[str, Any]) -> Chain:
    deployer = Deployer(rpc, OWNER, int(listing["chain_id"]), FEE)
    executor = await deployer.deploy()
    await deployer.fund(raw(listing["tokens"]["WETH"]["address"]), executor, 2 * ETHER)
    return Chain(rpc, listing, executor)


async def test_a_profit_is_kept_and_a_loss_is_reverted(chain: Chain, tmp_path: Path) -> None:
    """Over V3 and V2 pools: with a gap the balance grows by the reported profit; against it nothing moves."""
    await chain.cheapen(3 * ETHER)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    executor = Executor(chain.rpc, OWNER, ledger, chain.executor, chain.chain_id)
    before = await chain.weth_of(chain.executor)
    earned = await executor.execute(chain.plan(ETHER // 2, 1, v3_first=True))
    after = await chain.weth_of(chain.executor)
    assert earned.status == "succeeded"
    assert earned.profit == after - before > 0

    lost = await executor.execute(chain.plan(ETHER // 2, 1, v3_first=False))
    assert (lost.status, lost.profit) == ("reverted", 0)
    assert lost.gas_cost > 0
    assert await chain.weth_of(chain.executor) == after
    greedy = await executor.execute(chain.plan(ETHER // 100, ETHER, v3_first=True))
    assert greedy.status == "reverted"  # profitable, but below the guard
    assert await chain.weth_of(chain.executor) == after
    ledger.close()


async def test_only_the_owner_trades_and_withdraws(chain: Chain) -> None:
    """A stranger's calls revert; the owner's withdrawal pays the owner."""
    await chain.cheapen(ETHER)
    plan = chain.plan(ETHER // 10, 0, v3_first=True)
    held = await chain.weth_of(chain.executor)
    for data in (execute_call(plan), withdraw_call(chain.weth, 1)):
        receipt = await chain.send(STRANGER, chain.executor, data)
        assert int(receipt["status"], 16) == 0
    assert await chain.weth_of(chain.executor) == held
    mine = await chain.weth_of(OWNER.address)
    receipt = await chain.send(OWNER, chain.executor, withdraw_call(chain.weth, held))
    assert int(receipt["status"], 16) == 1
    assert await chain.weth_of(OWNER.address) == mine + held
    assert await chain.weth_of(chain.executor) == 0


@pytest.mark.parametrize("signer", [OWNER, STRANGER])
async def test_nobody_can_call_back_from_outside_a_swap(chain: Chain, signer: LocalSigner) -> None:
    """The callback pays only the pool that is being asked at that moment, not even its owner."""
    data = CALLBACK + word(ETHER) + word(0) + word(96) + word(0)
    call = {"from": shown(signer.address), "to": shown(chain.executor), "data": shown(data)}
    with pytest.raises(RpcRefused):
        await chain.rpc.call("eth_call", call, "latest")


async def test_a_cycle_must_be_one(chain: Chain) -> None:
    """One hop, a wrong start, a wrong end and an unknown kind of pool are refused, whatever the guard."""
    cycle = chain.plan(ETHER // 100, 0, v3_first=True)
    out, back = cycle.opportunity.hops
    strange = Hop(out.pool, out.version, out.token_out, out.token_in, out.fee)
    for hops in ((out,), (strange, back), (out, strange), (out, out)):
        found = Opportunity(chain.weth, hops, (ETHER // 100, 1), 0, 0)
        data = execute_call(Plan(found, 0, 1, 1, 1))
        call = {
            "from": "0x" + OWNER.address.hex(),
            "to": "0x" + chain.executor.hex(),
            "data": "0x" + data.hex(),
        }
        with pytest.raises(RpcRefused):
            await chain.rpc.call("eth_call", call, "latest")
