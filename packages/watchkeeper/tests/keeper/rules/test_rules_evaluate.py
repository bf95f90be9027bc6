"""One evaluation of a group: what is written, what is raised, what a failure leaves alone."""

from collections.abc import Callable
from typing import Any

import numpy as np

from watchkeeper.keeper.promql import STALE_BITS, Sample
from watchkeeper.keeper.rules import Outcome

Make = Callable[..., Any]
MINUTE = 60_000


def group(rules: str, more: str = "") -> str:
    return f"groups: [{{name: g, {more} rules: [{rules}]}}]"


def written(outcome: Outcome) -> dict[str, float | str]:
    """Return the samples by name and labels; the stale marker is the word stale."""
    return {" ".join("=".join(pair) for pair in sample.labels): shown(sample) for sample in outcome.samples}


def shown(sample: Sample) -> float | str:
    stale = int(np.float64(sample.value).view(np.int64)) == STALE_BITS
    return "stale" if stale else sample.value


def test_a_recorded_series_has_the_rules_name_and_labels_and_ends_with_its_source(keeper: Make) -> None:
    """Labels of the rule win; a series that is no longer given ends with a stale marker, once."""
    k = keeper(group("{record: r, expr: m, labels: {job: own, team: t}}"))
    k.put(1, 5, job="theirs", host="h")
    assert written(k.at(1)) == {"__name__=r host=h job=own team=t": 5}
    assert written(k.at(7)) == {"__name__=r host=h job=own team=t": "stale"}
    assert written(k.at(8)) == {}


def test_a_rule_reads_what_the_rule_before_it_wrote(keeper: Make) -> None:
    """Rules of a group are evaluated in their order, at one time."""
    k = keeper(group("{record: a, expr: m * 2}, {record: b, expr: a + 1}"))
    k.put(1, 5)
    assert written(k.at(1)) == {"__name__=a": 10, "__name__=b": 11}


def test_a_scalar_is_a_series_without_labels(keeper: Make) -> None:
    """`expr: 7` records a constant."""
    assert written(keeper(group("{record: seven, expr: 7}")).at(1)) == {"__name__=seven": 7}


def test_an_alert_writes_its_two_series_and_its_next_state_ends_the_last(keeper: Make) -> None:
    """ALERTS tells the state, ALERTS_FOR_STATE since when (Unix seconds), as in Prometheus."""
    k = keeper(group("{alert: A, expr: m == 0, for: 1m, labels: {severity: page}}"))
    for minute in range(5):
        k.put(minute, 0 if minute < 3 else 1, job="j")
    base = "job=j severity=page"
    pending = f"__name__=ALERTS alertname=A alertstate=pending {base}"
    firing = f"__name__=ALERTS alertname=A alertstate=firing {base}"
    since = f"__name__=ALERTS_FOR_STATE alertname=A {base}"
    assert written(k.at(1)) == {pending: 1, since: 60}
    assert written(k.at(2)) == {firing: 1, since: 60, pending: "stale"}
    assert written(k.at(3)) == {firing: "stale", since: "stale"}
    assert [alert.state for alert in k.at(4).alerts] == ["resolved"]


def test_labels_and_annotations_are_expanded_with_the_samples_own_labels(keeper: Make) -> None:
    """The metric's name is known to templates, and is no label of the alert."""
    rule = (
        "{alert: A, expr: m > 1, labels: {sort: '{{ $labels.job }}-{{ $externalLabels.site }}', empty: ''},"
        " annotations: {text: '{{ $labels.__name__ }} {{ $value }} {{ $externalURL }}'}}"
    )
    k = keeper(group(rule))
    k.put(1, 2.5, job="j")
    (alert,) = k.at(1).alerts
    assert alert.labels == (("alertname", "A"), ("job", "j"), ("sort", "j-x"))
    assert alert.annotations == (("text", "m 2.5 http://k"),)


def test_a_template_that_fails_stands_in_the_text_and_is_told(keeper: Make) -> None:
    """An alert is raised though its text cannot be made."""
    k = keeper(group("{alert: A, expr: m, annotations: {text: '{{ first (query `none`) }}'}}"))
    k.put(1, 1)
    outcome = k.at(1)
    assert outcome.alerts[0].annotations[0][1].startswith("<error expanding template: ")
    assert [(failure.rule, failure.fatal) for failure in outcome.failures] == [("A", False)]


def test_a_failing_rule_leaves_the_others_and_its_alerts_alone(keeper: Make) -> None:
    """A bad expression is a failure with its reason; alerts neither end nor begin by it."""
    k = keeper(group("{alert: A, expr: m + on () n > 0}, {record: r, expr: m}"))
    k.put(1, 1)
    k.put(1, 1, "n")
    assert len(k.at(1).firing) == 1
    k.put(2, 1, "n", job="second")
    outcome = k.at(2)
    assert [failure.rule for failure in outcome.failures] == ["A"]
    assert len(outcome.firing) == 1
    assert written(outcome) == {"__name__=r": 1}
    alert, record = k.memories[0].rules
    assert (alert.health, record.health) == ("err", "ok")
    assert "many-to-one" in alert.last_error or "duplicate" in alert.last_error


def test_results_that_become_one_series_are_a_failure(keeper: Make) -> None:
    """No sample is chosen in silence."""
    for rule in ("{record: r, expr: m, labels: {job: one}}", "{alert: A, expr: m, labels: {job: one}}"):
        k = keeper(group(rule))
        k.put(1, 1, job="a")
        k.put(1, 2, job="b")
        (failure,) = k.at(1).failures
        assert "same labelset after applying" in failure.error


def test_a_limit_refuses_all_series_and_alerts_of_a_rule(keeper: Make) -> None:
    """A rule that gives too much gives nothing, and says so."""
    for rule, what in (("{record: r, expr: m}", "series"), ("{alert: A, expr: m}", "alerts")):
        k = keeper(group(rule, "limit: 1,"))
        k.put(1, 1, job="a")
        assert k.at(1).failures == ()
        k.put(2, 1, job="a")
        k.put(2, 1, job="b")
        outcome = k.at(2)
        assert [failure.error for failure in outcome.failures] == [f"exceeded limit of 1 with 2 {what}"]
        assert outcome.alerts == ()


def test_an_offset_looks_back_and_writes_back(keeper: Make) -> None:
    """query_offset moves the query and the samples, not the times of alerts; the group's own wins."""
    for more, offset in (("query_offset: 2m,", 0), ("", 2 * MINUTE), ("query_offset: 2m,", 9 * MINUTE)):
        k = keeper(group("{record: r, expr: m}, {alert: A, expr: m}", more), query_offset=offset)
        k.put(1, 5)
        k.put(3, 6)
        outcome = k.at(3)
        assert {sample.time for sample in outcome.samples} == {1 * MINUTE}
        assert outcome.samples[0].value == 5
        assert outcome.alerts[0].active_at == 3 * MINUTE


def test_a_result_that_is_no_vector_is_a_failure(keeper: Make) -> None:
    """Strings and ranges cannot be recorded."""
    for expr in ("m[5m]", "'text'"):
        k = keeper(group(f'{{record: r, expr: "{expr}"}}'))
        k.put(1, 1)
        assert [failure.error for failure in k.at(1).failures] == ["rule result is not a vector or scalar"]


def test_alerts_are_told_though_the_disk_is_full(keeper: Make) -> None:
    """What cannot be stored is a failure beside the alerts, not instead of them."""

    def full(samples: object) -> None:
        raise OSError("no space left on device")

    k = keeper(group("{alert: A, expr: vector(1)}"))
    k.setting = type(k.setting)(k.setting.engine, k.store, full)
    outcome = k.at(1)
    assert len(outcome.firing) == 1
    assert "no space left" in outcome.failures[0].error and not outcome.failures[0].fatal


def test_times_come_from_the_stopwatch_and_the_argument(keeper: Make) -> None:
    """The evaluation itself has no clock."""
    ticks = iter(range(100))
    k = keeper(group("{record: a, expr: 1}, {record: b, expr: 1}"), stopwatch=lambda: float(next(ticks)))
    k.at(3)
    (memory,) = k.memories
    assert (memory.evaluated_at, memory.iterations, memory.seconds) == (3 * MINUTE, 1, 5.0)
    assert [rule.seconds for rule in memory.rules] == [1.0, 1.0]
