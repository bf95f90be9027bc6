"""The bot's configuration: one frozen tree, read once at the door.

Keys never stand in the file: they come from the environment or from a file that it names.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
import yaml

from arbbot.dex.address import AddressError, parse_address


class SettingsError(ValueError):
    """The configuration cannot be used; the text names the key and what to do."""


class FeedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the sequencer feed is and when it counts as lost.

    silence_seconds: without a frame for so long the socket is dropped and opened again.
    signers: addresses one of which must have signed a message; empty accepts unsigned feeds.
    """

    url: str
    silence_seconds: float = 5.0
    backoff_seconds: float = 1.0
    backoff_limit_seconds: float = 16.0
    signers: tuple[str, ...] = ()
    grade: str = "moderate"


class RpcSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The chain node: used to load and reconcile pools and to execute, never between frame and decision."""

    url: str
    timeout_seconds: float = 2.0
    retries: int = 3
    reconcile_seconds: float = 0.5
    stale_seconds: float = 5.0


class MarketSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which pools to watch: those of these tokens that the book's factories have, and any named here."""

    tokens: tuple[str, ...] = ()
    base: str = "WETH"
    max_hops: int = 3


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits on what may be executed: a profile, and what is to differ from it.

    Amounts are wei of the native token, as numbers or decimal strings; None leaves the profile's own.
    """

    profile: Literal["conservative", "default", "aggressive"] = "default"
    max_position: int | None = None
    min_profit: int | None = None
    max_gas_price: int | None = None
    max_impact_bps: int | None = None
    cost_percent: int | None = None

    def changes(self) -> dict[str, int]:
        """Return what differs from the profile."""
        given = {name: getattr(self, name) for name in self.__struct_fields__ if name != "profile"}
        return {name: value for name, value in given.items() if value is not None}


class ExecutionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Execution is off unless enabled here and by EXECUTION_ENABLED=true in the environment."""

    enabled: bool = False
    executor: str | None = None
    receipt_seconds: float = 10.0


class MetricsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the agent answers; METRICS_PORT in the environment wins."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 9090


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the bot logs: json or text, on standard error."""

    format: str = "json"
    level: str = "info"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole tree of arbbot.yaml. dex and state are paths, relative to the file."""

    chain_id: int
    dex: str
    feed: FeedSettings
    rpc: RpcSettings
    state: str = "arbbot-state"
    genesis_block_offset: int = 0
    market: MarketSettings = MarketSettings()
    limits: LimitSettings = LimitSettings()
    execution: ExecutionSettings = ExecutionSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()


CHOICES = {
    "feed.grade": ("strict", "moderate", "permissive"),
    "limits.profile": ("conservative", "default", "aggressive"),
    "log.format": ("json", "text"),
    "log.level": ("debug", "info", "warning", "error"),
}
LIMIT_BOUNDS = {
    "max_position": (1, 2**112 - 1),
    "min_profit": (0, 2**112 - 1),
    "max_gas_price": (1, 10**15),
    "max_impact_bps": (1, 10_000),
    "cost_percent": (100, 1000),
}
SECTIONS: dict[str, type[msgspec.Struct]] = {
    "feed": FeedSettings,
    "rpc": RpcSettings,
    "market": MarketSettings,
    "limits": LimitSettings,
    "execution": ExecutionSettings,
    "metrics": MetricsSettings,
    "log": LogSettings,
}
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # secp256k1
KEY_LIKE = re.compile(r"(0x)?[0-9a-fA-F]{64}")


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
    return read_settings(tree, str(path))


def told(error: yaml.YAMLError) -> str:
    """Say what is wrong and where, without the line itself: a key may stand in it."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "no YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem


def read_settings(tree: Any, name: str = "configuration") -> Settings:
    """Turn parsed YAML into Settings; raise SettingsError with the key at fault."""
    if not isinstance(tree, dict):
        raise SettingsError(f"{name}: expected a mapping of settings, got {type(tree).__name__}")
    try:
        refuse_keys(tree, name)
    except RecursionError:
        raise SettingsError(f"{name}: it nests too deep, or an alias contains itself") from None
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
            "set ARBBOT_KEY_FILE to the path of a file that holds it"
        )


def looks_like_number_key(value: Any) -> bool:
    """Tell whether YAML has read an unquoted 0x... key as a number."""
    return isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200


def refuse_unknown(tree: Mapping[Any, Any], kind: type[msgspec.Struct], name: str, prefix: str) -> None:
    """Refuse a key that the tree does not have, and name the nearest right one."""
    known = [field.name for field in msgspec.structs.fields(kind)]
    for key in tree:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.4)
            hint = f"; did you mean {prefix}{near[0]}?" if near else f"; there are: {', '.join(known)}"
            raise SettingsError(f"{name}: unknown key {prefix}{key}{hint}")


def refuse_bad_values(settings: Settings, name: str) -> None:
    """Refuse values that have the right type and no sense."""
    for path, choices in CHOICES.items():
        section, key = path.split(".")
        value = getattr(getattr(settings, section), key)
        if value not in choices:
            raise SettingsError(f"{name}: {path} is {value!r}; choose one of: {', '.join(choices)}")
    addresses = {"execution.executor": settings.execution.executor}
    addresses |= {f"feed.signers[{at}]": signer for at, signer in enumerate(settings.feed.signers)}
    for path, address in addresses.items():
        try:
            if address is not None:
                parse_address(address)
        except AddressError as fault:
            raise SettingsError(f"{name}: {path}: {fault}") from None
    refuse_bad_numbers(settings, name)


def refuse_bad_numbers(settings: Settings, name: str) -> None:
    """Refuse numbers outside their bounds and URLs of another kind."""
    bounds: dict[str, tuple[float, float, float]] = {
        "chain_id": (settings.chain_id, 1, 2**63),
        "feed.silence_seconds": (settings.feed.silence_seconds, 0.1, 3600),
        "feed.backoff_seconds": (settings.feed.backoff_seconds, 0.01, 3600),
        "feed.backoff_limit_seconds": (
            settings.feed.backoff_limit_seconds,
            settings.feed.backoff_seconds,
            3600,
        ),
        "rpc.timeout_seconds": (settings.rpc.timeout_seconds, 0.05, 600),
        "rpc.retries": (settings.rpc.retries, 0, 100),
        "rpc.reconcile_seconds": (settings.rpc.reconcile_seconds, 0.05, 3600),
        "market.max_hops": (settings.market.max_hops, 2, 3),
        "metrics.port": (settings.metrics.port, 0, 65535),
    }
    amounts = settings.limits.changes()
    bounds |= {f"limits.{key}": (value, *LIMIT_BOUNDS[key]) for key, value in amounts.items()}
    for path, (value, low, high) in bounds.items():
        if not low <= value <= high:
            raise SettingsError(f"{name}: {path} is {value}; it must lie between {low} and {high}")
    for path, url, schemes in (
        ("feed.url", settings.feed.url, ("ws://", "wss://")),
        ("rpc.url", settings.rpc.url, ("http://", "https://")),
    ):
        if not url.startswith(schemes):
            raise SettingsError(f"{name}: {path} is {url!r}; it must begin with {' or '.join(schemes)}")
        if not names_host(url):
            raise SettingsError(f"{name}: {path} names no host, or a port that there is not")


def names_host(url: str) -> bool:
    """Tell whether a URL has a host, and a port that can be, if any."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def execution_enabled(settings: Settings, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether execution is switched on twice: in the configuration and in the environment."""
    return settings.execution.enabled and environment.get("EXECUTION_ENABLED", "").lower() == "true"


def read_key(environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the 32-byte signing key from ARBBOT_KEY_FILE or ARBBOT_KEY; errors never repeat it."""
    text = environment.get("ARBBOT_KEY", "")
    file = environment.get("ARBBOT_KEY_FILE")
    if file:
        try:
            text = Path(file).read_text()
        except OSError as error:
            raise SettingsError(f"ARBBOT_KEY_FILE: {error.strerror}: {file}") from None
        except UnicodeDecodeError:
            raise SettingsError(f"ARBBOT_KEY_FILE: {file} is no text") from None
    text = text.strip()
    if not text:
        raise SettingsError("no signing key: set ARBBOT_KEY_FILE (or ARBBOT_KEY)")
    if not KEY_LIKE.fullmatch(text):
        raise SettingsError("the signing key is not 64 hexadecimal digits (its text is not shown)")
    key = bytes.fromhex(text.removeprefix("0x"))
    if not 0 < int.from_bytes(key, "big") < CURVE_ORDER:
        raise SettingsError("the signing key is zero or beyond the curve's order (its text is not shown)")
    return key
