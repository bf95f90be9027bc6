"""How much of a leader's fill is copied, in dollars; pure. All amounts are millionths.

Kelly for a share that pays 1 at price p, believed to be worth p + edge: the fraction edge / (1 - p) of the
portfolio (J. L. Kelly, 1956), of which a fraction is taken, capped.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal

import msgspec

from copybot.model import MICRO, Fill, dollars
from copybot.settings import SettingsError, SizingSettings


class Tier(msgspec.Struct, frozen=True):
    """Fills worth at least `low` and less than `high` (None: no end) are copied at this ratio."""

    low: int
    high: int | None
    ratio: Decimal


class Sizing(msgspec.Struct, frozen=True):
    """The sizing rule with its numbers; amounts in millionths of a dollar."""

    mode: str
    fixed: int
    ratio: Decimal
    percent: Decimal
    tiers: tuple[Tier, ...]
    kelly_fraction: Decimal
    kelly_edge: Decimal
    kelly_cap: Decimal
    least: int
    most: int
    round_up: bool

    def wanted(self, fill: Fill, portfolio: int) -> int:
        """Return the dollars to spend on a leader's purchase; 0 where it is too small to follow."""
        amount = RULES[self.mode](self, fill, portfolio)
        if 0 < amount < self.least and self.round_up:
            amount = self.least
        return 0 if amount < self.least else min(amount, self.most)


def by_fixed(rule: Sizing, fill: Fill, portfolio: int) -> int:
    """Spend the same on each fill."""
    return rule.fixed


def by_ratio(rule: Sizing, fill: Fill, portfolio: int) -> int:
    """Spend a share of what the leader spent."""
    return cut(fill.value * rule.ratio)


def by_portfolio(rule: Sizing, fill: Fill, portfolio: int) -> int:
    """Spend a share of the portfolio."""
    return cut(portfolio * rule.percent)


def by_tier(rule: Sizing, fill: Fill, portfolio: int) -> int:
    """Spend a share that depends on how much the leader spent; nothing outside all tiers."""
    for tier in rule.tiers:
        if tier.low <= fill.value and (tier.high is None or fill.value < tier.high):
            return cut(fill.value * tier.ratio)
    return 0


def by_kelly(rule: Sizing, fill: Fill, portfolio: int) -> int:
    """Spend a fraction of Kelly's bet, capped."""
    room = 1 - dollars(fill.price)
    share = min(rule.kelly_cap, rule.kelly_fraction * min(rule.kelly_edge, room) / room)
    return cut(portfolio * share)


RULES: dict[str, Callable[[Sizing, Fill, int], int]] = {
    "fixed": by_fixed,
    "proportional": by_ratio,
    "percent": by_portfolio,
    "tiered": by_tier,
    "kelly": by_kelly,
}


def cut(amount: Decimal) -> int:
    """Cut an amount to whole millionths."""
    return int(amount.to_integral_value(ROUND_DOWN))


def sold_share(fill: Fill, held: int) -> Decimal:
    """Return which share of their holding a leader sold, 0 to 1; all where it is not known."""
    return Decimal(1) if held <= fill.size else Decimal(fill.size) / Decimal(held)


def read_tiers(text: str) -> tuple[Tier, ...]:
    """Read `0-100:2,100-1000:0.5,1000+:0.1` (dollars and ratio); raise SettingsError."""
    try:
        return tuple(read_tier(part.strip()) for part in text.split(",") if part.strip())
    except (ArithmeticError, ValueError):
        raise SettingsError(f"sizing.tiers is {text!r}; expected for example 0-100:0.5,100+:0.1") from None


def read_tier(text: str) -> Tier:
    """Read one tier; raise ValueError or ArithmeticError."""
    span, ratio = text.split(":")
    low, high = (span[:-1], None) if span.endswith("+") else span.split("-")
    tier = Tier(
        cut(Decimal(low) * MICRO), None if high is None else cut(Decimal(high) * MICRO), Decimal(ratio)
    )
    if tier.ratio < 0 or tier.low < 0 or (tier.high is not None and tier.high <= tier.low):
        raise ValueError(text)
    return tier


def sizing_of(settings: SizingSettings) -> Sizing:
    """Return the rule that the settings ask for; raise SettingsError."""
    return Sizing(
        mode=settings.mode,
        fixed=cut(Decimal(str(settings.fixed)) * MICRO),
        ratio=Decimal(str(settings.ratio)),
        percent=Decimal(str(settings.percent)),
        tiers=read_tiers(settings.tiers),
        kelly_fraction=Decimal(str(settings.kelly_fraction)),
        kelly_edge=Decimal(str(settings.kelly_edge)),
        kelly_cap=Decimal(str(settings.kelly_cap)),
        least=cut(Decimal(str(settings.min_order)) * MICRO),
        most=cut(Decimal(str(settings.max_order)) * MICRO),
        round_up=settings.round_up,
    )
