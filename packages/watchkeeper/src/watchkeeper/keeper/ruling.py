"""Rules in the running keeper: files to groups, results to the store, alerts to the judge's findings."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchkeeper import Watch
from watchkeeper.keeper.alerts.subject import RULE
from watchkeeper.keeper.judge import Finding, Judge
from watchkeeper.keeper.promql import Engine, Sample, TooManySamples
from watchkeeper.keeper.promql.labels import NAME, value_of
from watchkeeper.keeper.rules import (
    AlertingRule,
    Group,
    GroupMemory,
    Origin,
    Outcome,
    RuleAlert,
    RuleFailure,
    RuleFileError,
    RuleMemory,
    Setting,
    load,
)
from watchkeeper.keeper.rules.evaluate import ALERTS, FOR_STATE
from watchkeeper.keeper.rules.pack import pack_files
from watchkeeper.keeper.rules.schedule import Schedule
from watchkeeper.keeper.store import Series, Store
from watchkeeper.keeper.store import TooManySamples as StoreHoldsMore

LOG = logging.getLogger("watchkeeper.rules")

# The judge tells these within seconds; the pack's own are for engines that have no judge.
JUDGED = frozenset({"TargetDown", "ComponentUnhealthy"})
LOOK_SECONDS = 2.0
STEP_SECONDS = 5.0
FOREVER = 1e12


@dataclass(frozen=True, slots=True)
class Readable:
    """The store as rules read it, bounded per selection."""

    store: Store
    most: int

    def select(self, matchers: Sequence[Any], start_ms: int, end_ms: int, /) -> list[Series]:
        """Return the matching series; raises TooManySamples."""
        try:
            return self.store.select(matchers, start_ms, end_ms, max_samples=self.most)
        except StoreHoldsMore:
            raise TooManySamples from None


@dataclass(frozen=True, slots=True)
class Watched:
    """A group that has alerting rules, and these: most groups record, and are not looked at each second."""

    file: str
    rules: tuple[RuleMemory, ...]

    def told(self, packed: frozenset[str]) -> list[RuleAlert]:
        """Return the alerts that fire, without those of the pack that the judge tells itself."""
        firing = [
            alert
            for rule in self.rules
            if rule.alerts
            for alert in rule.alerts.values()
            if alert.state == "firing"
        ]
        if self.file not in packed:
            return firing
        return [alert for alert in firing if dict(alert.labels)["alertname"] not in JUDGED]


@dataclass(slots=True)
class RuleTally:
    """What is counted of evaluations."""

    evaluations: int = 0
    failures: int = 0


class Ruling:
    """The rules of some files, evaluated at their times; what fires becomes findings of the judge."""

    def __init__(
        self,
        paths: Callable[[], list[Path]],
        store: Store,
        engine: Engine,
        *,
        interval: float,
        clock: Callable[[], float],
        labels: dict[str, str],
        url: str = "",
    ) -> None:
        self._paths = paths
        self._store = store
        self._clock = clock
        self.interval_ms = int(interval * 1000)
        readable = Readable(store, engine.limits.samples)
        origin = Origin(labels, url)
        setting = Setting(engine, readable, self._append, origin, stopwatch=time.perf_counter)
        self._schedule = Schedule(setting, self._told, interval=self.interval_ms, clock=self._now_ms)
        self._groups: list[Group] = []
        self._watched: list[Watched] = []
        self._stamp: object = None
        self._since: dict[str, int] = {}
        self._packed = frozenset(map(str, pack_files()))
        self.tally = RuleTally()
        self.problem = ""

    @property
    def memories(self) -> list[GroupMemory]:
        """What is known of each group."""
        return self._schedule.memories

    def open(self) -> None:
        """Read the files and restore the alerts that fired; raises RuleFileError."""
        self._stamp = stamp_of(self._paths())
        self._take(groups_of(self._paths()))

    async def run(self) -> None:
        """Evaluate until cancelled; files that change and clocks that step are noticed."""
        looking = asyncio.create_task(self._look())
        try:
            await self._schedule.follow()
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    def findings(self, judge: Judge) -> list[Finding]:
        """Return one finding for each alert that fires, and what is known of those that did."""
        firing = {
            subject_of(alert): alert for watched in self._watched for alert in watched.told(self._packed)
        }
        found = [finding_of(subject, alert) for subject, alert in firing.items()]
        for subject, severity in judge.known(RULE):
            if subject not in firing and (ended := self._ended(subject, severity, judge)):
                found.append(ended)
        return found

    def _ended(self, subject: str, severity: str, judge: Judge) -> Finding | None:
        """Return what is known of an alert that no longer fires; None once that has been written.

        Until its group was evaluated after a start nothing is known, so the alert stands as it did.
        """
        if self._unsettled(subject):
            return Finding(subject, "unknown", "not evaluated yet since the start", severity, FOREVER)
        if judge.standings[subject].state == "healthy":
            return None
        return Finding(subject, "healthy", "the expression no longer holds", severity)

    def _unsettled(self, subject: str) -> bool:
        name = subject.split("/", 2)[1]
        owners = [memory for memory in self.memories if name in alert_names(memory)]
        return any(memory.iterations <= self._since.get(memory.group.key, 0) for memory in owners)

    def _take(self, groups: list[Group]) -> None:
        self._groups = groups
        self._schedule.load(groups)
        self._watched = watched_of(self.memories)
        self._since = {memory.group.key: memory.iterations for memory in self.memories}

    async def _look(self) -> None:
        drift = time.time() - time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.time() - time.monotonic()
            if abs(now - drift) > STEP_SECONDS:
                LOG.warning("the clock stepped by %.0f s; rules are evaluated by its new time", now - drift)
                self._take(self._groups)
            drift = now
            self._reread()

    def _reread(self) -> None:
        """Take changed files; what cannot be used leaves the rules as they are."""
        paths = self._paths()
        stamp = stamp_of(paths)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._take(groups_of(paths))
        except RuleFileError as error:
            self.problem = str(error)
            LOG.error("the rules stay as they were: %s", error)
            return
        self.problem = ""
        LOG.info("rules read anew: %d groups", len(self._groups))

    def _append(self, samples: Sequence[Sample]) -> None:
        """Store results; an alert's own series have room where a label bomb has taken all that there was."""
        for sample in samples:
            if value_of(sample.labels, NAME) in (ALERTS, FOR_STATE):
                self._store.ref(sample.labels, essential=True)
        outcome = self._store.ingest((sample.labels, sample.time, sample.value) for sample in samples)
        if outcome.dropped:
            raise RuleFailure(
                f"{outcome.dropped} samples were not stored: another rule writes the same series"
            )

    def _told(self, outcome: Outcome) -> None:
        self.tally.evaluations += 1
        self.tally.failures += len(outcome.failures)
        for failure in outcome.failures:
            LOG.warning("%s, rule %s: %s", outcome.group, failure.rule, failure.error)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def watch(self, watch: Watch) -> None:
        """Show the tally among the keeper's own metrics."""
        evaluations = watch.counter("monitoring_rule_evaluations_total", "Evaluations of rule groups.")
        failures = watch.counter("monitoring_rule_failures_total", "Rules or templates that failed.")
        missed = watch.counter("monitoring_rule_missed_total", "Evaluations that were due and left out.")

        def refresh() -> None:
            evaluations.raise_to(self.tally.evaluations)
            failures.raise_to(self.tally.failures)
            missed.raise_to(sum(memory.missed for memory in self.memories))

        watch.refresh_with(refresh)


def files_of(base: Path, globs: Iterable[str], pack: bool) -> list[Path]:
    """Return the rule files: the pack's, then those of the patterns, relative to `base`."""
    found = pack_files() if pack else []
    for pattern in globs:
        anchor = Path(Path(pattern).anchor or base)
        found += sorted(anchor.glob(str(Path(pattern).relative_to(Path(pattern).anchor))))
    return list(dict.fromkeys(found))


def groups_of(paths: Iterable[Path]) -> list[Group]:
    """Return the groups of all files; raises RuleFileError."""
    return [group for path in paths for group in load(path).groups]


def stamp_of(paths: Iterable[Path]) -> object:
    """Return what changes when the files do."""
    return [(path, state.st_mtime_ns, state.st_size) for path in paths if (state := state_of(path))]


def state_of(path: Path) -> Any:
    try:
        return path.stat()
    except OSError:
        return None


def watched_of(memories: Iterable[GroupMemory]) -> list[Watched]:
    """Return the groups that have alerting rules."""
    found = []
    for memory in memories:
        rules = tuple(rule for rule in memory.rules if isinstance(rule.rule, AlertingRule))
        found += [Watched(memory.group.file, rules)] if rules else []
    return found


def alert_names(memory: GroupMemory) -> set[str]:
    return {owner_of(rule.name) for rule in memory.group.rules if rule.kind == "alerting"}


def owner_of(name: str) -> str:
    return name.replace("/", "_")


def subject_of(alert: RuleAlert) -> str:
    """Return the judged subject of an alert: `rule/<alert name>/<labels as JSON>`."""
    labels = json.dumps(dict(alert.labels), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{RULE}{owner_of(dict(alert.labels)['alertname'])}/{labels}"


def finding_of(subject: str, alert: RuleAlert) -> Finding:
    """Return the finding of an alert that fires: its summary, then all annotations as JSON."""
    notes = dict(alert.annotations)
    first = " ".join(
        (notes.get("summary") or notes.get("description") or "the rule's condition holds").split()
    )
    rest = json.dumps(notes, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    severity = dict(alert.labels).get("severity") or "warning"
    return Finding(subject, "unhealthy", f"{first}\n{rest}" if notes else first, severity)
