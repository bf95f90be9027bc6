"""The keeper as a process: it notices, tells, remembers, ends well, and survives being killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 45.0
CONFIG = """
data: data
listen: {{port: {port}}}
global: {{scrape_interval: 200ms, scrape_timeout: 150ms}}
scrape_configs:
- job_name: arb
  static_configs: [{{targets: ['127.0.0.1:{bot}'], labels: {{bot: arbbot}}}}]
rules: {{pack: false}}
guard: {{enabled: false}}
judge:
  every: 100ms
  target_down: {{for: 400ms}}
  silence:
  - {{name: frames, metric: mev_sequencer_last_frame_timestamp_seconds, limit: 3s, what: frame}}
store: {{flush: 500ms}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(question: Callable[[], Any], what: str) -> Any:
    """Ask until the answer is true; fail when patience ends."""
    pause = Event()
    for _ in range(int(PATIENCE / 0.05)):
        answer = question()
        if answer:
            return answer
        pause.wait(0.05)
    pytest.fail(f"never saw: {what}")


class House:
    """A fake bot and a keeper in a folder, each of which can be started, stopped and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.bot_port = free_port(), free_port()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.faults = folder / "faults"
        (folder / "keeper.yaml").write_text(CONFIG.format(port=self.port, bot=self.bot_port))

    def start(self, name: str) -> None:
        words = {
            "bot": ["examples/fake_bot.py", "--port", str(self.bot_port), "--faults", str(self.faults)],
            "keeper": ["-m", "watchkeeper", "keep", "--config", str(self.folder / "keeper.yaml")],
        }[name]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("METRICS_", "WATCHKEEPER_"))}
        log = (self.folder / f"{name}.log").open("ab")
        command = [sys.executable, *words]
        self.running[name] = subprocess.Popen(command, cwd=ROOT, stderr=log, stdout=log, env=environment)
        log.close()

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> int:
        process = self.running.pop(name)
        process.send_signal(number)
        return process.wait(PATIENCE)

    def get(self, path: str) -> Any:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError):
            return None

    def status(self) -> str:
        return str((self.get("/api/health") or {}).get("status"))

    def wait_for(self, status: str) -> dict[str, Any]:
        until(lambda: self.status() == status, f"overall {status}")
        return dict(self.get("/api/health"))

    def told(self) -> list[tuple[str, str]]:
        """Return (alert name, status) of each line of the alert file."""
        path = self.folder / "data" / "alerts.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        rows = [json.loads(line) for line in lines]
        return [(row["labels"]["alertname"], row["status"]) for row in rows]

    def log(self) -> str:
        return (self.folder / "keeper.log").read_text()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Yield a house with a well bot and a keeper that has seen it."""
    made = House(tmp_path)
    made.start("bot")
    made.start("keeper")
    try:
        made.wait_for("healthy")
        yield made
    finally:
        for process in made.running.values():
            process.kill()
            process.wait(PATIENCE)


def test_a_silent_feed_is_told_with_its_reason_and_recovers(house: House) -> None:
    """Fault, alert, recovery, resolved: on the API and in the file."""
    house.faults.write_text("feed")
    assert "feed" in house.wait_for("unhealthy")["reason"]
    until(lambda: ("Silence", "firing") in house.told(), "the silence judge")
    house.faults.write_text("")
    house.wait_for("healthy")
    until(lambda: len(house.told()) == 4, "both alerts resolved")
    assert sorted(house.told()) == [
        ("ComponentUnhealthy", "firing"),
        ("ComponentUnhealthy", "resolved"),
        ("Silence", "firing"),
        ("Silence", "resolved"),
    ]


def test_a_dead_bot_is_one_alert(house: House) -> None:
    """The target is down; its components are unknown, not four more alerts."""
    house.end("bot", signal.SIGKILL)
    house.wait_for("unhealthy")
    until(lambda: house.told() == [("TargetDown", "firing")], "the target's alert")
    parts = house.get("/api/overview")["bots"][0]["components"]
    assert {part["status"] for part in parts} == {"unknown"}
    house.start("bot")
    house.wait_for("healthy")
    until(lambda: house.told() == [("TargetDown", "firing"), ("TargetDown", "resolved")], "the end")


def test_a_hanging_bot_is_unhealthy(house: House) -> None:
    """The agent answers while the loop hangs, and says so."""
    house.faults.write_text("hang")
    house.wait_for("unhealthy")
    parts = until(
        lambda: [c for c in house.get("/api/overview")["bots"][0]["components"] if c["name"] == "liveness"],
        "liveness",
    )
    until(lambda: "heartbeat" in str(house.get("/api/flips")), "the reason")
    assert parts
    house.faults.write_text("")
    house.wait_for("healthy")


def test_sigterm_ends_well_and_says_why(house: House) -> None:
    """Exit code 0, the reason in the log, the stored history there after a new start."""
    rows = len(house.get("/api/flips?limit=1000")["flips"])
    oldest = until(lambda: house.get("/api/overview")["keeper"]["oldest"], "the first sample")
    assert house.end("keeper") == 0
    assert "the keeper ended: SIGTERM received" in house.log()
    house.start("keeper")
    house.wait_for("healthy")
    assert len(house.get("/api/flips?limit=1000")["flips"]) == rows
    assert house.get("/api/overview")["keeper"]["oldest"] == oldest


def test_a_killed_keeper_neither_forgets_nor_repeats(house: House) -> None:
    """What was told is not told again; what changed while it was dead is told once."""
    house.faults.write_text("feed")
    until(lambda: len(house.told()) == 2, "both alerts")
    house.end("keeper", signal.SIGKILL)
    house.start("keeper")
    house.wait_for("unhealthy")
    house.end("keeper", signal.SIGKILL)
    house.faults.write_text("")
    house.start("keeper")
    house.wait_for("healthy")
    until(lambda: len(house.told()) == 4, "both resolved")
    assert sorted(status for _, status in house.told()) == ["firing", "firing", "resolved", "resolved"]


def test_a_second_keeper_on_the_folder_is_refused(house: House) -> None:
    """Exit code 1 and a clear error; the first one goes on."""
    command = [sys.executable, "-m", "watchkeeper", "keep", "--config", str(house.folder / "keeper.yaml")]
    other = subprocess.run(
        [*command, "--port", "0"], cwd=ROOT, check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert other.returncode == 1 and "cannot start" in other.stderr
    assert house.status() == "healthy"


def test_a_taken_port_is_a_clear_error(house: House, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Exit code 1 and the address."""
    folder = tmp_path_factory.mktemp("other")
    command = [sys.executable, "-m", "watchkeeper", "keep", "--config", str(house.folder / "keeper.yaml")]
    other = subprocess.run(
        [*command, "--data", str(folder)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert other.returncode == 1 and f"127.0.0.1:{house.port}" in other.stderr


def test_the_alert_file_that_cannot_be_written_is_no_crash(house: House) -> None:
    """The log still tells, the failure is counted, and the line arrives once the path is good again."""
    path = house.folder / "data" / "alerts.jsonl"
    path.mkdir()
    house.faults.write_text("feed")
    until(
        lambda: "alert firing" in house.log() and "diary/jsonl[0] did not take" in house.log(),
        "both in the log",
    )
    assert house.status() == "unhealthy"
    families = house.get("/metrics.json")["families"]
    failed = [family for family in families if family["name"].startswith("monitoring_deliveries_failed")]
    assert failed
    path.rmdir()
    until(lambda: ("ComponentUnhealthy", "firing") in house.told(), "the line")


def test_the_keeper_shows_its_own_metrics_and_probes(house: House) -> None:
    """It watches itself with the agent it offers."""
    assert house.get("/health")["status"] == "healthy"
    assert house.get("/health/live")["status"] == "ok"
    with urllib.request.urlopen(f"http://127.0.0.1:{house.port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    for name in (
        "monitoring_cpu_usage_percent",
        "monitoring_alerts_suppressed_total",
        "monitoring_component_status",
    ):
        assert f"\n{name}" in text


def verb(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "watchkeeper", *words]
    return subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=PATIENCE, env=environment
    )


def test_the_alerts_verb_says_by_its_exit_code_whether_anything_fires(house: House) -> None:
    """0 none, 1 some, 2 no answer."""
    url = f"http://127.0.0.1:{house.port}"
    assert verb("alerts", "--url", url).returncode == 0
    house.faults.write_text("feed")
    until(house.told, "an alert")
    found = verb("alerts", "--url", url)
    assert found.returncode == 1 and "arbbot" in found.stdout
    assert verb("alerts", "--url", f"http://127.0.0.1:{free_port()}").returncode == 2


def test_check_config_names_what_is_wrong(tmp_path: Path) -> None:
    """0 for a good file, 2 with the key for a bad one, 2 for wrong usage."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("data: d\n")
    bad.write_text("scrape_config: []\n")
    assert verb("check-config", str(good)).returncode == 0
    found = verb("check-config", str(bad))
    assert found.returncode == 2 and "did you mean 'scrape_configs'?" in found.stderr
    assert verb("keep", "--config", str(bad)).returncode == 2
    assert verb("keep", "--prot", "1").returncode == 2


def test_an_open_address_without_a_token_is_refused(tmp_path: Path) -> None:
    """Nothing listens off loopback without authentication."""
    path = tmp_path / "keeper.yaml"
    path.write_text("data: d\nlisten: {address: 0.0.0.0, port: 0}\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WATCHKEEPER_")}
    found = verb("keep", "--config", str(path), environment=environment)
    assert found.returncode == 2 and "WATCHKEEPER_TOKEN" in found.stderr
