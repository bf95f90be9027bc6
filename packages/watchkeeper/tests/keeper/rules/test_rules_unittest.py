"""Unit tests of rules: what passes, what fails, what cannot be used."""

import pytest

from watchkeeper.keeper.rules import read
from watchkeeper.keeper.rules.errors import TestFileError
from watchkeeper.keeper.rules.unittest import read_tests, run_tests

RULES = """
groups:
  - name: g
    rules:
      - {record: twice, expr: m * 2}
      - {alert: High, expr: m > 2, for: 1m, labels: {severity: page}, annotations: {text: "{{ $value }}"}}
"""
TEST = """
tests:
  - name: a test
    interval: 1m
    input_series:
      - {series: 'm{job="j"}', values: "1 3 3 0"}
    alert_rule_test:
      - eval_time: 2m
        alertname: High
        exp_alerts:
          - {exp_labels: {job: j, severity: page}, exp_annotations: {text: "3"}}
      - {eval_time: 3m, alertname: High}
    promql_expr_test:
      - {expr: twice, eval_time: 1m, exp_samples: [{labels: 'twice{job="j"}', value: 6}]}
"""


def failed(tests: str = TEST, rules: str = RULES) -> list[str]:
    return [str(one) for one in run_tests(read_tests(tests), read(rules).groups)]


def test_a_good_test_passes() -> None:
    """Alerts and expressions are as expected."""
    assert failed() == []


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("severity: page}, exp", "severity: ticket}, exp", "alertname: High, time: 2m"),
        ('text: "3"', 'text: "4"', "alertname: High, time: 2m"),
        ("eval_time: 3m", "eval_time: 2m", "exp: []"),
        ("value: 6", "value: 6.5", "expr: 'twice', time: 1m"),
        ("expr: twice,", "expr: nothing,", "got: nil"),
        ("expr: twice,", "expr: 'sum(',", "err: "),
        ("1 3 3 0", "1 3 0 0", "got: []"),
    ],
)
def test_a_wrong_expectation_fails_and_says_what_was_there(old: str, new: str, wanted: str) -> None:
    """Each part of an expectation is compared."""
    assert old in TEST
    (text,) = failed(TEST.replace(old, new, 1))
    assert wanted in text
    assert text.startswith("name: a test, line 3: ")


def test_a_rule_that_cannot_be_evaluated_fails_the_test() -> None:
    """An error in a rule is no passing test."""
    (text,) = failed(rules=RULES.replace("expr: m * 2", "expr: 'm[5m]'"))
    assert "rule: twice, time: 0s, err: rule result is not a vector or scalar" in text


def test_annotations_may_be_left_out_where_asked() -> None:
    """ignore_annotations compares labels alone, for a case or for a test."""
    bare = TEST.replace(', exp_annotations: {text: "3"}', "")
    assert failed(bare)
    assert (
        failed(bare.replace("alertname: High\n", "alertname: High\n        ignore_annotations: true\n")) == []
    )
    assert failed(bare.replace("name: a test\n", "name: a test\n    ignore_annotations: true\n")) == []


def test_fuzzy_comparison_forgives_the_last_bit_only() -> None:
    """0.1 + 0.2 is 0.3 when asked to be lenient, and 0.31 never is."""
    tests = """
fuzzy_compare: %s
tests:
  - promql_expr_test: [{expr: '0.1 + 0.2', eval_time: 0, exp_samples: [{labels: '{}', value: %s}]}]
"""
    assert failed(tests % ("false", "0.3"))
    assert failed(tests % ("true", "0.3")) == []
    assert failed(tests % ("true", "0.31"))


def test_a_start_timestamp_moves_the_whole_test() -> None:
    """time() is the start plus eval_time; both notations of a start are known."""
    for start in ("1609459200", "2021-01-01T00:00:00Z"):
        tests = f"""
tests:
  - start_timestamp: {start}
    input_series: [{{series: m, values: "1 2"}}]
    promql_expr_test:
      - {{expr: time(), eval_time: 1m, exp_samples: [{{labels: '{{}}', value: 1609459260}}]}}
      - {{expr: m, eval_time: 1m, exp_samples: [{{labels: m, value: 2}}]}}
"""
        assert failed(tests) == []


def test_zero_repeated_is_no_hexadecimal_number() -> None:
    """In series `0x3` is four zeros."""
    tests = """
tests:
  - input_series: [{series: m, values: "0x3 1 -0x1"}]
    promql_expr_test:
      - {expr: m, eval_time: 3m, exp_samples: [{labels: m, value: 0}]}
      - {expr: m, eval_time: 4m, exp_samples: [{labels: m, value: 1}]}
"""
    assert failed(tests) == []


def test_groups_are_evaluated_in_the_order_asked_for() -> None:
    """group_eval_order decides which group sees the other's samples of the same time."""
    rules = """
groups:
  - {name: reads, rules: [{record: b, expr: a + 1}]}
  - {name: writes, rules: [{record: a, expr: time()}]}
"""
    tests = """
group_eval_order: [%s]
tests:
  - promql_expr_test: [{expr: b, eval_time: 1m, exp_samples: [{labels: b, value: %d}]}]
"""
    assert failed(tests % ("writes, reads", 61), rules) == []
    assert failed(tests % ("reads, writes", 1), rules) == []


def test_only_the_chosen_tests_run() -> None:
    """A name can be chosen; what is not chosen cannot fail."""
    wrong = TEST.replace("value: 6", "value: 7")
    assert run_tests(read_tests(wrong), read(RULES).groups, lambda name: name != "a test") == []


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("alertname: High}", "}", "misses required attribute alertname"),
        ("eval_time: 2m", "eval_time: 2", "not a valid duration"),
        ("values:", "value:", "did you mean 'values'?"),
        ("1 3 3 0", "1 3 3 zero", "not a point: zero"),
        ('m{job="j"}', "m{job=", "series 'm{job='"),
        ("value: 6", "value: six", "could not convert"),
        ("value: 6", "histogram: '{{}}'", "native histograms are not supported"),
        ("tests:", "group_eval_order: [a, a]\ntests:", "group name repeated in evaluation order: a"),
    ],
)
def test_a_file_of_tests_is_read_strictly(old: str, new: str, wanted: str) -> None:
    """A slip in a test is a problem with its line, not a test that passes."""
    with pytest.raises(TestFileError) as refusal:
        read_tests(TEST.replace(old, new, 1))
    assert wanted in str(refusal.value)
    assert refusal.value.problems[0].line > 0
