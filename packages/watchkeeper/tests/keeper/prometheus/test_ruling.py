"""Rules and the judge: what fires is found, what ended is told, and a restart tells nothing twice."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper.keeper.alerts import Ledger, labels_of, notices
from watchkeeper.keeper.judge import Finding, Judge
from watchkeeper.keeper.promql import Engine
from watchkeeper.keeper.rules import RuleFileError, evaluate
from watchkeeper.keeper.ruling import Ruling, files_of
from watchkeeper.keeper.store import Store
from watchkeeper.keeper.store import labels_of as series_of

T0 = 1_700_000_000
RULES = """
groups:
- name: g
  rules:
  - alert: a/b
    expr: load > 5
    labels: {severity: critical}
    annotations: {summary: "load of {{ $labels.job }} is {{ $value }}", note: x}
"""


class Scene:
    """A store, a rule file, a judge and a ledger, and a clock that a test moves."""

    def __init__(self, folder: Path) -> None:
        self.now = float(T0)
        self.folder = folder
        self.path = folder / "r.yaml"
        self.path.write_text(RULES)
        self.store = Store.open(folder / "data", flush_seconds=math.inf, clock=lambda: self.now)
        self.judge, self.ledger = Judge(), Ledger()
        self.rows: list[tuple[float, str, str, str, str]] = []
        self.begin()

    def begin(self) -> None:
        """Start the rules as a new process does."""
        self.ruling = Ruling(
            lambda: files_of(self.folder, ["*.yaml"], False),
            self.store,
            Engine(),
            interval=15,
            clock=lambda: self.now,
            labels={},
        )
        self.ruling.open()

    def load(self, value: float) -> None:
        self.now += 15
        self.store.append(series_of({"job": "x"}, "load"), int(self.now * 1000), value)

    def evaluate(self) -> None:
        for memory in self.ruling.memories:
            evaluate(memory, self.ruling._schedule.setting, int(self.now * 1000))

    def round(self) -> list[str]:
        """Do what a round does; return the states that the alerts turned to."""
        for flip in self.judge.look(self.now, self.ruling.findings(self.judge)):
            self.judge.apply(flip)
        held = self.judge.standings.values()
        turns = self.ledger.turns([(s.subject, s.state, s.reason, s.severity) for s in held])
        for turn in turns:
            self.rows.append((self.now, turn.subject, turn.after, turn.reason, turn.severity))
            self.ledger.apply(turn)
        return [turn.after for turn in turns]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Yield a scene whose rules were never evaluated."""
    made = Scene(tmp_path)
    yield made
    made.store.close()


def test_an_alert_goes_from_rule_to_notice_and_back(scene: Scene) -> None:
    """Fires once with the rule's labels and annotations, resolves once, and then leaves no trace."""
    scene.load(9.0)
    scene.evaluate()
    assert (scene.round(), scene.round()) == (["firing"], [])
    scene.load(1.0)
    scene.evaluate()
    assert (scene.round(), scene.round(), scene.round()) == (["resolved"], [], [])
    assert scene.judge.standings == {}
    fired, resolved = notices(scene.rows)
    assert dict(fired.alert.labels) == {"alertname": "a/b", "job": "x", "severity": "critical"}
    told = {"summary": "load of x is 9", "note": "x", "reason": "load of x is 9"}
    assert dict(fired.alert.annotations) == told
    assert dict(resolved.alert.annotations) == told | {"resolved_by": "the expression no longer holds"}


def test_a_restart_neither_resolves_nor_fires_again(scene: Scene) -> None:
    """Before the first evaluation nothing is known, even where ALERTS was not written in time."""
    scene.load(9.0)
    scene.evaluate()
    scene.round()
    scene.now += 2 * 3600  # longer than alerts are restored from the store
    scene.begin()
    assert scene.ruling.memories[0].alerts == ()
    assert (scene.round(), scene.round()) == ([], [])
    assert [standing.state for standing in scene.judge.shown(scene.now)] == ["unknown"]
    scene.load(9.0)
    scene.evaluate()
    assert scene.round() == []
    scene.load(0.0)
    scene.evaluate()
    assert scene.round() == ["resolved"]


def test_a_rule_that_is_removed_ends_its_alert(scene: Scene) -> None:
    """An alert whose rule has gone from the file is resolved."""
    scene.load(9.0)
    scene.evaluate()
    scene.round()
    scene.path.write_text("groups: []")
    scene.begin()
    assert scene.round() == ["resolved"]


def test_a_label_bomb_does_not_keep_alerts_from_being_stored(scene: Scene) -> None:
    """Where the store takes no more series, ALERTS still has room: a restart must find what fired."""
    scene.load(9.0)
    scene.store._max_series = 1
    scene.evaluate()
    names = {dict(labels)["__name__"] for _, labels in scene.store.known()}
    assert names == {"load", "ALERTS", "ALERTS_FOR_STATE"}
    scene.begin()
    assert [alert.state for alert in scene.ruling.memories[0].alerts] == ["firing"]


@pytest.mark.parametrize("step", [-3600, 3600], ids=["back", "forth"])
def test_a_clock_that_jumps_by_an_hour_neither_resolves_nor_tells_again(scene: Scene, step: int) -> None:
    """What fires goes on firing by the new time, and ends once."""
    scene.load(9.0)
    scene.evaluate()
    assert scene.round() == ["firing"]
    scene.now += step
    scene.ruling._take(scene.ruling._groups)
    scene.load(9.0)
    scene.evaluate()
    assert scene.round() == []
    assert [alert.state for alert in scene.ruling.memories[0].alerts if alert.state != "resolved"]


def test_a_broken_file_is_an_error_that_names_the_line(scene: Scene) -> None:
    """At the start, what cannot be used is refused."""
    scene.path.write_text("groups:\n- name: g\n  rules: [{alert: x, expr: 'sum('}]\n")
    with pytest.raises(RuleFileError, match=r"r\.yaml:3"):
        scene.begin()


def test_subjects_hold_the_labels_whatever_they_are() -> None:
    """Slashes, quotes and letters of any script come back from the row."""
    labels = {"alertname": "x/y", "n": 'a"/\\ü\n'}
    subject = f"rule/x_y/{json.dumps(labels, sort_keys=True, separators=(',', ':'), ensure_ascii=False)}"
    assert dict(labels_of(subject, "warning")) == labels


def test_patterns_of_rule_files_are_found_once_each(tmp_path: Path) -> None:
    """Relative to the configuration, absolute ones as they are, the pack before them."""
    for name in ("b.yaml", "a.yaml"):
        (tmp_path / name).write_text("groups: []")
    found = files_of(tmp_path, ["*.yaml", str(tmp_path / "a.yaml"), "absent.yaml"], False)
    assert found == [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    assert len(files_of(tmp_path, [], True)) >= 3


def test_findings_of_the_judge_are_left_alone(scene: Scene) -> None:
    """Only subjects of rules are the rules' business."""
    for flip in scene.judge.look(scene.now, [Finding("target/a/b", "down")]):
        scene.judge.apply(flip)
    assert scene.ruling.findings(scene.judge) == []
