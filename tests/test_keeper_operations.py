"""A keeper process beside an agent that wants a token: health, its past, operations, profiles come by."""

from __future__ import annotations

import csv
import io
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

from watchkeeper import Outcome, Watch, healthy, unhealthy

PATIENCE = 60.0
TOKEN = "what the agent wants to see"
CONFIG = """
data: data
listen: {{port: {port}}}
global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}
scrape_configs:
- job_name: arb
  authorization: {{credentials_file: token}}
  static_configs: [{{targets: ['127.0.0.1:{bot}'], labels: {{bot: arbbot}}}}]
rules: {{pack: false}}
guard: {{enabled: false}}
judge: {{every: 100ms}}
profiles: {{every: 5s}}
"""


def until(question: Callable[[], Any], what: str) -> Any:
    """Ask until the answer is true; fail when patience ends."""
    pause = Event()
    for _ in range(int(PATIENCE / 0.1)):
        if answer := question():
            return answer
        pause.wait(0.1)
    pytest.fail(f"never saw: {what}")


class Bot:
    """An agent in this process whose one component can fail."""

    def __init__(self) -> None:
        environment = {"METRICS_PORT": "0", "METRICS_TOKEN": TOKEN}
        self.watch = Watch("arbbot", environment=environment, system=False)
        self.answer: Outcome = healthy()
        self.watch.check("feed", lambda: self.answer, every=0.1, critical=True)

    def work(self) -> None:
        """Run an operation that fails once in four."""
        for number in range(8):
            with self.watch.operation("reconcile") as run:
                if number % 4 == 0:
                    run.fail()


@pytest.fixture
def bot() -> Iterator[Bot]:
    made = Bot()
    with made.watch:
        made.watch.started()
        yield made


@pytest.fixture
def ask(tmp_path: Path, bot: Bot) -> Iterator[Callable[[str], bytes]]:
    """Yield what asks the keeper; b"" for no good answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "keeper.yaml").write_text(CONFIG.format(port=port, bot=bot.watch.port))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("METRICS_", "WATCHKEEPER_"))}
    command = [sys.executable, "-m", "watchkeeper", "keep", "--config", str(tmp_path / "keeper.yaml")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def asked(path: str) -> bytes:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return bytes(answer.read())
        except (urllib.error.URLError, OSError):
            return b""

    yield asked
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0, (tmp_path / "log").read_text()


def test_all_that_the_page_shows_of_a_bot_comes_through_the_token(
    ask: Callable[[str], bytes], bot: Bot
) -> None:
    """Operations with their failures; a fault and its end in the past of health; the profile of a minute."""
    bot.work()
    told = json.loads(until(lambda: ask("/api/operations?bot=arbbot"), "the operations"))
    (row,) = told["operations"]
    assert (row["name"], row["count"], row["errors"]) == ("reconcile", 8, 2)
    assert told["bottlenecks"][0]["class"] == "critical"

    def states() -> list[str]:
        spells = json.loads(ask("/api/health/history?bot=arbbot&component=feed") or b'{"spells": []}')[
            "spells"
        ]
        return [spell["state"] for spell in spells]

    until(lambda: states() == ["healthy"], "a healthy feed")
    bot.answer = unhealthy("no frame for 9 s")
    until(lambda: states()[-1:] == ["unhealthy"], "the fault")
    bot.answer = healthy()
    until(lambda: states() == ["healthy", "unhealthy", "healthy"], "the whole story")
    rows = list(csv.DictReader(io.StringIO(ask("/api/health/history.csv?component=feed").decode())))
    assert [row["reason"] for row in rows][1] == "no frame for 9 s"
    until(lambda: json.loads(ask("/api/profiles?bot=arbbot") or b"{}").get("profiles"), "a profile")
