"""Compile, deploy and fund the executor contract; needs the extra `arbbot[deploy]`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

from arbbot.execute.calldata import BALANCE_OF, word
from arbbot.execute.signing import Call, Signer, keccak
from arbbot.rpc import Rpc

TRANSFER = bytes.fromhex("a9059cbb")  # transfer(address,uint256)


class DeployError(Exception):
    """The contract could not be deployed or funded."""


def bytecode() -> bytes:
    """Return the contract's creation code, compiled from its source (deterministic for one compiler)."""
    from vyper import compile_code  # only deployment needs the compiler: it costs 60 MB

    source = (files("arbbot") / "contracts" / "executor.vy").read_text()
    return bytes.fromhex(compile_code(source, output_formats=["bytecode"])["bytecode"][2:])


class Deployer:
    """Send deployment transactions and wait for each. Prices are wei per gas, amounts token units."""

    def __init__(
        self,
        rpc: Rpc,
        signer: Signer,
        chain_id: int,
        max_fee: int,
        *,
        tries: int = 100,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rpc, self._signer, self._chain_id, self._max_fee = rpc, signer, chain_id, max_fee
        self._tries, self._sleep = tries, sleep

    async def deploy(self) -> bytes:
        """Deploy the contract and return its address."""
        receipt = await self._transact(None, bytecode(), gas=2_500_000)
        return bytes.fromhex(receipt["contractAddress"][2:])

    async def fund(self, token: bytes, executor: bytes, amount: int) -> None:
        """Send tokens to the contract: what it may trade with."""
        await self._transact(token, TRANSFER + word(executor) + word(amount), gas=150_000)

    async def balance(self, token: bytes, account: bytes) -> int:
        """Return a token balance."""
        call = {"to": "0x" + token.hex(), "data": "0x" + (BALANCE_OF + word(account)).hex()}
        return int(await self._rpc.call("eth_call", call, "latest"), 16)

    async def _transact(self, to: bytes | None, data: bytes, gas: int) -> dict[str, Any]:
        sender = "0x" + self._signer.address.hex()
        nonce = int(await self._rpc.call("eth_getTransactionCount", sender, "pending"), 16)
        raw = self._signer.sign(Call(self._chain_id, nonce, self._max_fee, gas, to, data))
        await self._rpc.once("eth_sendRawTransaction", "0x" + raw.hex())
        return await self._receipt("0x" + keccak(raw).hex())

    async def _receipt(self, tx_hash: str) -> dict[str, Any]:
        for _ in range(self._tries):
            receipt: dict[str, Any] | None = await self._rpc.call("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                if int(receipt["status"], 16) != 1:
                    raise DeployError(f"transaction {tx_hash} was reverted")
                return receipt
            await self._sleep(0.1)
        raise DeployError(f"transaction {tx_hash} was not mined in time")
