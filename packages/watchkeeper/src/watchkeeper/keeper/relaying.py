"""Remote write as the configuration asks for it, and what the keeper tells of it about itself."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from watchkeeper import Outcome, Watch, degraded, healthy
from watchkeeper.keeper.config import ConfigError, RemoteWrite
from watchkeeper.keeper.config.jobs import path_of
from watchkeeper.keeper.remote import Destination, Intake, Sender
from watchkeeper.keeper.remote.backlog import Relabel
from watchkeeper.keeper.remote.positions import Positions
from watchkeeper.keeper.remote.sender import Queue
from watchkeeper.keeper.scrape import Rule, rule_from
from watchkeeper.keeper.scrape.relabel import relabelled
from watchkeeper.keeper.store import Labels, Store

PATIENCE_SECONDS = 60.0


def check(remotes: Sequence[RemoteWrite]) -> None:
    """Raise ConfigError for a place without a proper URL or queue, or two that share their positions."""
    names = [remote.name or remote.url for remote in remotes]
    for place, remote in enumerate(remotes):
        parts, queue = urlsplit(remote.url), remote.queue_config
        path = f"remote_write[{place}]"
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"{path}.url: expected an http or https URL, got {remote.url!r}")
        if names.count(names[place]) > 1:
            raise ConfigError(f"{path}.name: expected a name of its own, got {names[place]!r}")
        if min(queue.max_shards, queue.max_samples_per_send) < 1 or queue.batch_send_deadline <= 0:
            raise ConfigError(f"{path}.queue_config: expected shards, samples and deadline above zero")


def sender_of(
    remote: RemoteWrite,
    external: dict[str, str],
    base: Path,
    data: Path,
    store: Store,
    clock: Callable[[], float],
) -> Sender:
    """Return the sender to one place; raises PositionsLost."""
    floor = int((clock() - float(remote.send_history)) * 1000)
    rules = tuple(rule_from(rule) for rule in remote.write_relabel_configs)
    queue = remote.queue_config
    return Sender(
        store,
        destination_of(remote, base),
        Positions.open(data / f"sent-{file_name(remote)}.pos", floor),
        queue=Queue(
            queue.max_shards,
            queue.max_samples_per_send,
            float(queue.batch_send_deadline),
            float(queue.min_backoff),
            float(queue.max_backoff),
        ),
        relabel=relabelling(external, rules),
        clock=clock,
    )


def destination_of(remote: RemoteWrite, base: Path) -> Destination:
    return Destination(
        remote.name or remote.url,
        remote.url,
        float(remote.remote_timeout),
        remote.headers,
        path_of(remote.bearer_token_file, base),
        path_of(remote.tls_config.ca_file, base),
        remote.tls_config.insecure_skip_verify,
    )


def file_name(remote: RemoteWrite) -> str:
    """Return a file name for the positions of a place: its name or URL, made plain, and a checksum."""
    name = remote.name or remote.url
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')[:40]}-{zlib.crc32(name.encode()):08x}"


def relabelling(external: dict[str, str], rules: Sequence[Rule]) -> Relabel:
    """Return what adds the external labels and applies the rules; None drops a series."""

    def relabel(labels: Labels) -> Labels | None:
        final = relabelled({**external, **dict(labels)}, tuple(rules))
        return None if not final else tuple(sorted((name, value) for name, value in final.items() if value))

    return relabel


class RemoteWatch:
    """Remote write among the keeper's own metrics and checks."""

    def __init__(
        self, watch: Watch, intake: Intake, senders: Sequence[Sender], clock: Callable[[], float]
    ) -> None:
        self._intake = intake
        self._senders = senders
        self._clock = clock
        remote = ("remote",)
        self._taken = watch.counter("monitoring_remote_received_total", "Samples taken by remote write.")
        self._refused = watch.counter(
            "monitoring_remote_refused_total", "Samples received and not kept: late, or beyond a limit."
        )
        self._malformed = watch.counter("monitoring_remote_malformed_total", "Broken remote-write requests.")
        self._sent = watch.counter("monitoring_remote_sent_total", "Samples sent on.", remote)
        self._rejected = watch.counter(
            "monitoring_remote_rejected_total", "Samples that a receiver refused for good.", remote
        )
        self._retries = watch.counter("monitoring_remote_retries_total", "Requests tried again.", remote)
        self._behind = watch.gauge("monitoring_remote_behind_series", "Series with samples unsent.", remote)
        watch.refresh_with(self._refresh)
        if senders:
            watch.check("remote_write", self.check)

    def check(self) -> Outcome:
        """Tell whether any place has not taken samples for a minute."""
        for sender in self._senders:
            tally = sender.tally
            if tally.since and self._clock() - tally.since > PATIENCE_SECONDS:
                return degraded(f"{sender.destination.name} takes nothing: {tally.last_error}")
        return healthy()

    def _refresh(self) -> None:
        self._taken.raise_to(self._intake.tally.stored)
        self._refused.raise_to(self._intake.tally.refused)
        self._malformed.raise_to(self._intake.tally.malformed)
        for sender in self._senders:
            name, tally = sender.destination.name, sender.tally
            self._sent.labels(name).raise_to(tally.sent)
            self._rejected.labels(name).raise_to(tally.refused)
            self._retries.labels(name).raise_to(tally.retries)
            self._behind.labels(name).set(sender.behind())
