"""The bot's configuration: one frozen tree, read once at the door.

Keys never stand in the file: they come from the environment or from a file that it names. Money is dollars
with decimals, as numbers or texts; the tree holds millionths.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec


class SettingsError(ValueError):
    """The configuration cannot be used; the text names the key and what to do."""


class VenueSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the venue is. file names a local venue's venue.json; what it says stands in for the defaults."""

    file: str | None = None
    clob: str = "https://clob.polymarket.com"
    clob_ws: str = "wss://ws-subscriptions-clob.polymarket.com/ws"
    data_api: str = "https://data-api.polymarket.com"
    gamma: str = "https://gamma-api.polymarket.com"
    rtds: str = "wss://ws-live-data.polymarket.com"
    relayer: str | None = None
    chain_id: int = 137
    timeout_seconds: float = 5.0
    budget_share: float = 0.8


class WalletSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to follow, and how closely."""

    leaders: tuple[str, ...] = ()
    scan_seconds: float = 3.0
    overlap_seconds: int = 300
    max_age_seconds: float = 60.0
    silence_seconds: float = 20.0
    keep_days: float = 30.0


class ScannerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which markets are good enough to follow into. Money in dollars, prices 0 to 1."""

    min_liquidity: str | int | float = 0
    max_spread: str | int | float = "0.10"
    min_seconds_to_end: float = 60.0
    min_depth: str | int | float = 0
    book_seconds: float = 10.0
    market_seconds: float = 30.0
    silence_seconds: float = 120.0
    most_markets: int = 2000
    most_books: int = 200


class SizingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a leader's fill is copied."""

    mode: Literal["fixed", "proportional", "percent", "tiered", "kelly"] = "proportional"
    fixed: str | int | float = 10
    ratio: str | int | float = "0.10"
    percent: str | int | float = "0.01"
    tiers: str = "0-100:0.2,100-1000:0.1,1000+:0.05"
    kelly_fraction: str | int | float = "0.25"
    kelly_edge: str | int | float = "0.03"
    kelly_cap: str | int | float = "0.02"
    min_order: str | int | float = 1
    max_order: str | int | float = 100
    round_up: bool = True


class RiskSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may never be exceeded. Shares of one are fractions: 0.12 is 12 %."""

    slippage: str | int | float = "0.02"
    min_price: str | int | float = "0.02"
    max_price: str | int | float = "0.98"
    per_market: str | int | float = 200
    per_leader: str | int | float = 500
    total: str | int | float = 1000
    daily_loss_warning: str | int | float = "0.12"
    daily_loss_critical: str | int | float = "0.15"
    stop_loss: str | int | float = 0
    take_profit: str | int | float = 0
    reduce_only: bool = False
    api_failures: int = 5
    api_success_rate: float = 0.8
    pause_seconds: float = 60.0
    stale_seconds: float = 30.0


class ExecutionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How orders are sent. paper sends them to a local venue; live needs COPYBOT_LIVE=true as well."""

    mode: Literal["paper", "live"] = "paper"
    order_type: Literal["FAK", "FOK", "GTC"] = "FAK"
    resting_seconds: float = 60.0
    query_seconds: float = 1.0
    uncertain_seconds: float = 120.0
    settle_seconds: float = 2.0
    reconcile_seconds: float = 30.0
    on_stop: Literal["cancel", "keep"] = "cancel"
    redeem: bool = True


class AlertSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the bot's own alerts go. The token comes from COPYBOT_TELEGRAM_TOKEN or its _FILE."""

    environment: Literal["staging", "production"] = "staging"
    telegram_url: str = "https://api.telegram.org"
    staging_chat: str = ""
    production_chat: str = ""
    trade_template: str | None = None
    error_template: str | None = None
    breaker_template: str | None = None
    repeat_seconds: float = 30.0


class MemorySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much memory each part may hold, in megabytes."""

    wallets: float = 500
    scanner: float = 300
    executor: float = 200
    system: float = 2000


class MetricsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the agent answers; METRICS_PORT in the environment wins."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 9091


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the bot logs: json or text, on standard error."""

    format: Literal["json", "text"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole tree of copybot.yaml. state is a folder, relative to the file."""

    state: str = "copybot-state"
    venue: VenueSettings = VenueSettings()
    wallets: WalletSettings = WalletSettings()
    scanner: ScannerSettings = ScannerSettings()
    sizing: SizingSettings = SizingSettings()
    risk: RiskSettings = RiskSettings()
    execution: ExecutionSettings = ExecutionSettings()
    alerts: AlertSettings = AlertSettings()
    memory: MemorySettings = MemorySettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()


SECTIONS: dict[str, type[msgspec.Struct]] = {
    field.name: field.type for field in msgspec.structs.fields(Settings) if field.name != "state"
}
KEY_LIKE = re.compile(r"(0x)?[0-9a-fA-F]{64}")


def live_enabled(settings: Settings, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether live trading is switched on twice: in the configuration and in the environment."""
    return settings.execution.mode == "live" and environment.get("COPYBOT_LIVE", "").lower() == "true"


def read_secret(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return a secret from NAME_FILE or NAME; "" where there is none; errors never repeat it."""
    file = environment.get(f"{name}_FILE")
    if file:
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise SettingsError(f"{name}_FILE: {error.strerror}: {file}") from None
    return environment.get(name, "").strip()


def read_key(environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the 32-byte signing key from COPYBOT_KEY_FILE or COPYBOT_KEY; errors never repeat it."""
    text = read_secret("COPYBOT_KEY", environment)
    if not text:
        raise SettingsError("no signing key: set COPYBOT_KEY_FILE (or COPYBOT_KEY)")
    if not KEY_LIKE.fullmatch(text):
        raise SettingsError("the signing key is not 64 hexadecimal digits (its text is not shown)")
    return bytes.fromhex(text.removeprefix("0x"))
