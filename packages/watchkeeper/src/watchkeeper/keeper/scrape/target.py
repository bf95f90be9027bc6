"""Targets: an address with its labels, after relabelling."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode, urlsplit

from watchkeeper.keeper.scrape.errors import JobError
from watchkeeper.keeper.scrape.job import Group, ScrapeJob
from watchkeeper.keeper.scrape.relabel import relabelled

Pairs = tuple[tuple[str, str], ...]
Health = Literal["unknown", "up", "down"]


@dataclass(frozen=True, slots=True)
class Target:
    """What is scraped, by which job, and the labels that its series get."""

    job: ScrapeJob
    url: str
    labels: Pairs
    discovered: Pairs = ()
    """The labels before relabelling."""

    @property
    def identity(self) -> tuple[str, str, Pairs]:
        """Tell targets apart; the rest of the job may change under it."""
        return self.job.name, self.url, self.labels

    def offset(self) -> float:
        """Return the target's place within the interval, 0 to 1; spread by hash, the same in every run."""
        return zlib.crc32(repr(self.identity).encode()) / 2**32


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """How a target does; times in Unix seconds, durations in seconds."""

    url: str
    labels: Pairs
    job: str
    health: Health
    last_error: str
    last_scrape: float
    last_duration: float
    samples: int
    interval: float
    timeout: float
    discovered: Pairs = ()


def targets_of(job: ScrapeJob, groups: Iterable[Group]) -> list[Target]:
    """Return the targets of some groups, without those that relabelling drops, each once."""
    found: dict[tuple[str, str, Pairs], Target] = {}
    for group in groups:
        for address in group.targets:
            target = _target(job, address, group.labels)
            if target is not None:
                found.setdefault(target.identity, target)
    return list(found.values())


def _target(job: ScrapeJob, address: str, labels: Pairs) -> Target | None:
    discovered = {
        "job": job.name,
        "__address__": address,
        "__scheme__": job.scheme,
        "__metrics_path__": job.path,
        "__scrape_interval__": f"{job.interval:g}s",
        "__scrape_timeout__": f"{job.timeout:g}s",
        **{f"__param_{name}": value for name, value in job.params},
        **dict(labels),
    }
    final = relabelled(discovered, job.relabel)
    if final is None or not final.get("__address__"):
        return None
    url = _url(final, job.params)
    final.setdefault("instance", final["__address__"])
    shown = tuple(sorted((name, value) for name, value in final.items() if not name.startswith("__")))
    return Target(job, url, shown, tuple(sorted(discovered.items())))


def _url(labels: Mapping[str, str], params: Pairs) -> str:
    scheme, address = labels.get("__scheme__", "http"), labels["__address__"]
    url = f"{scheme}://{address}{labels.get('__metrics_path__', '/metrics')}"
    check_url(url)
    names = dict.fromkeys([name for name, _ in params] + [n[8:] for n in labels if n.startswith("__param_")])
    query = [(name, labels[f"__param_{name}"]) for name in names if f"__param_{name}" in labels]
    return f"{url}?{urlencode(query)}" if query else url


def check_url(url: str) -> None:
    """Raise JobError unless this is an http(s) URL with a host and a possible port."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  raises on a port that is none
    except ValueError as error:
        raise JobError(f"{url}: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or set(url) & set(" \t\r\n"):
        raise JobError(f"{url!r} is no http or https URL")
