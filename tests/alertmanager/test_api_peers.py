"""Alertmanager's API against its real clients, and beside the real Alertmanager."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

PATIENCE = 60.0
CONFIG = """
route:
  receiver: people
  group_by: [alertname]
  group_wait: 200ms
  group_interval: 1s
  routes:
  - {matchers: [severity="critical"], receiver: others}
receivers:
- name: people
- {name: others, webhook_configs: [{url: 'http://127.0.0.1:1/hook'}]}
"""
RULES = """
groups:
- name: g
  interval: 1s
  rules:
  - alert: Always
    expr: EXPR
    labels: {severity: critical}
    annotations: {summary: 'it is {{ $value }}'}
"""


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def until(question: Callable[[], Any], what: str) -> Any:
    """Ask until the answer is true; fail when patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.05)
    pytest.fail(f"never saw: {what}")


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except OSError:
        return False
    return True


@contextmanager
def running(*words: str) -> Iterator[None]:
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


class Amtool:
    """The real amtool, asked about one address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, *words: str, code: int = 0) -> str:
        told = subprocess.run(
            ["amtool", f"--alertmanager.url={self._url}", *words],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert told.returncode == code, told.stderr
        return told.stdout


@pytest.mark.peer("amtool")
def test_amtool_adds_and_finds_alerts(stand: Any) -> None:
    """With labels, annotations, an end, and by matchers."""
    amtool = Amtool(stand(CONFIG).url)
    amtool(
        "alert", "add", "alertname=Down", "bot=arb", "severity=critical", "--annotation=summary=it is down"
    )
    amtool("alert", "add", "Slow", "bot=copy")
    found = json.loads(amtool("alert", "query", "-o", "json", "bot=arb"))
    assert [one["labels"] for one in found] == [{"alertname": "Down", "bot": "arb", "severity": "critical"}]
    assert found[0]["receivers"] == [{"name": "others"}]
    assert "it is down" in amtool("alert", "query")
    assert (
        json.loads(amtool("alert", "query", "-o", "json", "--receiver=people"))[0]["labels"]["alertname"]
        == "Slow"
    )
    assert amtool("alert", "query", "-o", "json", "nope=x").strip() == "[]"


@pytest.mark.peer("amtool")
def test_amtool_lives_through_a_silence(stand: Any) -> None:
    """Added, found, changed, exported, expired, imported again."""
    amtool = Amtool(stand(CONFIG).url)
    amtool("alert", "add", "alertname=Down", "bot=arb")
    made = amtool("silence", "add", "bot=~a.+", "-c", "because", "-a", "eva", "-d", "1h").strip()
    assert amtool("silence", "query", "-q").strip() == made
    assert amtool("alert", "query", "-o", "json").strip() == "[]"
    assert json.loads(amtool("alert", "query", "-o", "json", "--silenced"))[0]["status"]["silencedBy"] == [
        made
    ]
    assert made in amtool("silence", "update", "-d", "2h", "-c", "longer", made)
    exported = amtool("silence", "query", "-o", "json")
    assert json.loads(exported)[0]["comment"] == "longer"
    amtool("silence", "expire", made)
    assert amtool("silence", "query", "-q") == ""
    assert amtool("silence", "query", "-q", "--expired").strip() == made
    amtool("silence", "expire", made)  # once more, as the real one lets it pass
    amtool("silence", "expire", "00000000-0000-0000-0000-000000000000", code=1)
    amtool("silence", "add", "bot=~.*", "-c", "all", "-a", "eva", code=1)


@pytest.mark.peer("amtool")
def test_amtool_reads_silences_from_a_file(stand: Any, tmp_path: Path) -> None:
    """What one keeper exported another one imports."""
    desk = stand(CONFIG)
    amtool, file = Amtool(desk.url), tmp_path / "silences.json"
    amtool("silence", "add", "bot=arb", "-c", "because", "-a", "eva", "-d", "1h")
    rows = [{key: one[key] for key in ("matchers", "startsAt", "endsAt", "createdBy", "comment")}
            for one in json.loads(amtool("silence", "query", "-o", "json"))]  # fmt: skip
    file.write_text(json.dumps(rows))
    amtool("silence", "import", str(file))
    assert len(desk.ask("/api/v2/silences")[1]) == 2


@pytest.mark.peer("amtool")
def test_amtool_shows_the_configuration_and_its_routes(stand: Any, tmp_path: Path) -> None:
    """It reads what the status says as its own file, our keys and secrets left out."""
    amtool = Amtool(stand(CONFIG + "watchkeeper: {acknowledge_for: 1h}\n").url)
    shown = tmp_path / "shown.yml"
    shown.write_text(amtool("config", "show"))
    assert "SUCCESS" in amtool("check-config", str(shown))
    assert "<secret>" in shown.read_text()
    assert "receiver: others" in amtool("config", "routes", "show")
    assert amtool("config", "routes", "test", "severity=critical").strip() == "others"
    amtool("config", "routes", "test", "--verify.receivers=others", "severity=info", code=1)
    assert "disabled" in amtool("cluster", "show")


@pytest.mark.peer("prometheus")
def test_a_real_prometheus_delivers_its_alerts(stand: Any, tmp_path: Path) -> None:
    """Firing arrives with labels, annotations and source, and so does the end."""
    desk = stand(CONFIG)
    port = free_port()
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES.replace("EXPR", "vector(1) == 1"))
    config = {
        "global": {"evaluation_interval": "1s", "external_labels": {"replica": "one"}},
        "rule_files": [str(rules)],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [desk.url.removeprefix("http://")]}]}]
        },
    }
    (tmp_path / "p.yml").write_text(yaml.safe_dump(config))
    words = (
        "prometheus",
        f"--config.file={tmp_path / 'p.yml'}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=1s",
        "--web.enable-lifecycle",
    )
    with running(*words):
        (found,) = until(lambda: desk.ask("/api/v2/alerts")[1], "an alert of Prometheus")
        assert found["labels"] == {"alertname": "Always", "severity": "critical", "replica": "one"}
        assert found["annotations"] == {"summary": "it is 1"}
        assert found["receivers"] == [{"name": "others"}]
        assert found["generatorURL"].startswith("http")
        rules.write_text(RULES.replace("EXPR", "vector(1) == 2"))
        urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{port}/-/reload", method="POST"), timeout=10
        )
        until(lambda: desk.ask("/api/v2/alerts")[1] == [], "the end of the alert")


# What is asked of both: (method, path, body, the real one's answer is compared as well as its status).
ASKED: list[tuple[str, str, Any]] = [
    ("POST", "alerts", [{"labels": {"alertname": "A", "bot": "x"}, "annotations": {"s": "1"}}]),
    ("POST", "alerts", [{"labels": {"alertname": "B", "bot": "y", "severity": "critical"}}]),
    ("POST", "alerts", [{"labels": {"alertname": "A", "empty": "", "bot": "z"}, "generatorURL": "http://h/p"}]),
    ("POST", "alerts", [{"labels": {}}]),
    ("POST", "alerts", [{}]),
    ("POST", "alerts", {}),
    ("POST", "alerts", []),
    ("POST", "alerts", None),
    ("POST", "alerts", [{"labels": {"a": "b"}, "generatorURL": "no url"}]),
    ("POST", "silences", {"matchers": []}),
    ("POST", "silences", {"matchers": [{"name": "a", "value": "", "isRegex": False}], "startsAt":
        "2020-01-01T00:00:00Z", "endsAt": "2999-01-01T00:00:00Z", "createdBy": "", "comment": ""}),
    ("POST", "silences", {"matchers": [{"name": "bot", "value": "z", "isRegex": False}], "startsAt":
        "2020-01-01T00:00:00Z", "endsAt": "2999-01-01T00:00:00Z", "createdBy": "", "comment": ""}),
    ("POST", "silences", {"matchers": [{"name": "bot", "value": "z", "isRegex": False, "isEqual": False}],
        "startsAt": "2990-01-01T00:00:00Z", "endsAt": "2999-01-01T00:00:00Z", "createdBy": "a",
        "comment": "b"}),
    ("GET", "alerts", None),
    ("GET", "alerts?active=false", None),
    ("GET", "alerts?silenced=false", None),
    ("GET", "alerts?inhibited=false&silenced=nonsense", None),
    ("GET", "alerts?filter=bot%3Dx", None),
    ("GET", "alerts?filter=bot%3D~%22x%7Cy%22&filter=alertname!%3DA", None),
    ("GET", "alerts?filter=nope%3D%22%22", None),
    ("GET", "alerts?receiver=oth", None),
    ("GET", "alerts?receiver=oth.*", None),
    ("GET", "alerts/groups", None),
    ("GET", "alerts/groups?filter=bot%3Dx", None),
    ("GET", "alerts/groups?receiver=people", None),
    ("GET", "alerts/groups?silenced=false", None),
    ("GET", "silences", None),
    ("GET", "silences?filter=bot%3Dz", None),
    ("GET", "silences?filter=other%3D%22%22", None),
    ("GET", "receivers", None),
    ("GET", "silence/xyz", None),
    ("GET", "silence/00000000-0000-0000-0000-000000000000", None),
    ("GET", "nope", None),
    ("PUT", "alerts", None),
    ("DELETE", "silences", None),
]  # fmt: skip
# Keys that differ between any two runs, and keys that only versions after 0.25 have.
OWN = {
    "id",
    "silenceID",
    "startsAt",
    "endsAt",
    "updatedAt",
    "silencedBy",
    "mutedBy",
    "routeLabels",
    "annotations",
}


def comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: comparable(one) for name, one in value.items() if name not in OWN}
    return [comparable(one) for one in value] if isinstance(value, list) else value


@pytest.mark.peer("prometheus-alertmanager")
def test_the_real_one_gives_the_same_answers(stand: Any, ask: Any, tmp_path: Path) -> None:
    """Status and content of each answer, asked of both in the same order."""
    desk, port = stand(CONFIG), free_port()
    (tmp_path / "am.yml").write_text(CONFIG)
    words = (
        "prometheus-alertmanager",
        f"--config.file={tmp_path / 'am.yml'}",
        f"--storage.path={tmp_path / 'am'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    with running(*words):
        until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), "a ready Alertmanager")
        for method, path, body in ASKED:
            ours = desk.ask(f"/api/v2/{path}", method, body)
            real = ask(f"http://127.0.0.1:{port}/api/v2/{path}", method, body)
            assert ours[0] == real[0], (method, path, body, ours, real)
            if ours[0] == 200 or path == "nope":
                assert comparable(ours[1]) == comparable(real[1]), (method, path, body)
