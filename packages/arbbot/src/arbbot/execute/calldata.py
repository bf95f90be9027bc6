"""The executor contract's calls and events, encoded and read by hand (contracts/executor.vy)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sha3

from arbbot.model import Hop, Plan, Swap

EXECUTE = bytes.fromhex(
    "67fcf015"
)  # execute(address,uint256,uint256,(address,uint256,address,address,uint256)[])
WITHDRAW = bytes.fromhex("f3fef3a3")  # withdraw(address,uint256)
OWNER = bytes.fromhex("8da5cb5b")  # owner()
BALANCE_OF = bytes.fromhex("70a08231")  # balanceOf(address)
EXECUTED: str = "0x" + sha3.keccak_256(b"Executed(address,uint256,uint256)").hexdigest()
VERSIONS = {"v2": 2, "v3": 3}


def word(value: int | bytes) -> bytes:
    """Return one 32-byte ABI word of an unsigned integer or an address."""
    return value.rjust(32, b"\0") if isinstance(value, bytes) else value.to_bytes(32, "big")


def hop_words(hop: Hop) -> bytes:
    """Encode one hop as the contract's struct."""
    return (
        word(hop.pool)
        + word(VERSIONS[hop.version])
        + word(hop.token_in)
        + word(hop.token_out)
        + word(hop.fee)
    )


def execute_call(plan: Plan) -> bytes:
    """Encode the call that executes a plan."""
    opportunity = plan.opportunity
    head = word(opportunity.token) + word(opportunity.amounts[0]) + word(plan.min_profit) + word(4 * 32)
    return EXECUTE + head + word(len(opportunity.hops)) + b"".join(map(hop_words, opportunity.hops))


def own_swaps(plan: Plan, protocols: Mapping[bytes, str], executor: bytes) -> tuple[Swap, ...]:
    """Return a plan as the swaps that it asks for, so that our own transaction moves the market, too.

    The last one carries the guard: below it the contract reverts, and nothing happened.
    """
    opportunity = plan.opportunity
    least = [0] * (len(opportunity.hops) - 1) + [opportunity.amounts[0] + plan.min_profit]
    return tuple(
        Swap(
            protocol=protocols[hop.pool],
            version=hop.version,
            kind="exact_in",
            path=(hop.token_in, hop.token_out),
            fees=None if hop.version == "v2" else (hop.fee,),
            amount_in=opportunity.amounts[0] if at == 0 else None,
            amount_out=None,
            amount_in_max=None,
            amount_out_min=least[at],
            recipient=executor,
            router=executor,
        )
        for at, hop in enumerate(opportunity.hops)
    )


def withdraw_call(token: bytes, amount: int) -> bytes:
    """Encode the call that sends tokens to the contract's owner."""
    return WITHDRAW + word(token) + word(amount)


def measured_profit(logs: Sequence[dict[str, Any]], executor: bytes) -> int | None:
    """Return the profit that the executor itself reported in a receipt's logs, None where it did not."""
    for log in logs:
        from_executor = bytes.fromhex(log["address"][2:]) == executor
        if from_executor and log["topics"] and log["topics"][0] == EXECUTED:
            return int(log["data"][66:130], 16)
    return None


def revert_reason(data: Any) -> str:
    """Return the text of an Error(string) revert, or `reverted`."""
    text = data if isinstance(data, str) else ""
    if not text.startswith("0x08c379a0") or len(text) < 138:
        return "reverted"
    length = int(text[74:138], 16)
    return bytes.fromhex(text[138 : 138 + 2 * min(length, 256)]).decode("utf-8", "replace")
