"""Objectives in three languages: what is read, what is refused and where."""

from pathlib import Path

import pytest
import yaml

from watchkeeper.keeper.rules import read
from watchkeeper.keeper.slo import (
    Objective,
    ObjectiveInvalid,
    SliUnknown,
    compiled,
    read_objectives,
    rule_file,
)
from watchkeeper.keeper.slo.calendar import period_start
from watchkeeper.keeper.slo.pack import pack_files

SHARED = Path(__file__).resolve().parents[6] / "shared" / "data" / "openslo"
EXAMPLES = sorted(SHARED.rglob("*.yaml")) if SHARED.is_dir() else []


def text_of(found: list[Objective]) -> str:
    return rule_file([group for one in found for group in compiled(one)])


@pytest.mark.skipif(not EXAMPLES, reason="the examples of OpenSLO are absent")
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_openslos_examples_become_rules_that_can_be_evaluated(path: Path) -> None:
    """Each objective has recordings and two alerts of burn rates."""
    found = read_objectives(path.read_text())
    rules = read(text_of(found)).rules
    assert len([rule for rule in rules if rule.kind == "alerting"]) == 2 * len(found) > 0


@pytest.mark.parametrize("path", pack_files(), ids=lambda path: path.stem)
def test_the_packaged_objectives_are_good_rules(path: Path) -> None:
    """They compile to rules without duplicates."""
    file = read(text_of(read_objectives(path.read_text())))
    assert file.rules
    assert not file.lint


@pytest.mark.parametrize("path", pack_files(), ids=lambda path: path.stem)
def test_every_recorded_window_outlives_its_pause(path: Path) -> None:
    """Long windows are recorded less often than short ones, all of them well within the lookback."""
    for group in (group for one in read_objectives(path.read_text()) for group in compiled(one)):
        long = "long-recordings" in group.name
        assert group.interval == ("2m" if long else "1m")
        assert not long or {rule.labels["sloth_window"] for rule in group.rules} == {"2h", "6h", "1d", "3d"}


SHORT = "slos: [{name: a, service: s, objective: 99, bad: b_total, total: t_total%s}]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "slos: [{name: a, service: s, objectiv: 99}]",
            r"slos\[0\].objectiv: unknown key; did you mean 'objective'",
        ),
        (SHORT % ", period: x", r"slos\[0\].period: expected a length"),
        (SHORT % ", latency: {histogram: h, below: 1s}", "expected exactly one of"),
        (SHORT % ", min_failures: -1", r"slos\[0\].min_failures"),
        (SHORT % ", by: job", r"slos\[0\].by: expected a list"),
        (SHORT % ", alert: {pages: {}}", r"slos\[0\].alert.pages: unknown key; did you mean 'page'"),
        (
            "slos: [{name: a, service: s, objective: 100, bad: b, total: t}]",
            r"objective: expected a number above 0",
        ),
        (
            "slos: [{name: a, service: s, objective: 99, bad: 'rate(b[5m])', total: t}]",
            "expected a plain selector",
        ),
        ("slos: [{name: a, service: s, objective: 99, bad: 'b{', total: t}]", "not PromQL"),
        ("slos: [{name: a, service: s, objective: 99, fraction: up, min_failures: 3}]", "counted events"),
        (
            "slos: [{name: a, service: s, objective: 99, latency: {histogram: h, below: soon}}]",
            "below: expected a length",
        ),
        ("slos: [{name: a, objective: 99, bad: b, total: t}]", r"slos\[0\].service: expected a text"),
        ("slos: 3", "slos: expected a list"),
        ("- 1", "expected a mapping"),
        ("a: [", "not YAML"),
        ("a: " + "[" * 3000, "nests too deep"),
        ("apiVersion: openslo/v9\nkind: SLO", "apiVersion: expected openslo/v1alpha or openslo/v1"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    """The text holds the place and what is right there."""
    with pytest.raises(ObjectiveInvalid, match=said):
        read_objectives(text)


def test_two_objectives_of_one_name_are_refused() -> None:
    """Their series would be the same."""
    one = "{name: a, service: s, objective: 99, bad: b_total, total: t_total}"
    with pytest.raises(ObjectiveInvalid, match="s-a: two objectives"):
        read_objectives(f"slos: [{one}, {one}]")


def test_a_query_that_is_not_promql_is_refused_at_compiling() -> None:
    """The text names the objective."""
    (one,) = read_objectives("slos: [{name: a, service: s, objective: 99, error_ratio: 'sum('}]")
    with pytest.raises(ObjectiveInvalid, match="s-a: not PromQL"):
        compiled(one)


def test_an_unknown_plugin_is_an_error_of_its_own() -> None:
    """It says how to stand in for a Go program."""
    text = "version: prometheus/v1\nservice: s\nslos: [{name: a, objective: 99, sli: {plugin: {id: mine}}}]"
    with pytest.raises(SliUnknown, match=r"mine: \{error_query"):
        read_objectives(text)


OPENSLO = """
apiVersion: openslo/v1
kind: SLI
metadata: {name: answers}
spec:
  ratioMetric:
    counter: true
    good: {metricSource: {type: Prometheus, spec: {query: 'good_total{job="a"}'}}}
    total: {metricSource: {type: Prometheus, spec: {query: total_total}}}
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast}
spec: {severity: page, condition: {kind: burnrate, op: gte, threshold: 2, lookbackWindow: 1h, alertAfter: 5m}}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: on-fire}
spec: {conditions: [{conditionRef: fast}]}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: answers}
spec:
  service: api
  indicatorRef: answers
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.995}]
  alertPolicies: [on-fire]
"""


def test_openslo_documents_refer_to_each_other() -> None:
    """An indicator, a policy and its condition are found by their names."""
    (one,) = read_objectives(OPENSLO)
    assert (one.target, one.period, one.policies[0].factor, one.policies[0].hold) == (
        99.5,
        28 * 86_400,
        2,
        300,
    )
    text = text_of([one])
    assert 'sum(rate(good_total{job="a"}[5m]))' in text
    (policy,) = [rule for group in compiled(one) for rule in group.rules if getattr(rule, "hold", "")]
    assert "ratio_rate1h" in policy.expr
    assert ">= (2 * 0.005)" in policy.expr


def test_a_list_of_documents_is_as_good_as_many() -> None:
    """OpenSLO's own tools write them so."""
    listed = yaml.safe_dump(list(yaml.safe_load_all(OPENSLO)))
    assert read_objectives(listed) == read_objectives(OPENSLO)


SLOTH = """
version: prometheus/v1
service: api
slos:
- name: answers
  objective: 99.9
  interval: {INTERVAL}
  sli: {events: {error_query: 'rate(bad[{{.window}}])', total_query: 'rate(all[{{.window}}])'}}
  alerting: {name: Answers, ticket_alert: {disable: true}}
"""


@pytest.mark.parametrize(
    ("interval", "found"),
    [
        ("slierror: 4m, metadata: 2m, alert: 30s", ["4m", "2m", "30s"]),
        ("all: 5m", ["5m", "5m", "5m"]),
        ("all: 5m, alert: 1m", ["5m", "5m", "1m"]),
    ],
)
def test_sloths_groups_are_looked_at_as_often_as_told(interval: str, found: list[str]) -> None:
    """All alike, or each kind of group by its own interval."""
    (one,) = read_objectives(SLOTH.replace("INTERVAL", interval))
    assert [group.interval for group in compiled(one)] == found


@pytest.mark.parametrize("interval", ["alert: soon", "alerts: 1m"])
def test_an_interval_that_is_none_is_named(interval: str) -> None:
    with pytest.raises(ObjectiveInvalid, match=r"slos\[0\]\.interval\.alert"):
        read_objectives(SLOTH.replace("INTERVAL", interval))


def test_a_missing_document_is_named() -> None:
    """Who refers to it is named, too."""
    with pytest.raises(ObjectiveInvalid, match=r"spec\.indicatorRef: no SLI named 'other'"):
        read_objectives(OPENSLO.replace("indicatorRef: answers", "indicatorRef: other"))


def test_a_source_that_speaks_another_language_is_refused() -> None:
    """A query for Datadog is no PromQL."""
    with pytest.raises(ObjectiveInvalid, match="expected a source that speaks PromQL, got 'Datadog'"):
        read_objectives(OPENSLO.replace("type: Prometheus", "type: Datadog", 1))


@pytest.mark.parametrize(
    ("calendar", "zone", "now", "start"),
    [
        ("1M", "UTC", 1_700_000_000, 1_698_796_800),  # 2023-11-14 to 2023-11-01
        ("1M", "America/New_York", 1_700_000_000, 1_698_811_200),  # before the clocks went back
        ("1w", "UTC", 1_700_000_000, 1_699_833_600),  # Monday 2023-11-13
        ("1Q", "UTC", 1_700_000_000, 1_696_118_400),  # 2023-10-01
        ("1Y", "UTC", 1_700_000_000, 1_672_531_200),  # 2023-01-01
        ("1d", "Asia/Tokyo", 1_700_000_000, 1_699_974_000),  # 2023-11-15 there
    ],
)
def test_a_calendar_period_begins_at_midnight_of_its_zone(
    calendar: str, zone: str, now: float, start: float
) -> None:
    """The periods are those of the calendar, not of the clock."""
    assert period_start(calendar, zone, now) == start
