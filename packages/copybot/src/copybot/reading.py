"""Reading a configuration file: every error names the key and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from copybot.model import AmountError, micro
from copybot.settings import KEY_LIKE, SECTIONS, Settings, SettingsError

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


def load_settings(path: Path) -> Settings:
    """Read and check a configuration file; raise SettingsError with the key at fault."""
    try:
        tree = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: {told(error)}") from None
    except RecursionError:
        raise SettingsError(f"{path}: it nests too deep") from None
    except (UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path}: {error}") from None
    try:
        return read_settings(tree if tree is not None else {}, str(path))
    except RecursionError:
        raise SettingsError(f"{path}: the settings hold themselves, or are nested too deep") from None


def told(error: yaml.YAMLError) -> str:
    """Say what is wrong and where, without the line itself: a key may stand in it."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "no YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem


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
            refuse_keys(key, name, f"the name of a setting{path and ' in ' + path}")
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
