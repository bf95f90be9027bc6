"""check-rules, test-rules and coverage as commands: what they write and how they end."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.cli import main

GOOD = "groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]"
TEST = """
rule_files: [rules.yaml]
tests:
  - name: named
    input_series: [{series: 'up{job="j"}', values: "0"}]
    alert_rule_test: [{eval_time: 0, alertname: A, exp_alerts: [{exp_labels: {job: %s}}]}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(GOOD)
    (tmp_path / "good.yaml").write_text(TEST % "j")
    (tmp_path / "bad.yaml").write_text(TEST % "other")
    return tmp_path


def test_check_rules_counts_what_is_good(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good file ends with 0 and the number of its rules."""
    assert main(["check-rules", str(folder / "rules.yaml")]) == 0
    assert "SUCCESS: 1 rules found" in capsys.readouterr().out


def test_check_rules_names_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bad file ends with 1; its problems name file and line."""
    wrong = folder / "wrong.yaml"
    wrong.write_text(GOOD.replace("expr", "exprs"))
    assert main(["check-rules", str(wrong), str(folder / "rules.yaml")]) == 1
    assert f"{wrong}:1:" in capsys.readouterr().err


def test_check_rules_takes_duplicates_for_problems_unless_told_not_to(folder: Path) -> None:
    """--lint none is for files that are meant so."""
    twice = folder / "twice.yaml"
    twice.write_text("groups:\n- name: g\n  rules:\n  - {alert: A, expr: up}\n  - {alert: A, expr: down}\n")
    assert main(["check-rules", str(twice)]) == 1
    assert main(["check-rules", "--lint", "none", str(twice)]) == 0


def test_check_rules_without_files_checks_the_pack(capsys: pytest.CaptureFixture[str]) -> None:
    """The default rules are good."""
    assert main(["check-rules"]) == 0
    assert "arbitrage.yaml" in capsys.readouterr().out


def test_test_rules_passes_and_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 where all tests pass, 1 with the difference where one does not."""
    assert main(["test-rules", str(folder / "good.yaml")]) == 0
    assert main(["test-rules", str(folder / "good.yaml"), str(folder / "bad.yaml")]) == 1
    told = capsys.readouterr()
    assert "SUCCESS" in told.out
    assert "alertname: A, time: 0s" in told.err
    assert 'job="other"' in told.err


def test_test_rules_runs_the_tests_that_are_named(folder: Path) -> None:
    """What is not named cannot fail; a name that is no pattern is wrong usage."""
    assert main(["test-rules", "--run", "nothing", str(folder / "bad.yaml")]) == 0
    assert main(["test-rules", "--run", "nam", str(folder / "bad.yaml")]) == 1
    assert main(["test-rules", "--run", "(", str(folder / "bad.yaml")]) == 2


def test_test_rules_finds_rule_files_by_pattern(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Patterns are relative to the test's file or absolute; one that finds nothing is told."""
    inner = folder / "inner"
    inner.mkdir()
    for pattern in ("../rul*.yaml", str(folder / "ru*.yaml"), "../inner/../rules.yaml"):
        (inner / "test.yaml").write_text((TEST % "j").replace("rules.yaml", pattern))
        assert main(["test-rules", str(inner / "test.yaml")]) == 0, pattern
    (inner / "test.yaml").write_text((TEST % "j").replace("rules.yaml", "nothing*.yaml"))
    assert main(["test-rules", str(inner / "test.yaml")]) == 1
    assert "no file match pattern" in capsys.readouterr().err


def test_coverage_lists_what_no_alert_looks_at(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1 where something is left out, 0 where all is covered or need not be, 2 where nobody can know."""
    series = folder / "series"
    series.write_text('# what there is\nup{job="j"}\nprofit{job="j"}\n')
    words = ["coverage", str(folder / "rules.yaml"), "--series", str(series)]
    assert main(words) == 1
    assert "no alert looks at profit" in capsys.readouterr().out
    assert main([*words, "--ignore", "^profit$"]) == 0
    assert main(["coverage", "--series", str(folder / "nowhere")]) == 2
    assert main([*words, "--ignore", "("]) == 2


ANSWERS: dict[str, Any] = {
    "/api/v1/series": [{"__name__": "up", "job": "j"}, {"__name__": "profit", "job": "j"}],
    "/api/v1/rules": {"groups": [{"rules": [{"name": "A", "query": "up == 0", "type": "alerting"}]}]},
}


class Answering(BaseHTTPRequestHandler):
    """A Prometheus API that has two series and one rule."""

    def do_GET(self) -> None:
        body = json.dumps({"status": "success", "data": ANSWERS[self.path.partition("?")[0]]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_coverage_asks_the_keeper_for_its_series_and_its_rules(capsys: pytest.CaptureFixture[str]) -> None:
    """Without files the rules that are loaded count, whatever lies on the disk."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert main(["coverage", "--json", "--url", f"http://127.0.0.1:{server.server_address[1]}"]) == 1
        server.shutdown()
    found = json.loads(capsys.readouterr().out)
    assert found == {"uncovered": {"bots": [], "components": [], "metrics": ["profit"]}}
