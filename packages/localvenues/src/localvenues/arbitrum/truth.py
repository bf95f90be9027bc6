"""What the chain holds for an address: for judging a bot by its money, not by its words."""

from __future__ import annotations

from typing import Any

from localvenues.arbitrum.abi import call, text
from localvenues.arbitrum.deploy import Deployment
from localvenues.arbitrum.rpc import Rpc


async def balances(rpc: Rpc, on: Deployment, address: bytes) -> dict[str, Any]:
    """Return an address's ether, token balances (smallest units, as text) and nonce at the newest block."""
    place = "0x" + address.hex()
    data = "0x" + call("balanceOf(address)", address).hex()
    tokens = list(on.tokens.values())
    reads = [("eth_call", ({"to": "0x" + token.address.hex(), "data": data}, "latest")) for token in tokens]
    heads = [("eth_getBalance", (place, "latest")), ("eth_getTransactionCount", (place, "latest"))]
    ether, nonce, *held = await rpc.batch([*heads, *reads])
    return {
        "address": text(address),
        "eth": str(int(ether, 16)),
        "nonce": int(nonce, 16),
        "tokens": {token.symbol: str(int(one, 16)) for token, one in zip(tokens, held, strict=True)},
    }
