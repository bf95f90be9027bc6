"""Rules in the running keeper: results, alerts, restarts, changed files, the default pack."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

Until = Callable[..., Any]
GLOBAL = {"scrape_interval": "500ms", "scrape_timeout": "400ms", "evaluation_interval": "500ms"}
RULES = """
groups:
- name: mine
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - alert: BotIsDown
    expr: sum by (job) (up) == 0
    for: 1s
    labels: {severity: critical, team: desk}
    annotations: {summary: "{{ $labels.job }} is down", runbook: "docs/how-to/runbook.md"}
  - alert: Idle
    expr: job:up:sum > 100
"""
QUIET = {"target_down": {"for": "1h"}, "component": {"for": "1h"}, "every": "200ms"}


def keeper_of(programs: Any, port: int, rules: str = RULES, **settings: Any) -> Any:
    path = programs.folder / "rules.yaml"
    path.write_text(rules)
    job = {"job_name": "arb", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    tree = {"global": GLOBAL, "scrape_configs": [job], "rule_files": [str(path)], "judge": QUIET}
    return programs.keeper(**{**tree, "store": {"flush": "200ms"}, **settings})


def told(keeper: Any) -> list[dict[str, Any]]:
    """Return the lines of the alert file."""
    path: Path = keeper.folder / "data" / "alerts.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def states(keeper: Any, name: str) -> list[str]:
    return [row["status"] for row in told(keeper) if row["labels"]["alertname"] == name]


def test_a_rule_records_and_an_alert_is_told_once_over_a_kill(programs: Any, until: Until) -> None:
    """Pending, firing, told; killed and started again it fires on and is not told again; then it resolves."""
    bot = programs.bot()
    keeper = keeper_of(programs, bot.port)
    until(lambda: keeper.api("query", query="job:up:sum")["result"], "the recorded series")
    bot.end(signal.SIGKILL)
    until(lambda: states(keeper, "BotIsDown") == ["firing"], "the alert")
    line = told(keeper)[-1]
    assert line["labels"] == {"alertname": "BotIsDown", "job": "arb", "severity": "critical", "team": "desk"}
    assert line["annotations"]["summary"] == "arb is down"
    assert line["annotations"]["runbook"] == "docs/how-to/runbook.md"
    firing = keeper.api("alerts")["alerts"]
    assert [alert["state"] for alert in firing] == ["firing"] and firing[0]["value"] == "0e+00"
    # A kill loses what is younger than the flush interval; what is some seconds old is on the disk.
    old = 'ALERTS{alertstate="firing"} offset 5s'
    held = until(lambda: keeper.api("query", query=old)["result"], "ALERTS of five seconds ago")
    assert held[0]["metric"]["team"] == "desk"
    keeper.end(signal.SIGKILL)
    keeper.start()
    group = until(lambda: fresh(keeper), "evaluations after the restart")
    assert {rule["name"]: rule.get("state") for rule in group["rules"]}["BotIsDown"] == "firing"
    assert keeper.api("alerts")["alerts"][0]["activeAt"][:19] == firing[0]["activeAt"][:19]
    bot.start()
    until(lambda: states(keeper, "BotIsDown") == ["firing", "resolved"], "the end, told once")
    assert told(keeper)[-1]["annotations"]["resolved_by"] == "the expression no longer holds"
    until(lambda: not keeper.api("query", query="ALERTS")["result"], "no ALERTS any more")


def fresh(keeper: Any) -> Any:
    """Return the group once it was evaluated since the start."""
    (group,) = keeper.api("rules")["groups"]
    return group if all(rule["health"] == "ok" for rule in group["rules"]) else None


ADDRESSED = """
groups:
- name: mine
  rules:
  - alert: Here
    expr: vector(1)
    labels: {team: desk}
    annotations: {link: "{{ externalURL }}/graph {{ $externalURL }} {{ pathPrefix }}"}
  - record: there
    expr: vector(2)
    labels: {team: lab}
"""


def test_templates_know_the_keepers_address_and_rules_are_chosen_by_labels(
    programs: Any, until: Until
) -> None:
    """The address is the configured one, else the door; match[] compares a rule's own labels."""
    keeper = keeper_of(programs, 1, ADDRESSED)
    [alert] = until(lambda: keeper.api("alerts")["alerts"], "the alert")
    assert alert["annotations"]["link"] == f"{keeper.base}/graph {keeper.base} "

    def chosen(*selectors: str) -> list[str]:
        query = urllib.parse.urlencode([("match[]", selector) for selector in selectors])
        groups = json.loads(keeper.ask(f"/api/v1/rules?{query}")[1])["data"]["groups"]
        return [rule["name"] for group in groups for rule in group["rules"]]

    assert chosen('{team="desk"}') == ["Here"]
    assert chosen('{team="desk"}', '{team=~"l.+"}') == chosen() == ["Here", "there"]
    assert chosen('{team="desk", none!=""}') == []
    assert keeper.ask("/api/v1/rules?match[]=x%7B")[0] == 400


def test_rules_are_read_anew_when_their_file_changes(programs: Any, until: Until) -> None:
    """New rules are taken within seconds; a broken file leaves what was there and is told in the log."""
    bot = programs.bot()
    keeper = keeper_of(programs, bot.port)
    until(lambda: fresh(keeper), "the first evaluation")
    path = programs.folder / "rules.yaml"
    path.write_text("groups: [{name: mine, rules: [{record: a, expr: 'sum('}]}]")
    until(lambda: "the rules stay as they were" in keeper.log(), "the complaint")
    assert len(keeper.api("rules")["groups"][0]["rules"]) == 3
    tree = yaml.safe_load(RULES)
    tree["groups"][0]["rules"].append({"record": "one", "expr": "vector(1)"})
    path.write_text(yaml.safe_dump(tree))
    until(lambda: keeper.api("query", query="one")["result"], "the new rule's result")


def test_a_rule_file_that_cannot_be_used_keeps_the_keeper_from_starting(programs: Any) -> None:
    """A start with broken rules is refused, naming file and line: half a watch is worse than none."""
    keeper = keeper_of(programs, 1)
    keeper.end()
    (programs.folder / "rules.yaml").write_text("groups:\n- name: x\n  rulez: []\n")
    done = subprocess.run(keeper.command, cwd=keeper.folder, capture_output=True, timeout=30, check=False)
    assert done.returncode == 2 and b"rules.yaml:3" in done.stderr and b"rulez" in done.stderr


def test_the_default_pack_is_on_and_does_not_repeat_the_judge(programs: Any, until: Until) -> None:
    """With `rules.pack` its groups are evaluated; a target that is down is told by the judge alone."""
    bot = programs.bot()
    job = {"job_name": "arb", "static_configs": [{"targets": [f"127.0.0.1:{bot.port}"]}]}
    keeper = programs.keeper(
        **{"global": GLOBAL}, scrape_configs=[job], rules={"pack": True}, judge={"every": "200ms"}
    )
    groups = until(lambda: packed(keeper), "an evaluation of every group")
    names = {rule["name"] for group in groups for rule in group["rules"]}
    assert {"TargetDown", "ComponentUnhealthy", "EventLoopHangs"} <= names
    assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}
    bot.end(signal.SIGKILL)
    until(lambda: states(keeper, "TargetDown") == ["firing"], "the judge's alert")
    rows = (row["labels"] for row in told(keeper) if row["labels"]["alertname"] == "TargetDown")
    assert next(rows).keys() == {"alertname", "instance", "job", "severity"}


def packed(keeper: Any) -> Any:
    groups = keeper.api("rules")["groups"]
    done = all(rule["health"] != "unknown" for group in groups for rule in group["rules"])
    return groups if done else None
