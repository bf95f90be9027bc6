"""What decides, made of the settings: amounts in millionths."""

from __future__ import annotations

from copybot.model import micro
from copybot.risk import Rules, limits_of
from copybot.scanner import Screen
from copybot.settings import Settings
from copybot.sizing import sizing_of


def rules_of(settings: Settings) -> Rules:
    """Return what decides, in millionths; raise SettingsError."""
    scanner, risk = settings.scanner, settings.risk
    screen = Screen(
        min_liquidity=micro(scanner.min_liquidity),
        max_spread=micro(scanner.max_spread),
        min_seconds_to_end=scanner.min_seconds_to_end,
        min_depth=micro(scanner.min_depth),
        min_price=micro(risk.min_price),
        max_price=micro(risk.max_price),
    )
    resting = settings.execution.order_type == "GTC"
    return Rules(screen, sizing_of(settings.sizing), limits_of(risk), resting)
