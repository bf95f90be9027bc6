"""The how-to pages: every block of code on them is run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Until = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
GLOBAL = {"scrape_interval": "500ms", "scrape_timeout": "400ms", "evaluation_interval": "500ms"}
KEEPER = "http://127.0.0.1:8080"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def blocks(page: str, kind: str) -> list[str]:
    """Return the page's blocks of one kind."""
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text()
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def run(line: str, keeper: Any) -> subprocess.CompletedProcess[str]:
    """Run one line of a page against a keeper on another port."""
    command = line.replace(KEEPER, keeper.base)
    verb = re.match(r"watchkeeper (query|tsdb (?:status|verify|snapshot))", command)
    if verb:
        command += f" --url {keeper.base}"
    command = re.sub(r"^watchkeeper", f"{sys.executable} -m watchkeeper", command)
    return subprocess.run(
        command, shell=True, cwd=keeper.folder, capture_output=True, text=True, timeout=60, check=False
    )


def scraping(port: int) -> list[dict[str, Any]]:
    return [{"job_name": "arb", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}]


def test_every_command_of_the_page_on_queries_runs(programs: Any, until: Until) -> None:
    """Each line succeeds on a keeper that watches a bot, and those that ask for the present find it."""
    bot = programs.bot()
    keeper = programs.keeper(**{"global": GLOBAL}, scrape_configs=scraping(bot.port))
    until(lambda: len(keeper.api("query", query="up[1m]")["result"][:1]), "a scrape")
    lines = [line for block in blocks("query", "sh") for line in block.splitlines()]
    assert len(lines) >= 10
    for line in lines:
        done = run(line, keeper)
        assert done.returncode == 0, (line, done.stderr)
        if "start" not in line and "rate(" not in line:
            assert done.stdout.strip(), line
        if line.startswith("curl") and "federate" not in line:
            assert json.loads(done.stdout)["status"] == "success", line


def test_the_rules_of_the_page_on_rules_record_and_alert(programs: Any, until: Until) -> None:
    """The rule file is checked, evaluated with the settings given there, and its queries are answered."""
    rules, settings = blocks("rules", "yaml")
    bot = programs.bot()
    folder = programs.folder / "rules"
    folder.mkdir()
    (folder / "bot.yaml").write_text(rules)
    tree = yaml.safe_load(settings)
    tree["rule_files"] = [str(programs.folder / pattern) for pattern in tree["rule_files"]]
    tree["global"] = {**tree["global"], **GLOBAL}
    keeper = programs.keeper(**tree, scrape_configs=scraping(bot.port))
    until(lambda: keeper.api("query", query="bot:swaps:rate1m")["result"], "the recorded series")
    for line in blocks("rules", "sh")[0].splitlines():
        done = run(line.replace("rules/bot.yaml", str(folder / "bot.yaml")), keeper)
        assert done.returncode == 0, (line, done.stderr)
    groups = keeper.api("rules")["groups"]
    assert {"NoSwaps", "bot:swaps:rate1m"} <= {rule["name"] for group in groups for rule in group["rules"]}


@pytest.mark.peer("prometheus", "victoria-metrics")
def test_the_settings_of_the_page_on_remote_write_move_samples(programs: Any, until: Until) -> None:
    """Prometheus' block sends to us, ours sends on to a long-term store, with the label given there."""
    ours, theirs = (yaml.safe_load(block) for block in blocks("remote-write", "yaml"))
    victoria = programs.victoria()
    ours["remote_write"][0]["url"] = ours["remote_write"][0]["url"].replace("8428", str(victoria.port))
    keeper = programs.keeper(**ours)
    theirs["remote_write"][0]["url"] = theirs["remote_write"][0]["url"].replace(KEEPER, keeper.base)
    own = {"global": {"scrape_interval": "1s", "scrape_timeout": "800ms"}}
    prometheus = programs.prometheus({**own, **theirs})
    job = [{"job_name": "self", "static_configs": [{"targets": [f"127.0.0.1:{prometheus.port}"]}]}]
    prometheus.end()
    path = prometheus.folder / "prometheus.yml"
    path.write_text(yaml.safe_dump({**own, **theirs, "scrape_configs": job}))
    prometheus.start()
    (line,) = blocks("remote-write", "sh")[0].splitlines()
    until(lambda: "prometheus_build_info" in run(line, keeper).stdout, "Prometheus' samples here")
    found = until(
        lambda: victoria.api("query", query="prometheus_build_info")["result"], "and in the long term"
    )
    assert found[0]["metric"]["site"] == "home"


def test_the_data_source_of_the_page_on_grafana_is_answered(programs: Any) -> None:
    """The file says what we are: its type, method and version fit what the keeper answers."""
    (source,) = yaml.safe_load(blocks("grafana", "yaml")[0])["datasources"]
    keeper = programs.keeper()
    assert (source["type"], source["url"]) == ("prometheus", KEEPER)
    form = FORM if source["jsonData"]["httpMethod"] == "POST" else {}
    status, body = keeper.ask("/api/v1/query", b"query=1%2B1&time=1700000000", form)
    assert (status, json.loads(body)["data"]["result"][1]) == (200, "2")
    assert keeper.api("status/buildinfo")["version"] == source["jsonData"]["prometheusVersion"]
