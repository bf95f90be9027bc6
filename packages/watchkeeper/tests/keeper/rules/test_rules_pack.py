"""The default rules: each has tests that fire and tests that do not, and a page of the runbook."""

import re
from pathlib import Path

import pytest

from watchkeeper.keeper.rules import AlertingRule, load
from watchkeeper.keeper.rules.pack import pack_files
from watchkeeper.keeper.rules.unittest import read_tests, run_tests

TESTS = sorted((Path(__file__).parent / "pack").glob("*.test.yaml"))
RUNBOOK = Path(__file__).parents[5] / "docs/how-to/runbook.md"
ALERTS = [rule for path in pack_files() for rule in load(path).rules if isinstance(rule, AlertingRule)]

# Every limit that was asked for: words of the rule's expression that hold it.
LIMITS = {
    "ErrorRateHigh": "> 0.10",
    "CpuHigh": "> 0.90",
    "MemoryHigh": "> 0.85",
    "RpcFailures": "* 60 > 5",
    "FewOpportunities": "[1h]) < 1",
    "CacheHitRateLow": "< 0.7",
    "SequencerDisconnected": "== 0",
    "ParseLatencyHigh": "> 0.010",
    "DetectLatencyHigh": "> 0.025",
    "MessageLatencyHigh": "> 0.050",
    "EndToEndLatencyHigh": "> 0.100",
    "DailyLossWarning": "> 0.12",
    "DailyLossCritical": "> 0.15",
    "ApiSuccessRateLow": "< 0.8",
    "ApiFailuresRepeat": ">= 5",
    "ProcessMemoryAboveLimit": "> 2000e6",
    "MonitorBreakerTripped": "== 1",
    "CopyLossWarning": ">= 0.12 < 0.15",
    "CopyLossCritical": ">= 0.15",
    "CopyApiFailing": "< 0.8",
    "CopyDecidesSlowly": "> 0.045",
}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_the_tests_of_the_pack_pass(path: Path) -> None:
    """What the rules promise is so, to the word."""
    tests = read_tests(path.read_text(), str(path))
    groups = [
        group
        for pattern in tests.rule_files
        for group in load(pack_files()[0].parent / Path(pattern).name).groups
    ]
    assert [str(failed) for failed in run_tests(tests, groups)] == []
    assert tests.tests


def test_every_alert_is_seen_to_fire_and_to_stay_quiet() -> None:
    """A rule without both tests could fire always, or never."""
    cases = [case for path in TESTS for test in read_tests(path.read_text()).tests for case in test.alerts]
    names = {rule.name for rule in ALERTS}
    assert {case.name for case in cases if case.alerts} == names
    assert {case.name for case in cases if not case.alerts} == names


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_every_alert_says_how_bad_it_is_and_where_to_read_on(rule: AlertingRule) -> None:
    """Severity and service route it; summary and description explain it; the runbook has its chapter."""
    labels = {text.name: text.text for text in rule.labels}
    assert labels["severity"] in ("critical", "warning")
    assert labels["service"]
    notes = {text.name: text.text for text in rule.annotations}
    assert notes["summary"] and notes["description"]
    page, _, anchor = notes["runbook"].partition("#")
    assert page == "docs/how-to/runbook.md"
    assert anchor == rule.name.lower()
    assert re.search(rf"^## {rule.name}$", RUNBOOK.read_text(), re.MULTILINE)


@pytest.mark.parametrize(("name", "words"), LIMITS.items())
def test_every_limit_is_the_one_that_was_asked_for(name: str, words: str) -> None:
    """The figures of the rules are those of the specification."""
    (rule,) = [rule for rule in ALERTS if rule.name == name]
    assert words in rule.expr


def test_component_limits_are_those_asked_for() -> None:
    """500 MB for wallets, 300 MB for the scanner, 200 MB for the executor."""
    (rule,) = [rule for rule in ALERTS if rule.name == "ComponentMemoryAboveLimit"]
    limits = re.findall(r"(wallets|scanner|executor)[^>]*> (\w+)", rule.expr)
    assert limits == [("wallets", "500e6"), ("scanner", "300e6"), ("executor", "200e6")]
