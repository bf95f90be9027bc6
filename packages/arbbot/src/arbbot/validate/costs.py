"""What an opportunity costs and what it leaves, tier by tier."""

from __future__ import annotations

from typing import NamedTuple

from arbbot.model import Opportunity
from arbbot.pools import Market, PoolError
from arbbot.validate.limits import ETHER, Gas, Limits

BPS = 10_000


class Costs(NamedTuple):
    """What executing costs: gas in units and wei; gas and the loan's fee in the base token's units."""

    gas: int
    wei: int
    gas_in_token: int
    flash: int


def worth_of_ether(token: bytes, market: Market, native: bytes) -> int | None:
    """Give what one whole native token buys of a token, by the best pool between them.

    The best price makes gas look dearest, which errs to the safe side. None where no pool tells.
    """
    if token == native:
        return ETHER
    prices = []
    for pool, zero_for_one in market.between(native, token):
        try:
            prices.append(market.curve(pool.address).quote(zero_for_one, ETHER))
        except PoolError:
            continue
    return max(prices, default=0) or None


def gas_needed(opportunity: Opportunity, limits: Limits) -> int:
    """Estimate the gas of the one transaction that runs all hops."""
    each = {"v2": limits.gas_v2, "v3": limits.gas_v3}
    return limits.gas_base + sum(each[hop.version] for hop in opportunity.hops)


def costs(opportunity: Opportunity, limits: Limits, gas: Gas, ether: int) -> Costs:
    """Add up the costs; ether is what one native token buys of the base token."""
    units = gas_needed(opportunity, limits)
    wei = units * gas.price + gas.l1_fee
    flash = -(-opportunity.amounts[0] * limits.flash_bps // BPS)
    return Costs(units, wei, -(-wei * ether // ETHER), flash)


def tiers(opportunity: Opportunity, cost: Costs, limits: Limits) -> tuple[int, int, int, int, int]:
    """Give the five profits, each less than the one before (base token's units).

    1 gross; 2 after the loan's fee; 3 after gas; 4 after gas with the safety factor; 5 after the gas
    that reverts are expected to lose.
    """
    gross = opportunity.profit
    borrowed = gross - cost.flash
    paid = borrowed - cost.gas_in_token
    safe = borrowed - -(-cost.gas_in_token * limits.cost_percent // 100)
    expected = safe - -(-cost.gas_in_token * limits.revert_bps // BPS)
    return gross, borrowed, paid, safe, expected
