"""The default objectives, as files."""

from pathlib import Path


def pack_files() -> list[Path]:
    """Return the packaged files of objectives."""
    return sorted(Path(__file__).parent.glob("*.yaml"))
