"""From the configuration to the scrape room's jobs."""

from __future__ import annotations

from pathlib import Path

from watchkeeper.keeper.config.tree import Config, ScrapeConfig
from watchkeeper.keeper.scrape.job import Group, Limits, ScrapeJob
from watchkeeper.keeper.scrape.relabel import rule_from


def jobs_of(config: Config, base: Path) -> list[ScrapeJob]:
    """Return the jobs; relative files are taken from `base`, the folder of the configuration file."""
    return [job_of(job, config, base) for job in config.scrape_configs]


def job_of(job: ScrapeConfig, config: Config, base: Path) -> ScrapeJob:
    """Return one job; raise JobError where its relabelling cannot be used."""
    interval = job.scrape_interval or config.global_.scrape_interval
    return ScrapeJob(
        name=job.job_name,
        groups=tuple(Group(tuple(g.targets), tuple(sorted(g.labels.items()))) for g in job.static_configs),
        files=tuple(str(base / name) for group in job.file_sd_configs for name in group.files),
        file_refresh=min((float(g.refresh_interval) for g in job.file_sd_configs), default=5.0),
        interval=float(interval),
        # The global timeout yields to a shorter interval, as in Prometheus.
        timeout=float(job.scrape_timeout or min(config.global_.scrape_timeout, interval)),
        path=job.metrics_path,
        scheme=job.scheme,
        params=tuple((name, value) for name, values in job.params.items() for value in values),
        honor_labels=job.honor_labels,
        honor_timestamps=job.honor_timestamps,
        relabel=tuple(rule_from(rule) for rule in job.relabel_configs),
        metric_relabel=tuple(rule_from(rule) for rule in job.metric_relabel_configs),
        limits=limits_of(job),
        bearer_token_file=path_of(job.authorization.credentials_file, base),
        compression=job.enable_compression,
        ca_file=path_of(job.tls_config.ca_file, base),
        insecure_skip_verify=job.tls_config.insecure_skip_verify,
    )


def limits_of(job: ScrapeConfig) -> Limits:
    return Limits(
        samples=job.sample_limit,
        labels=job.label_limit,
        label_name_length=job.label_name_length_limit,
        label_value_length=job.label_value_length_limit,
        body_bytes=int(job.body_size_limit),
    )


def path_of(name: str, base: Path) -> Path | None:
    return base / name if name else None
