"""Run unit tests: load series as time goes on, evaluate all groups, look at alerts and expressions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from watchkeeper.keeper.promql import Engine, Labels, Options, PromqlError, Sample
from watchkeeper.keeper.promql.labels import text as labels_text
from watchkeeper.keeper.promql.quoting import general
from watchkeeper.keeper.promql.testing.notation import Native

from ..alert import RuleAlert
from ..errors import RuleFailure
from ..evaluate import Setting, evaluate
from ..expansion import ALERTNAME, Origin, vector
from ..outcome import GroupMemory
from ..rule import AlertingRule, Group
from .cases import AlertCase, ExprCase, Test, TestFile
from .storage import TestStore

Watch = Callable[[GroupMemory], None]


@dataclass(frozen=True, slots=True)
class Failed:
    """A case that failed, in words."""

    test: str
    line: int
    text: str

    def __str__(self) -> str:
        named = f"name: {self.test}, " if self.test else ""
        return f"{named}line {self.line}: {self.text}"


def run_tests(
    file: TestFile, groups: Sequence[Group], chosen: Callable[[str], bool] | None = None
) -> list[Failed]:
    """Run the tests of a file whose names are chosen over groups; return what failed."""
    failed: list[Failed] = []
    for test in file.tests:
        if chosen is None or chosen(test.name):
            run = Trial(file, test, groups)
            failed += [Failed(test.name, test.line, text) for text in run.failures()]
    return failed


def ordered(groups: Sequence[Group], order: Sequence[str]) -> list[Group]:
    """Sort groups into the file's order; those that it does not name come first, as in promtool."""
    places = {name: place for place, name in enumerate(order)}
    return sorted(groups, key=lambda group: places.get(group.name, 0))


class Trial:
    """One test under way: its store, its groups, what was loaded so far."""

    def __init__(self, file: TestFile, test: Test, groups: Sequence[Group]) -> None:
        self.file = file
        self.test = test
        self.store = TestStore()
        engine = Engine(options=Options(subquery_step_ms=file.interval))
        origin = Origin(test.external_labels, test.external_url)
        self.setting = Setting(engine, self.store, self.append, origin)
        self.memories = [GroupMemory.of(group) for group in ordered(groups, file.order)]
        self.loaded = 0
        self.ended = False

    def append(self, samples: Sequence[Sample]) -> None:
        for sample in samples:
            self.store.add(sample.labels, [(sample.time, sample.value)])

    def failures(self) -> Iterator[str]:
        cases = sorted(self.test.alerts, key=lambda case: case.at)
        for at in range(0, self.test.last + 1, self.file.interval):
            self.load(at)
            yield from self.round(at)
            if self.ended:
                return
            while cases and cases[0].at < at + self.file.interval:
                yield from self.alert_failures(cases.pop(0))
        for case in self.test.exprs:
            yield from self.expr_failures(case)

    def load(self, until: int) -> None:
        """Load the points up to a time; what lies ahead cannot be seen, not even by a negative offset."""
        first, interval = self.loaded, self.test.interval
        last = until // interval
        for series in self.test.series:
            part = series.points[first : last + 1]
            floats = [
                (self.test.start + (first + place) * interval, point)
                for place, point in enumerate(part)
                if isinstance(point, float)
            ]
            if floats:
                self.store.add(series.labels, floats)
            native = [
                self.test.start + (first + place) * interval
                for place, point in enumerate(part)
                if isinstance(point, Native)
            ]
            if native:
                self.store.add_native(series.labels, native)
        self.loaded = max(self.loaded, last + 1)

    def round(self, at: int) -> Iterator[str]:
        for memory in self.memories:
            outcome = evaluate(memory, self.setting, self.test.start + at)
            for failure in outcome.failures:
                if failure.fatal:
                    self.ended = True
                    yield f"rule: {failure.rule}, time: {duration(at)}, err: {failure.error}"

    def firing(self, name: str) -> Iterator[RuleAlert]:
        for memory in self.memories:
            for rule in memory.rules:
                if isinstance(rule.rule, AlertingRule) and rule.rule.name == name:
                    yield from (alert for alert in rule.alerts.values() if alert.state == "firing")

    def alert_failures(self, case: AlertCase) -> Iterator[str]:
        def notes(annotations: Labels) -> Labels:
            return () if case.ignore_annotations else annotations

        wanted = sorted((_named(one.labels, case.name), notes(one.annotations)) for one in case.alerts)
        got = sorted((one.labels, notes(one.annotations)) for one in self.firing(case.name))
        if wanted != got:
            head = f"alertname: {case.name}, time: {duration(case.at)},"
            yield f"{head}\n    exp: {_alerts_text(wanted)}\n    got: {_alerts_text(got)}"

    def expr_failures(self, case: ExprCase) -> Iterator[str]:
        head = f"expr: {case.expr!r}, time: {duration(case.at)},"
        try:
            found = vector(self.setting.engine, self.store, case.expr, self.test.start + case.at)
        except (PromqlError, RuleFailure) as error:
            yield f"{head} err: {error}"
            return
        wanted = sorted(case.samples, key=lambda sample: sample[0])
        got = sorted(((one.labels, one.value) for one in found), key=lambda sample: sample[0])
        if not same_samples(wanted, got, fuzzy=self.file.fuzzy):
            yield f"{head}\n    exp: {_samples_text(wanted)}\n    got: {_samples_text(got)}"


def same_samples(
    wanted: Sequence[tuple[Labels, float]], got: Sequence[tuple[Labels, float]], *, fuzzy: bool
) -> bool:
    """Tell whether two sorted lists of samples are the same; `fuzzy` allows the last bit to differ."""
    if [labels for labels, _ in wanted] != [labels for labels, _ in got]:
        return False
    return all(_same(one, other, fuzzy=fuzzy) for (_, one), (_, other) in zip(wanted, got, strict=True))


def _same(one: float, other: float, *, fuzzy: bool) -> bool:
    if one == other or (one != one and other != other):
        return True
    return fuzzy and other in (math.nextafter(one, -math.inf), math.nextafter(one, math.inf))


def _named(labels: Labels, name: str) -> Labels:
    return tuple(sorted({**dict(labels), ALERTNAME: name}.items()))


def _alerts_text(alerts: Sequence[tuple[Labels, Labels]]) -> str:
    lines = [f"{labels_text(labels)} {labels_text(notes)}" for labels, notes in alerts]
    return "\n         ".join(lines) or "[]"


def _samples_text(samples: Sequence[tuple[Labels, float]]) -> str:
    return ", ".join(f"{labels_text(labels)} {general(value)}" for labels, value in samples) or "nil"


def duration(ms: int) -> str:
    """Write milliseconds as 1h30m."""
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, ms = divmod(ms, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"
