"""The keeper as a process: its alerts on the desk, its verbs, its hand-over, what outlives a kill."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 40.0
CONFIG = """
data: data
listen: {{port: {port}}}
global: {{scrape_interval: 200ms, scrape_timeout: 150ms}}
scrape_configs:
- job_name: gone
  static_configs: [{{targets: ['127.0.0.1:1'], labels: {{bot: arb}}}}]
rules: {{pack: false}}
slo: {{pack: false}}
judge: {{every: 100ms, target_down: {{for: 200ms}}}}
guard: {guard}
alerting: {alerting}
deadman: {{expect: [{{name: nightly, every: 1h}}], ping: [{ping}]}}
"""
RECEIVERS = """
route: {receiver: lines, group_by: ['...'], group_wait: 100ms, group_interval: 1h, repeat_interval: 10h}
receivers: [{name: lines, webhook_configs: [{url: 'http://127.0.0.1:%d/hook'}]}]
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


class House:
    """A keeper in a folder."""

    def __init__(
        self, folder: Path, ask: Any, alerting: str = "{}", guard: str = "{enabled: false}", ping: str = ""
    ) -> None:
        self.folder, self._ask = folder, ask
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        (folder / "keeper.yaml").write_text(
            CONFIG.format(port=port, alerting=alerting, guard=guard, ping=ping)
        )

    @contextmanager
    def keeper(self, sign: int = signal.SIGTERM) -> Iterator[None]:
        """Run the keeper until the block ends, then send it a signal."""
        words = [sys.executable, "-m", "watchkeeper", "keep", "--config", str(self.folder / "keeper.yaml")]
        with (self.folder / "log").open("ab") as log, subprocess.Popen(words, stderr=log) as process:
            try:
                until(self.answers, "a keeper that answers")
                yield
            finally:
                process.send_signal(sign)
                process.wait(20)

    def answers(self) -> bool:
        try:
            return bool(self.ask("/api/v2/status")[0] == 200)
        except OSError:
            return False

    def ask(self, path: str, method: str = "GET", body: object = None) -> tuple[int, Any]:
        found: tuple[int, Any] = self._ask(self.url + path, method, body)
        return found

    def alerts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("/api/v2/alerting/alerts")[1]["alerts"]
        return found

    def say(self, *words: str, code: int = 0) -> str:
        """Run a verb against this keeper."""
        told = subprocess.run(
            [sys.executable, "-m", "watchkeeper", *words, f"--url={self.url}"],
            capture_output=True,
            text=True,
            timeout=40,
            check=False,
            env={**os.environ, "USER": "eva", "LOGNAME": "eva"},
        )
        assert told.returncode == code, (words, told.stdout, told.stderr)
        return told.stdout


@pytest.fixture
def house(tmp_path: Path, ask: Any) -> House:
    return House(tmp_path, ask)


def test_the_judges_alerts_can_be_silenced_and_acknowledged_by_verbs(house: House) -> None:
    """From the scrape that fails to the word of a person, and back."""
    with house.keeper():
        (alert,) = until(house.alerts, "an alert of the judge")
        assert alert["labels"]["alertname"] == "TargetDown"
        made = house.say(
            "silence", "add", "job=gone", "--for", "1h", "--comment", "known", "--author", "eva"
        ).strip()
        assert made in house.say("silence", "list")
        assert house.say("silence", "list", "job=other") == "no silence holds\n"
        assert house.alerts()[0]["status"]["silencedBy"] == [made]
        house.say("silence", "expire", made)
        assert house.say("silence", "list") == "no silence holds\n"
        assert "expired" in house.say("silence", "list", "--all")
        house.say("silence", "expire", "00000000-0000-0000-0000-000000000000", code=1)
        house.say("silence", "add", "job=~.*", "--for", "1h", "--comment", "all", code=1)
        house.say("silence", "add", "job=gone", "--comment", "how long", code=2)

        until(lambda: house.alerts()[0]["lifecycle"] == "firing", "an alert that fires")
        assert (
            house.say("ack", "alertname=TargetDown", "--note", "on it", "--for", "1h").strip()
            == alert["fingerprint"]
        )
        (taken,) = house.alerts()
        assert (taken["lifecycle"], taken["acknowledgement"]["who"]) == ("acknowledged", "eva")
        house.say("ack", alert["fingerprint"], "--withdraw")
        assert house.alerts()[0]["acknowledgement"] is None
        house.say("ack", "alertname=Nothing", code=1)

        assert house.say("alerts", "preview", "alertname=X").startswith("keeper: nobody")
        assert "1 alert  TargetDown" in house.say("alerts", "incidents", code=1)
        house.say("alerts", "test", "keeper", code=1)
        assert "switched off" in house.say("guard", "show")
        assert house.ask("/api/ping/nightly", "POST", b"x")[0] == 200


OURS = """
route: {receiver: people, group_wait: 100ms}
receivers:
- {name: people, webhook_configs: [{url: 'http://127.0.0.1:1/hook'}]}
watchkeeper:
  channels: {webhook: {timeout: 2s}, jsonl: {rate_limit: {per_second: 50, burst: 5}}}
  receivers:
  - name: people
    jsonl_configs: [{path: people.jsonl}]
    log_configs: [{}]
"""


def test_channels_of_ours_stand_beside_alertmanagers_own(tmp_path: Path, ask: Any) -> None:
    """The section `watchkeeper` gives a receiver channels; `alerts test` reaches them, and so do alerts."""
    house = House(tmp_path, ask, alerting="{config_file: alertmanager.yml}")
    (tmp_path / "alertmanager.yml").write_text(OURS)
    path = tmp_path / "data" / "people.jsonl"
    with house.keeper():
        assert house.say("alerts", "test", "people/jsonl[0]") == "people/jsonl[0]: taken\n"
        assert house.say("alerts", "test", "people/log[0]") == "people/log[0]: taken\n"
        assert "diary/jsonl[0]: taken" in house.say("alerts", "test", "diary")
        told = house.say("alerts", "test", "people", code=1)
        assert told.splitlines()[1:] == ["people/jsonl[0]: taken", "people/log[0]: taken"]
        assert "webhook[0], jsonl[0], log[0]" in house.say("alerts", "preview", "alertname=X")
        rows = until(lambda: [row for row in lines_of(path) if "TargetDown" in row], "the alert's line")
        assert json.loads(rows[0])["receiver"] == "people"


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_kill_loses_no_alert_and_no_word(house: House) -> None:
    """kill -9: silences, acknowledgements and foreign alerts are there again, with the same times."""
    foreign = {"labels": {"alertname": "Foreign"}, "endsAt": "2999-01-01T00:00:00Z"}
    with house.keeper(signal.SIGKILL):
        until(house.alerts, "an alert of the judge")
        assert house.ask("/api/v2/alerts", "POST", [foreign])[0] == 200
        made = house.say("silence", "add", "alertname=Foreign", "--for", "1h", "--comment", "x").strip()
        house.say("ack", "alertname=TargetDown")
        before = {one["fingerprint"]: one for one in house.alerts()}
    with house.keeper():
        after = {one["fingerprint"]: one for one in house.alerts()}
        assert after.keys() == before.keys()
        for name, one in after.items():
            assert (one["startsAt"], one["labels"]) == (before[name]["startsAt"], before[name]["labels"])
            assert (one["acknowledgement"] or {}).get("who") == (before[name]["acknowledgement"] or {}).get(
                "who"
            )
        assert [one["id"] for one in house.ask("/api/v2/silences")[1]] == [made]


@pytest.mark.peer("prometheus-alertmanager")
def test_alerts_are_handed_over_to_a_real_alertmanager(tmp_path: Path, ask: Any) -> None:
    """It tells people instead of us: its own answer holds our alert, and nothing waits in our outbox."""
    port = free_port()
    (tmp_path / "am.yml").write_text("route: {receiver: r}\nreceivers: [{name: r}]\n")
    words = (
        "prometheus-alertmanager",
        f"--config.file={tmp_path / 'am.yml'}",
        f"--storage.path={tmp_path / 'am'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    (tmp_path / "people.yml").write_text(RECEIVERS % 1)
    real = f"http://127.0.0.1:{port}"
    house = House(tmp_path, ask, f"{{config_file: people.yml, alertmanagers: [{{url: '{real}'}}]}}")

    def theirs() -> Any:
        try:
            return ask(f"{real}/api/v2/alerts")[1]
        except OSError:
            return None

    with (
        house.keeper(),
        subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process,
    ):
        try:
            (found,) = until(theirs, "our alert at the real one")
            assert found["labels"] == {
                "alertname": "TargetDown",
                "bot": "arb",
                "instance": "127.0.0.1:1",
                "job": "gone",
                "severity": "critical",
            }
            assert found["annotations"]["summary"] == "gone: target 127.0.0.1:1 is down"
            metrics = urllib.request.urlopen(f"{house.url}/metrics", timeout=10).read().decode()
            told = [row for row in metrics.splitlines() if row.startswith("monitoring_notifications_total{")]
            assert all('channel="diary/' in row for row in told)
        finally:
            process.terminate()


class Elsewhere(ThreadingHTTPServer):
    """A webhook and a place to ping; it keeps the paths that were asked."""

    daemon_threads = True

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        super().__init__(("127.0.0.1", 0), Hearing)


class Hearing(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.heard.append((self.path, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_under_stress_the_paging_path_and_the_ping_stay_alive(
    tmp_path: Path, ask: Any, elsewhere: Elsewhere
) -> None:
    """Costly reads rest, a page arrives, our ping goes on; locked is an alert, a reset ends it."""
    port = elsewhere.server_port
    (tmp_path / "people.yml").write_text(RECEIVERS % port)
    # Every machine has more than a thousandth of its memory in use.
    guard = "{memory_trip: 0.1, memory_recover: 0.01, hold: 0s, retry: 1s, attempts: 1}"
    ping = f"{{url: 'http://127.0.0.1:{port}/ping', every: 200ms}}"
    house = House(tmp_path, ask, "{config_file: people.yml}", guard, ping)
    heavy = "/api/v1/query_range?query=up&start=0&end=1&step=1"
    with house.keeper():
        until(lambda: house.ask("/api/v2/guard")[1]["state"] != "closed", "a tripped breaker")
        assert house.ask(heavy)[0] == 503
        pings = len([path for path, _ in elsewhere.heard if path == "/ping"])
        foreign = {"labels": {"alertname": "Foreign"}, "endsAt": "2999-01-01T00:00:00Z"}
        assert house.ask("/api/v2/alerts", "POST", [foreign])[0] == 200
        until(lambda: [body for _, body in elsewhere.heard if "Foreign" in body], "a page under stress")
        until(lambda: len([p for p, _ in elsewhere.heard if p == "/ping"]) > pings + 2, "pings under stress")
        until(
            lambda: [one for one in house.alerts() if one["labels"]["alertname"] == "StressBreakerLocked"],
            "the alert of a locked breaker",
        )
        assert "locked" in house.say("guard", "show", code=1)
        assert house.say("guard", "reset") == "reset\n"
        assert house.ask(heavy)[0] == 200
        subjects = [one["subject"] for one in house.ask("/api/flips?limit=200")[1]["flips"]]
        assert subjects.count("guard/keeper/breaker") >= 2


def test_writes_are_refused_off_loopback_without_a_token(tmp_path: Path, ask: Any) -> None:
    """The keeper does not even start without one, and then every write asks for it."""
    house = House(tmp_path, ask)
    config = tmp_path / "keeper.yaml"
    config.write_text(config.read_text().replace("listen: {port", "listen: {address: 0.0.0.0, port"))
    words = [sys.executable, "-m", "watchkeeper", "keep", "--config", str(config)]
    told = subprocess.run(words, capture_output=True, text=True, timeout=40, check=False)
    assert told.returncode == 2
    assert "a token is needed" in told.stderr
    (tmp_path / "token").write_text("hunter2")
    config.write_text(config.read_text().replace("listen: {", "listen: {token_file: token, "))
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: refused(house, {}), "a refusal")
            assert refused(house, {"Authorization": "Bearer wrong"})
            status = ask(f"{house.url}/api/v2/alerts", "POST", [], Authorization="Bearer hunter2")[0]
            assert status == 200
        finally:
            process.terminate()


def refused(house: House, headers: dict[str, str]) -> bool:
    silence = json.dumps({"matchers": []}).encode()
    try:
        return all(
            status in (401, 403)
            for status, _ in (
                house._ask(f"{house.url}/api/v2/silences", "POST", silence, **headers),
                house._ask(f"{house.url}/api/v2/alerts", "POST", [], **headers),
                house._ask(f"{house.url}/api/v2/guard/reset", "POST", {"who": "eva"}, **headers),
                house._ask(f"{house.url}/api/ping/nightly", "POST", b"", **headers),
            )
        )
    except OSError:
        return False
