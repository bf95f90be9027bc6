"""What the environment says about the agent. A bad value is reported and its default taken: the bot runs."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from watchkeeper.agent.errors import TokenRequired

LOG = logging.getLogger("watchkeeper.agent")

DEFAULT_PORT = 9090
YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the agent listens and what a request has to show."""

    enabled: bool
    host: str
    port: int
    token: str | None

    @property
    def loopback(self) -> bool:
        """Tell whether only this machine can connect."""
        return on_loopback(self.host)

    def check(self) -> None:
        """Raise `TokenRequired` when other machines could connect and no token is set."""
        if self.enabled and not self.loopback and not self.token:
            raise TokenRequired(
                f"host {self.host!r} is open to other machines: set METRICS_TOKEN or METRICS_TOKEN_FILE, "
                f"or pass token_file=..., or listen on 127.0.0.1"
            )


def listen(
    host: str, port: int | None, token_file: str | Path | None, environment: Mapping[str, str]
) -> Listen:
    """Combine the program's arguments with the environment, which wins: it is the operator's word.

    METRICS_ENABLED, METRICS_PORT, METRICS_HOST, METRICS_TOKEN, METRICS_TOKEN_FILE. Raise `OSError` when a
    token file cannot be read.
    """
    return Listen(
        enabled=flag(environment, "METRICS_ENABLED", True),
        host=environment.get("METRICS_HOST") or host,
        port=port_number(environment, "METRICS_PORT", DEFAULT_PORT if port is None else port),
        token=token(environment, token_file),
    )


def flag(environment: Mapping[str, str], name: str, default: bool) -> bool:
    """Read a switch; warn and take the default when it is neither yes nor no."""
    text = environment.get(name, "").strip().lower()
    if text in YES or text in NO:
        return text in YES
    if text:
        LOG.warning("%s=%s is neither true nor false; taking %s", name, text, default)
    return default


def port_number(environment: Mapping[str, str], name: str, default: int) -> int:
    """Read a port, 0 for any free one; warn and take the default when it is none."""
    text = environment.get(name, "").strip()
    if not text:
        return default
    if text.isascii() and text.isdigit() and int(text) <= 65535:
        return int(text)
    LOG.warning("%s=%s is not a port; taking %d", name, text, default)
    return default


def number(environment: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    """Read a number; warn and take the default when it is none or lies outside."""
    text = environment.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1.0
    if least <= value <= most:
        return value
    LOG.warning("%s=%s is no number from %g to %g; taking %g", name, text or value, least, most, default)
    return default


def token(environment: Mapping[str, str], file: str | Path | None) -> str | None:
    """Read the token: METRICS_TOKEN, else METRICS_TOKEN_FILE, else `file`; None when none is given."""
    if text := environment.get("METRICS_TOKEN", "").strip():
        return text
    path = environment.get("METRICS_TOKEN_FILE") or file
    if not path:
        return None
    found = Path(path).read_text(encoding="utf-8").strip()
    if not found:
        raise TokenRequired(f"the token file {path} is empty")
    return found


def on_loopback(host: str) -> bool:
    """Tell whether a host is this machine alone; a name other than localhost is taken for an open one."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
