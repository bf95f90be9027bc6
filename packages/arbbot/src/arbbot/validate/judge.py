"""The judgement: sanity first, then the market, then the money; the first objection refuses."""

from __future__ import annotations

from arbbot.model import Opportunity, Plan, Refusal
from arbbot.pools import Market, PoolError
from arbbot.validate.costs import Costs, costs, tiers, worth_of_ether
from arbbot.validate.impact import BPS, impact_bps
from arbbot.validate.limits import ETHER, Gas, Limits

REASONS = (
    "malformed",  # hops that do not join, amounts that do not fit, a pool that is not in the market
    "stale",  # found too many messages ago
    "unconfirmed",  # the chain's word is too many blocks behind the feed
    "gas_price",  # no sane price, or an old one
    "unpriced",  # no pool tells what the base token is worth in gas
    "position",  # more goes in than allowed
    "changed",  # the pools pay something else by now
    "impact",  # a pool's price moves too far
    "unprofitable",  # the demanded tier leaves nothing
    "below_minimum",  # it leaves too little
)
"""Every word that a refusal's reason can be."""

Objection = tuple[str, str]


def validate(opportunity: Opportunity, market: Market, limits: Limits, gas: Gas) -> Plan | Refusal:
    """Judge an opportunity against the market as it is now; give a plan or a refusal with its reason."""
    objection = _shape(opportunity, market) or _age(opportunity, market, limits) or _gas(market, limits, gas)
    if objection:
        return Refusal(opportunity, *objection)
    ether = worth_of_ether(opportunity.token, market, limits.native)
    if ether is None:
        return Refusal(
            opportunity, "unpriced", f"no pool of 0x{opportunity.token.hex()} with the native token"
        )
    cost = costs(opportunity, limits, gas, ether)
    nets = tiers(opportunity, cost, limits)
    objection = (
        _position(opportunity, limits, ether)
        or _trades(opportunity, market, limits)
        or _profit(opportunity, limits, nets[limits.tier - 1], ether)
    )
    return Refusal(opportunity, *objection) if objection else _plan(opportunity, limits, gas, cost, nets)


def _shape(opportunity: Opportunity, market: Market) -> Objection | None:
    hops, amounts = opportunity.hops, opportunity.amounts
    if len(hops) < 2 or len(amounts) != len(hops) + 1 or min(amounts) <= 0:
        return "malformed", f"{len(hops)} hops, amounts {amounts}"
    tokens = [opportunity.token, *(hop.token_out for hop in hops)]
    if [hop.token_in for hop in hops] != tokens[:-1] or tokens[-1] != opportunity.token:
        return "malformed", "the hops do not join to a cycle"
    pools = {hop.pool for hop in hops}
    if len(pools) != len(hops):
        return "malformed", "a pool is used twice"
    if not pools <= market.pools.keys():
        return "malformed", "a pool is not in the market"
    if opportunity.profit != amounts[-1] - amounts[0]:
        return "malformed", "the profit is not what the amounts say"
    return None


def _age(opportunity: Opportunity, market: Market, limits: Limits) -> Objection | None:
    age = market.sequence - opportunity.sequence
    if age > limits.max_age:
        return "stale", f"{age} messages old, at most {limits.max_age}"
    lag = market.sequence + market.offset - market.block
    if lag > limits.max_lag:
        return "unconfirmed", f"{lag} blocks unconfirmed, at most {limits.max_lag}"
    return None


def _gas(market: Market, limits: Limits, gas: Gas) -> Objection | None:
    if not limits.min_gas_price <= gas.price <= limits.max_gas_price or gas.l1_fee < 0:
        return "gas_price", f"{gas.price} wei, sane is {limits.min_gas_price} to {limits.max_gas_price}"
    if gas.sequence is not None and market.sequence - gas.sequence > limits.max_gas_age:
        return "gas_price", f"seen {market.sequence - gas.sequence} messages ago"
    return None


def _position(opportunity: Opportunity, limits: Limits, ether: int) -> Objection | None:
    position = opportunity.amounts[0] * ETHER // ether
    if position > limits.max_position:
        return "position", f"{position} wei in, at most {limits.max_position}"
    return None


def _trades(opportunity: Opportunity, market: Market, limits: Limits) -> Objection | None:
    """Trade every hop again on the curves of now, and look at each pool's impact."""
    amounts = opportunity.amounts
    for at, hop in enumerate(opportunity.hops):
        pool, curve = market.pools[hop.pool], market.curve(hop.pool)
        if {hop.token_in, hop.token_out} != {pool.token0, pool.token1}:
            return "malformed", f"pool 0x{hop.pool.hex()} holds other tokens"
        zero_for_one = hop.token_in == pool.token0
        try:
            paid = curve.quote(zero_for_one, amounts[at])
        except PoolError as error:
            return "changed", f"hop {at} no longer trades: {error}"
        if paid != amounts[at + 1]:
            return "changed", f"hop {at} pays {paid}, not {amounts[at + 1]}"
        impact = impact_bps(curve, zero_for_one, amounts[at], paid)
        if impact > limits.max_impact_bps:
            return "impact", f"hop {at} moves {impact} bps, at most {limits.max_impact_bps}"
    return None


def _profit(opportunity: Opportunity, limits: Limits, net: int, ether: int) -> Objection | None:
    if net <= 0:
        return "unprofitable", f"tier {limits.tier} leaves {net}"
    least = max(
        -(-limits.min_profit * ether // ETHER), -(-opportunity.amounts[0] * limits.min_margin_bps // BPS)
    )
    if net < least:
        return "below_minimum", f"tier {limits.tier} leaves {net}, at least {least}"
    return None


def _plan(opportunity: Opportunity, limits: Limits, gas: Gas, cost: Costs, nets: tuple[int, ...]) -> Plan:
    """Write the plan; the on-chain guard lets nothing through that would not pay for its own gas."""
    return Plan(
        opportunity=opportunity,
        min_profit=max(cost.flash + cost.gas_in_token, 1),
        gas_limit=cost.gas * limits.gas_percent // 100,
        max_fee=gas.price * limits.fee_percent // 100,
        expected_gas_cost=cost.wei,
        tier=sum(net > 0 for net in nets),
        tiers=nets,
    )
