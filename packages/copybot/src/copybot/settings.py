"""The bot's configuration: one frozen tree, read once at the door.

Keys never stand in the file: they come from the environment or from a file that it names. Money is dollars
with decimals, as numbers or texts; the tree holds millionths.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from copybot.model import AmountError, micro


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
BOUNDS: dict[str, tuple[float, float]] = {
    "venue.chain_id": (1, 2**63),
    "venue.timeout_seconds": (0.05, 600),
    "venue.budget_share": (0.01, 1),
    "wallets.scan_seconds": (0.1, 3600),
    "wallets.overlap_seconds": (30, 86_400),
    "wallets.max_age_seconds": (1, 86_400),
    "wallets.silence_seconds": (1, 3600),
    "wallets.keep_days": (1, 3650),
    "scanner.book_seconds": (0.1, 3600),
    "scanner.market_seconds": (1, 86_400),
    "scanner.most_markets": (10, 100_000),
    "scanner.most_books": (1, 500),
    "scanner.min_seconds_to_end": (0, 10**8),
    "risk.api_failures": (1, 10_000),
    "risk.api_success_rate": (0, 1),
    "risk.pause_seconds": (1, 86_400),
    "risk.stale_seconds": (1, 3600),
    "execution.resting_seconds": (1, 86_400),
    "execution.query_seconds": (0.05, 60),
    "execution.uncertain_seconds": (1, 3600),
    "execution.settle_seconds": (0.1, 60),
    "execution.reconcile_seconds": (1, 3600),
    "alerts.repeat_seconds": (0, 86_400),
    "metrics.port": (0, 65535),
}
MONEY: dict[str, tuple[float, float]] = {
    "scanner.min_liquidity": (0, 10**9),
    "scanner.max_spread": (0, 1),
    "scanner.min_depth": (0, 10**9),
    "sizing.fixed": (0.01, 10**7),
    "sizing.ratio": (0.0001, 100),
    "sizing.percent": (0.0001, 1),
    "sizing.kelly_fraction": (0, 1),
    "sizing.kelly_edge": (0, 1),
    "sizing.kelly_cap": (0, 1),
    "sizing.min_order": (0, 10**7),
    "sizing.max_order": (0.01, 10**7),
    "risk.slippage": (0, 1),
    "risk.min_price": (0, 1),
    "risk.max_price": (0, 1),
    "risk.per_market": (0, 10**9),
    "risk.per_leader": (0, 10**9),
    "risk.total": (0, 10**9),
    "risk.daily_loss_warning": (0, 1),
    "risk.daily_loss_critical": (0, 1),
    "risk.stop_loss": (0, 1),
    "risk.take_profit": (0, 100),
}
URLS = {
    "venue.clob": ("http://", "https://"),
    "venue.data_api": ("http://", "https://"),
    "venue.gamma": ("http://", "https://"),
    "venue.clob_ws": ("ws://", "wss://"),
    "venue.rtds": ("ws://", "wss://"),
    "alerts.telegram_url": ("http://", "https://"),
}
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
KEY_LIKE = re.compile(r"(0x)?[0-9a-fA-F]{64}")


def load_settings(path: Path) -> Settings:
    """Read and check a configuration file; raise SettingsError with the key at fault."""
    try:
        tree = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path}: {error}") from None
    return read_settings(tree if tree is not None else {}, str(path))


def read_settings(tree: Any, name: str = "configuration") -> Settings:
    """Turn parsed YAML into Settings; raise SettingsError with the key at fault."""
    if not isinstance(tree, dict):
        raise SettingsError(f"{name}: expected a mapping of settings, got {type(tree).__name__}")
    refuse_keys(tree, name)
    refuse_unknown(tree, Settings, name, "")
    for section, kind in SECTIONS.items():
        if isinstance(tree.get(section), dict):
            refuse_unknown(tree[section], kind, name, f"{section}.")
    try:
        settings = msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: {error}") from None
    refuse_bad_values(settings, name)
    return settings


def refuse_keys(tree: Any, name: str, path: str = "") -> None:
    """Refuse anything that looks like a private key, wherever it stands, without repeating it."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            refuse_keys(value, name, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            refuse_keys(value, name, f"{path}[{index}]")
    elif (isinstance(tree, str) and KEY_LIKE.fullmatch(tree.strip())) or looks_like_number_key(tree):
        raise SettingsError(
            f"{name}: {path} looks like a private key; keys never stand in the configuration: "
            "set COPYBOT_KEY_FILE to the path of a file that holds it"
        )


def looks_like_number_key(value: Any) -> bool:
    """Tell whether YAML has read an unquoted 0x... key (or address) as a number."""
    return isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200


def refuse_unknown(tree: Mapping[Any, Any], kind: type[msgspec.Struct], name: str, prefix: str) -> None:
    """Refuse a key that the tree does not have, and name the nearest right one."""
    known = [field.name for field in msgspec.structs.fields(kind)]
    for key in tree:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.4)
            hint = f"; did you mean {prefix}{near[0]}?" if near else f"; there are: {', '.join(known)}"
            raise SettingsError(f"{name}: unknown key {prefix}{key}{hint}")


def setting(settings: Settings, path: str) -> Any:
    """Return the value at `section.key`."""
    section, key = path.split(".")
    return getattr(getattr(settings, section), key)


def refuse_bad_values(settings: Settings, name: str) -> None:
    """Refuse values that have the right type and no sense."""
    for path, (low, high) in BOUNDS.items():
        value = setting(settings, path)
        if not low <= value <= high:
            raise SettingsError(f"{name}: {path} is {value}; it must lie between {low} and {high}")
    for path, (low, high) in MONEY.items():
        refuse_bad_money(setting(settings, path), low, high, f"{name}: {path}")
    for path, schemes in URLS.items():
        if not setting(settings, path).startswith(schemes):
            raise SettingsError(f"{name}: {path} must begin with {' or '.join(schemes)}")
    for at, leader in enumerate(settings.wallets.leaders):
        if not ADDRESS.fullmatch(leader):
            raise SettingsError(f"{name}: wallets.leaders[{at}] is no address (0x and 40 digits): {leader!r}")
    refuse_bad_orders(settings, name)


def refuse_bad_money(value: Any, low: float, high: float, where: str) -> None:
    """Refuse a text that is no amount, and an amount outside its bounds."""
    try:
        amount = micro(value)
    except AmountError:
        raise SettingsError(f"{where} is no amount: {value!r}") from None
    if not micro(low) <= amount <= micro(high):
        raise SettingsError(f"{where} is {value}; it must lie between {low} and {high}")


def refuse_bad_orders(settings: Settings, name: str) -> None:
    """Refuse pairs of values that contradict each other."""
    risk, sizing = settings.risk, settings.sizing
    for low, high, words in (
        (risk.daily_loss_warning, risk.daily_loss_critical, "risk.daily_loss_warning, daily_loss_critical"),
        (risk.min_price, risk.max_price, "risk.min_price, max_price"),
        (sizing.min_order, sizing.max_order, "sizing.min_order, max_order"),
    ):
        if micro(low) > micro(high):
            raise SettingsError(f"{name}: {words}: {low} is more than {high}")


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
