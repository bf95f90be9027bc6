"""Where the keeper is reached: the address in messages, links and templates."""

from __future__ import annotations

from watchkeeper.keeper.config import Config


def address_of(config: Config, port: int) -> str:
    """Return the keeper's own URL: the configured one, else the door it listens at."""
    return config.alerting.external_url or f"http://{host_of(config)}:{port}"


def host_of(config: Config) -> str:
    """Return the host for links in messages: of all addresses, this machine's."""
    address = config.listen.address
    if address in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{address}]" if ":" in address else address
