"""What an opportunity has to stay within, in three profiles, and the price of gas it is judged by."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

GWEI = 10**9
ETHER = 10**18

Profile = Literal["conservative", "default", "aggressive"]

_PROFILES: dict[str, dict[str, int]] = {
    "conservative": {
        "max_impact_bps": 50,
        "min_profit": ETHER // 200,
        "min_margin_bps": 10,
        "max_position": 10 * ETHER,
        "max_age": 1,
        "max_lag": 40,
        "max_gas_price": GWEI,
        "cost_percent": 150,
        "revert_bps": 3000,
        "tier": 5,
    },
    "default": {},
    "aggressive": {
        "max_impact_bps": 300,
        "min_profit": ETHER // 10_000,
        "min_margin_bps": 0,
        "max_position": 500 * ETHER,
        "max_age": 8,
        "max_lag": 480,
        "max_gas_price": 100 * GWEI,
        "cost_percent": 110,
        "revert_bps": 1000,
        "tier": 3,
    },
}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one profile; the values written here are those of `default`.

    native          the wrapped native token, in which gas, profit and position are bounded (wei)
    max_impact_bps  how far one pool's paid price may lie below its price before the trade, fee aside
    min_profit      what the demanded tier must leave at least (wei)
    min_margin_bps  the same as a part of what goes in
    max_position    what may go in at most (wei)
    max_age         how many sequence numbers an opportunity may lie behind the market
    max_lag         how many blocks the confirmed state may lie behind the feed
    max_gas_age     how many sequence numbers a gas price may lie behind the market
    min_gas_price, max_gas_price   sanity bounds (wei per gas)
    gas_base, gas_v2, gas_v3       gas of the transaction and of each pool crossed
    gas_percent     the gas limit as a part of that estimate
    fee_percent     the greatest fee per gas as a part of the gas price
    flash_bps       the fee of borrowing what goes in; 0 with own funds
    cost_percent    the safety factor on the cost of gas
    revert_bps      the chance that the transaction reverts and its gas is lost
    tier            which of the five profits is demanded
    """

    native: bytes
    max_impact_bps: int = 100
    min_profit: int = ETHER // 1000
    min_margin_bps: int = 3
    max_position: int = 50 * ETHER
    max_age: int = 2
    max_lag: int = 120
    max_gas_age: int = 240
    min_gas_price: int = GWEI // 1000
    max_gas_price: int = 10 * GWEI
    gas_base: int = 60_000
    gas_v2: int = 60_000
    gas_v3: int = 90_000
    gas_percent: int = 150
    fee_percent: int = 200
    flash_bps: int = 0
    cost_percent: int = 125
    revert_bps: int = 2000
    tier: int = 5

    @staticmethod
    def of(profile: Profile, native: bytes, **changes: int) -> Limits:
        """Give a profile's limits with some of them changed. Raises KeyError for an unknown profile."""
        values: dict[str, Any] = {**_PROFILES[profile], **changes}
        return Limits(native=native, **values)


class Gas(msgspec.Struct, frozen=True, gc=False):
    """What gas costs now: wei per gas, the fee for posting to L1 (wei per transaction), and when seen.

    sequence is the market's sequence number at that time; None where the age is not to be judged.
    """

    price: int
    l1_fee: int = 0
    sequence: int | None = None
