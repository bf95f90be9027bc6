"""Secrets come from the environment or from files, never from the configuration itself."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from watchkeeper.keeper.config import ConfigError, Listen


def token_of(listen: Listen, environment: Mapping[str, str], base: Path) -> str:
    """Return the token that requests must show, empty for none.

    WATCHKEEPER_TOKEN, else the file that WATCHKEEPER_TOKEN_FILE or listen.token_file names. Raise
    ConfigError where other machines could connect and there is none.
    """
    token = environment.get("WATCHKEEPER_TOKEN", "").strip() or from_file(listen, environment, base)
    if not token and not on_loopback(listen.address):
        raise ConfigError(
            f"listen.address: {listen.address} is open to other machines, so a token is needed: "
            "set WATCHKEEPER_TOKEN or WATCHKEEPER_TOKEN_FILE or listen.token_file, or listen on 127.0.0.1"
        )
    return token


def from_file(listen: Listen, environment: Mapping[str, str], base: Path) -> str:
    name = environment.get("WATCHKEEPER_TOKEN_FILE") or listen.token_file
    if not name:
        return ""
    try:
        token = (base / name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"listen.token_file: {error}") from None
    if not token:
        raise ConfigError(f"listen.token_file: {name} is empty")
    return token


def on_loopback(host: str) -> bool:
    """Return whether a host is this machine alone; a name other than localhost counts as open."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
