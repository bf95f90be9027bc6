"""Jobs: what to scrape, how often, and what to accept. Names and defaults follow Prometheus."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from watchkeeper.keeper.scrape.errors import JobError
from watchkeeper.keeper.scrape.relabel import Rule


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one scrape; 0 means none. The defaults keep a label bomb from hurting the keeper."""

    samples: int = 10_000
    """After metric relabelling (`sample_limit`)."""
    labels: int = 64
    label_name_length: int = 256
    label_value_length: int = 4096
    body_bytes: int = 4 << 20
    """Uncompressed (`body_size_limit`)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some addresses (`host:port`) that share labels."""

    targets: tuple[str, ...]
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ScrapeJob:
    """One job; times in seconds. The interval must not be shorter than the timeout."""

    name: str
    groups: tuple[Group, ...] = ()
    files: tuple[str, ...] = ()
    """Paths or globs of files in Prometheus' file_sd form (JSON or YAML)."""
    file_refresh: float = 5.0
    interval: float = 15.0
    timeout: float = 10.0
    path: str = "/metrics"
    scheme: str = "http"
    params: tuple[tuple[str, str], ...] = ()
    honor_labels: bool = False
    honor_timestamps: bool = True
    relabel: tuple[Rule, ...] = ()
    metric_relabel: tuple[Rule, ...] = ()
    limits: Limits = field(default_factory=Limits)
    bearer_token_file: Path | None = None
    compression: bool = True
    """Ask for gzip; never asked of loopback, where it would only cost the bot's time."""
    ca_file: Path | None = None
    insecure_skip_verify: bool = False

    def __post_init__(self) -> None:
        if not self.name:
            raise JobError("a job needs a name")
        if self.interval <= 0 or self.timeout <= 0:
            raise JobError(f"job {self.name}: interval and timeout must be above zero")
        if self.timeout > self.interval:
            raise JobError(f"job {self.name}: the timeout is longer than the interval")
        if self.scheme not in ("http", "https"):
            raise JobError(f"job {self.name}: scheme {self.scheme!r} is neither http nor https")
