"""The values that flow between the bot's rooms.

Addresses are 20 raw bytes, hashes 32, amounts integers in a token's smallest unit (wei for gas).
"""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["exact_in", "exact_out"]
Version = Literal["v2", "v3"]


class Swap(msgspec.Struct, frozen=True, gc=False):
    """One swap that a transaction asks a router for; an intent, since the transaction may revert.

    path runs from the token in to the token out, also where the wire has it reversed.
    fees has one entry per hop (hundredths of a bip) or is None where the path names none.
    An amount that only the chain knows (a contract's balance) is None.
    """

    protocol: str
    version: Version
    kind: Kind
    path: tuple[bytes, ...]
    fees: tuple[int, ...] | None
    amount_in: int | None
    amount_out: int | None
    amount_in_max: int | None
    amount_out_min: int | None
    recipient: bytes | None
    router: bytes
    deadline: int | None = None
    price_limit: int = 0
    may_fail: bool = False


class Hop(msgspec.Struct, frozen=True, gc=False):
    """One pool crossed in one direction."""

    pool: bytes
    version: Version
    token_in: bytes
    token_out: bytes
    fee: int


class Opportunity(msgspec.Struct, frozen=True, gc=False):
    """A cycle that ends with more of its token than it began with.

    amounts has one entry more than hops: what goes into the first pool, then what comes out of each.
    profit is amounts[-1] - amounts[0], before gas. No amount in earns more than profit + slack;
    slack is None where that is not known.
    """

    token: bytes
    hops: tuple[Hop, ...]
    amounts: tuple[int, ...]
    profit: int
    sequence: int
    slack: int | None = None


class Plan(msgspec.Struct, frozen=True, gc=False):
    """An opportunity that may be executed: one atomic transaction.

    min_profit is the on-chain guard (token units); gas prices are wei per gas. tiers are the five
    profits of validate.tiers (token units), tier how many of them are positive.
    """

    opportunity: Opportunity
    min_profit: int
    gas_limit: int
    max_fee: int
    expected_gas_cost: int
    tier: int = 0
    tiers: tuple[int, ...] = ()


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """An opportunity that is not taken, and why. reason is one of a fixed set of words."""

    opportunity: Opportunity
    reason: str
    detail: str


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What became of a plan. profit is measured on chain (token units); gas_cost is wei."""

    plan: Plan
    tx_hash: bytes
    status: Literal["succeeded", "reverted", "unknown", "rejected"]
    profit: int
    gas_cost: int
    reason: str | None
