"""Real programs for the tests of queries, rules and remote write: keepers, Prometheus, VictoriaMetrics."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(question: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Ask until the answer is true; fail when patience ends."""
    pause = Event()
    for _ in range(int(patience / 0.05)):
        answer = question()
        if answer:
            return answer
        pause.wait(0.05)
    pytest.fail(f"never saw: {what}")


class Program:
    """A program that serves HTTP; it can be stopped, killed and started again."""

    def __init__(self, command: list[str], folder: Path, port: int, ready: str) -> None:
        self.command, self.folder, self.port, self.ready = command, folder, port, ready
        self.base = f"http://127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Program:
        """Start it and wait until it answers."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("METRICS_", "WATCHKEEPER_"))}
        with (self.folder / "program.log").open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=log, stderr=log, env=kept)
        until(self._answers, f"{self.command[0]} answers: {self.log()[-2000:]}")
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail(f"{self.command} ended: {self.log()[-3000:]}")
        try:
            return self.ask(self.ready)[0] == 200
        except OSError:
            return False

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it by a signal and wait."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE)
            self.process = None

    def log(self) -> str:
        """Return what it has said."""
        path = self.folder / "program.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def ask(
        self, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Return status and body of one request; data makes it a POST."""
        request = urllib.request.Request(self.base + path, data, headers or {})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def api(self, path: str, **given: Any) -> Any:
        """Return the data of an API answer; fail where it is an error."""
        query = urllib.parse.urlencode([(k.replace("match", "match[]"), v) for k, v in given.items()])
        status, body = self.ask(f"/api/v1/{path}?{query}")
        assert status == 200, body
        return json.loads(body)["data"]


class Programs:
    """Starts programs in folders of their own and ends them all."""

    def __init__(self, folder: Path, peer: Callable[[str], str]) -> None:
        self.folder, self.peer = folder, peer
        self.all: list[Program] = []

    def keeper(self, name: str = "keeper", **settings: Any) -> Program:
        """Start a keeper with these settings, without the packs unless they say so."""
        port = free_port()
        bare = {"rules": {"pack": False}, "slo": {"pack": False}, "guard": {"enabled": False}}
        tree = {"data": "data", "listen": {"port": port}, **bare, **settings}
        folder = self._folder(name)
        (folder / "keeper.yaml").write_text(yaml.safe_dump(tree))
        command = [sys.executable, "-m", "watchkeeper", "keep", "--config", "keeper.yaml"]
        return self._started(Program(command, folder, port, "/-/ready"))

    def prometheus(self, config: dict[str, Any], *flags: str, name: str = "prometheus") -> Program:
        """Start a real Prometheus."""
        port, folder = free_port(), self._folder(name)
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        command = [self.peer("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
        command += [f"--web.listen-address=127.0.0.1:{port}", *flags]
        return self._started(Program(command, folder, port, "/-/ready"))

    def victoria(self) -> Program:
        """Start a real VictoriaMetrics."""
        port, folder = free_port(), self._folder("victoria")
        command = [self.peer("victoria-metrics"), "-storageDataPath=data", "-retentionPeriod=100y"]
        command += [f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s"]
        return self._started(Program(command, folder, port, "/health"))

    def bot(self) -> Program:
        """Start the example's fake bot."""
        port, folder = free_port(), self._folder("bot")
        command = [sys.executable, str(ROOT / "examples" / "fake_bot.py"), "--port", str(port)]
        return self._started(Program([*command, "--faults", "faults"], folder, port, "/metrics"))

    def _folder(self, name: str) -> Path:
        folder = self.folder / f"{name}-{len(self.all)}"
        folder.mkdir()
        return folder

    def _started(self, program: Program) -> Program:
        self.all.append(program)
        return program.start()

    def close(self) -> None:
        """End what still runs, the newest first."""
        for program in reversed(self.all):
            program.end(signal.SIGKILL)


@pytest.fixture
def programs(tmp_path: Path, peer: Callable[[str], str]) -> Iterator[Programs]:
    """Return what starts programs for one test."""
    made = Programs(tmp_path, peer)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    """Return what starts programs for the tests of one file; peers must be marked there."""
    made = Programs(tmp_path_factory.mktemp("programs"), str)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(name="until")
def patience() -> Callable[..., Any]:
    """Return what asks until the answer is true."""
    return until
