"""One evaluation of a group: rule after rule, each seeing what the rules before it wrote."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from watchkeeper.keeper.promql import STALE_BITS, Engine, Labels, PromqlError, Queryable, Sample
from watchkeeper.keeper.promql.labels import NAME, replaced, without
from watchkeeper.keeper.promql.labels import of as labels_of

from .alert import RuleAlert, Seen, advance
from .errors import RuleFailure
from .expansion import Origin, expansion, vector
from .outcome import Failure, GroupMemory, Outcome, RuleMemory
from .rule import AlertingRule, RecordingRule

ALERTS, FOR_STATE, ALERTSTATE = "ALERTS", "ALERTS_FOR_STATE", "alertstate"
STALE: float = struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0]

Append = Callable[[Sequence[Sample]], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a group is evaluated: engine, store, the keeper's labels and address, its default offset.

    `append` stores samples so that the next rule can select them. `stopwatch` gives seconds that only
    grow; the default measures nothing.
    """

    engine: Engine
    store: Queryable
    append: Append
    origin: Origin = field(default_factory=Origin)
    query_offset: int = 0
    stopwatch: Callable[[], float] = float


def evaluate(memory: GroupMemory, setting: Setting, now: int) -> Outcome:
    """Evaluate all rules of a group at a time (milliseconds) and remember what is needed next time.

    A rule that fails is a failure in the outcome, and its series end by themselves; no rule keeps another
    from being evaluated.
    """
    offset = memory.group.query_offset
    run = _Run(memory, setting, now, now - (setting.query_offset if offset is None else offset))
    started = setting.stopwatch()
    for rule in memory.rules:
        run.rule(rule)
    memory.seconds = setting.stopwatch() - started
    memory.evaluated_at = now
    memory.iterations += 1
    memory.settling = max(0, memory.settling - 1)
    return Outcome(memory.group.key, now, tuple(run.samples), memory.alerts, tuple(run.failures))


class _Run:
    def __init__(self, memory: GroupMemory, setting: Setting, now: int, at: int) -> None:
        self.memory = memory
        self.setting = setting
        self.now = now
        self.at = at
        self.samples: list[Sample] = []
        self.failures: list[Failure] = []

    def rule(self, memory: RuleMemory) -> None:
        started = self.setting.stopwatch()
        try:
            series = self.series(memory)
        except Exception as error:  # whatever ails one rule, the others are to be evaluated
            known = isinstance(error, PromqlError | RuleFailure)
            memory.health, memory.last_error = "err", str(error) if known else repr(error)
            self.failures.append(Failure(memory.rule.name, memory.rule.line, memory.last_error))
        else:
            memory.health, memory.last_error = "ok", ""
            self.write(memory, series)
        memory.evaluated_at = self.now
        memory.seconds = self.setting.stopwatch() - started

    def series(self, memory: RuleMemory) -> dict[Labels, float]:
        if isinstance(memory.rule, RecordingRule):
            return self.recorded(memory.rule)
        return self.alerted(memory, memory.rule)

    def write(self, memory: RuleMemory, series: Mapping[Labels, float]) -> None:
        """Append what the rule gives now, and end the series that it gave last time."""
        samples = [Sample(labels, self.at, value) for labels, value in series.items()]
        samples += [Sample(labels, self.at, STALE) for labels in sorted(memory.written - series.keys())]
        memory.written = frozenset(series)
        if samples:
            self.samples += samples
            self.append(memory, samples)

    def append(self, memory: RuleMemory, samples: Sequence[Sample]) -> None:
        try:
            self.setting.append(samples)
        except Exception as error:  # a full disk must not keep alerts from being told
            text = f"could not store {len(samples)} samples: {error}"
            memory.last_error = text
            self.failures.append(Failure(memory.rule.name, memory.rule.line, text, fatal=False))

    def recorded(self, rule: RecordingRule) -> dict[Labels, float]:
        series: dict[Labels, float] = {}
        for sample in vector(self.setting.engine, self.setting.store, rule.query, self.at):
            labels = labels_of({**dict(sample.labels), NAME: rule.name, **dict(rule.labels)})
            if labels in series:
                raise RuleFailure("vector contains metrics with the same labelset after applying rule labels")
            series[labels] = sample.value
        self.check_limit(len(series), "series")
        return series

    def check_limit(self, count: int, what: str) -> None:
        limit = self.memory.group.limit
        if 0 < limit < count:
            raise RuleFailure(f"exceeded limit of {limit} with {count} {what}")

    def alerted(self, memory: RuleMemory, rule: AlertingRule) -> dict[Labels, float]:
        alerts = advance(
            memory.alerts,
            self.seen(rule),
            self.now,
            rule.hold,
            rule.keep_firing,
            settling=self.memory.settling > 0,
        )
        active = [alert for alert in alerts.values() if alert.state != "resolved"]
        try:
            self.check_limit(len(active), "alerts")
        except RuleFailure:
            memory.alerts = {}
            raise
        memory.alerts = alerts
        return {labels: value for alert in active for labels, value in alert_series(alert)}

    def seen(self, rule: AlertingRule) -> dict[Labels, Seen]:
        """Return what the expression gives, by the labels of the alerts."""
        setting = self.setting

        def failed(error: str) -> None:
            self.failures.append(Failure(rule.name, rule.line, error, fatal=False))

        texts = expansion(setting.engine, setting.store, self.at, setting.origin, failed)
        found: dict[Labels, Seen] = {}
        for sample in vector(setting.engine, setting.store, rule.query, self.at):
            labels, annotations = texts.alert(rule, sample)
            if labels in found:
                raise RuleFailure(
                    "vector contains metrics with the same labelset after applying alert labels"
                )
            found[labels] = Seen(sample.value, annotations)
        return found


def alert_series(alert: RuleAlert) -> list[tuple[Labels, float]]:
    """Return the two series that stand for an alert in the store, as Prometheus writes them."""
    state = labels_of({**dict(alert.labels), NAME: ALERTS, ALERTSTATE: alert.state})
    since = replaced(without(alert.labels, (ALERTSTATE,)), NAME, FOR_STATE)
    return [(state, 1.0), (since, float(alert.active_at // 1000))]
