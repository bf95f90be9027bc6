"""The default rules for trading bots; they run unchanged on Prometheus."""

from pathlib import Path


def pack_files() -> list[Path]:
    """Return the rule files of the pack, in the order of their names."""
    return sorted(Path(__file__).parent.glob("*.yaml"))
