"""The Prometheus side of the keeper put together: rules, queries, remote write both ways."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from watchkeeper import Watch
from watchkeeper.keeper.config import Config, ConfigError
from watchkeeper.keeper.config.values import Duration, Size
from watchkeeper.keeper.heap import one_heap
from watchkeeper.keeper.objectives import Objectives, ObjectivesError
from watchkeeper.keeper.promql import Engine, Limits, Options
from watchkeeper.keeper.relaying import RemoteWatch, check, sender_of
from watchkeeper.keeper.remote import Bounds, Commit, Intake, PositionsLost, Sender
from watchkeeper.keeper.rules import RuleFileError
from watchkeeper.keeper.ruling import Ruling, files_of
from watchkeeper.keeper.scrape import Register, Scraper
from watchkeeper.keeper.store import Store
from watchkeeper.keeper.web import prometheus


class Measuring:
    """Rules, the query API and remote write over one store; `open`, `run`, `close`."""

    def __init__(
        self,
        config: Config,
        base: Path,
        store: Store,
        scraper: Scraper,
        clock: Callable[[], float],
        version: str,
        url: str,
    ) -> None:
        self._config = config
        self._base = base
        self._store = store
        self._scraper = scraper
        self._clock = clock
        self._version = version
        self._stack = ExitStack()
        options = Options(lookback_ms=int(config.query.lookback_delta * 1000))
        self._engine = Engine(Limits(config.query.max_samples, None, config.query.max_concurrency), options)
        # An engine of their own, so that people's queries cannot keep rules from being evaluated.
        rule_engine = Engine(Limits(config.query.max_samples), options)
        self._objectives = Objectives(
            base, config.slo.files, config.slo.pack, base / config.data / "slo", config.slo.windows_file
        )
        self.ruling = Ruling(
            lambda: [*files_of(base, config.rule_files, config.rules.pack), *self._objectives.paths()],
            store,
            rule_engine,
            interval=float(config.global_.evaluation_interval),
            clock=clock,
            labels=config.global_.external_labels,
            url=url,
        )

    def _senders(self) -> list[Sender]:
        check(self._config.remote_write)
        external = dict(self._config.global_.external_labels)
        found = []
        for remote in self._config.remote_write:
            folder = self._base / self._config.data
            found.append(sender_of(remote, external, self._base, folder, self._store, self._clock))
        return found

    def open(self) -> None:
        """Read the rules, bring back their alerts, open the ways in and out; raises ConfigError."""
        one_heap()
        try:
            self._objectives.open()
        except ObjectivesError as error:
            raise ConfigError(f"slo: {error}") from None
        try:
            self.ruling.open()
        except RuleFileError as error:
            raise ConfigError(f"rule_files: {error}") from None
        self._open_remote()
        self._register = Register(self._scraper, self._base / self._config.data / "targets.json", self._clock)
        self._register.restore()
        self._running = prometheus.Running(float(self._config.query.timeout))
        self._stack.callback(self._running.close)

    def _open_remote(self) -> None:
        try:
            self.senders = self._senders()
        except PositionsLost as error:
            raise ConfigError(f"remote_write: {error}; remove the file to begin anew") from None
        receiver = self._config.remote_write_receiver
        bounds = Bounds(
            int(receiver.body_size_limit),
            receiver.label_limit,
            receiver.label_name_length_limit,
            receiver.label_value_length_limit,
        )
        self._intake = Intake(self._store, bounds)
        self._receiving = prometheus.Receiving(
            self._intake, Commit(self._store.flush), bounds.body_bytes, receiver.enabled
        )
        self._stack.callback(self._receiving.close)
        for sender in self.senders:
            sender.start()
            self._stack.callback(sender.stop)

    def close(self) -> None:
        """Close what was opened, in reverse order."""
        self._stack.close()

    async def run(self) -> None:
        """Evaluate rules until cancelled."""
        await self.ruling.run()

    def watch(self, watch: Watch) -> None:
        """Show rules and remote write among the keeper's own metrics and checks."""
        self.ruling.watch(watch)
        RemoteWatch(watch, self._intake, self.senders, self._clock)

    def routes(self) -> list[BaseRoute]:
        """Return the paths of the API."""
        return prometheus.routes()

    def serve(self, app: Starlette) -> None:
        """Let the API's handlers find what they answer from."""
        app.state.running = self._running
        app.state.receiving = self._receiving
        app.state.register = self._register
        app.state.prometheus = self.source()

    def source(self) -> prometheus.Source:
        """Return what the API answers from."""
        config = self._config
        return prometheus.Source(
            store=self._store,
            engine=self._engine,
            now=self._clock,
            version=self._version,
            started=self._clock(),
            targets=self._scraper.targets,
            metadata=self._scraper.metadata,
            sayings=self._scraper.sayings,
            rules=self.ruling,
            flags=lambda: flags_of(config),
            config=lambda: yaml_of(config),
            data=self._base / config.data,
            retention=f"{config.retention.time:g}s or {int(config.retention.size)}B",
            external_labels=tuple(sorted(config.global_.external_labels.items())),
        )


def flags_of(config: Config) -> dict[str, str]:
    """Return the settings of queries and store under the names of Prometheus' flags."""
    return {
        "query.lookback-delta": f"{config.query.lookback_delta:g}s",
        "query.max-concurrency": str(config.query.max_concurrency),
        "query.max-samples": str(config.query.max_samples),
        "query.timeout": f"{config.query.timeout:g}s",
        "storage.tsdb.path": config.data,
        "storage.tsdb.retention.size": f"{int(config.retention.size)}B",
        "storage.tsdb.retention.time": f"{config.retention.time:g}s",
        "web.enable-remote-write-receiver": str(config.remote_write_receiver.enabled).lower(),
    }


def yaml_of(config: Config) -> str:
    """Return the configuration as it holds, defaults included."""
    return msgspec.yaml.encode(msgspec.to_builtins(config, enc_hook=written)).decode()


def written(value: object) -> object:
    """Write durations and sizes as the file does."""
    if isinstance(value, Duration):
        return f"{round(value * 1000)}ms"
    if isinstance(value, Size):
        return f"{int(value)}B"
    raise NotImplementedError(type(value))
