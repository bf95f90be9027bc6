"""Alerting beside the real Alertmanager: alerts accepted per second, delay to the webhook, memory.

Both serve the same API from the same configuration and tell the same kind of webhook on this machine; the
rounds go back and forth between them. Ours has every alert and every page on the disk before it answers or
sends; the peer keeps alerts in memory.
"""

import contextlib
import http.client
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROUNDS, BATCH, ACTIVE = 5, 100, 10_000
PAGES, WAIT = 200, 0.2
SERVER = Path(__file__).parent / "peers" / "alerting_server.py"
PEER = "Alertmanager 0.25"


class Sink(ThreadingHTTPServer):
    """A webhook that notes when each alert arrived."""

    daemon_threads = True
    request_queue_size = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.seen: dict[str, float] = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Hook(BaseHTTPRequestHandler):
    """Takes Alertmanager's payload."""

    server: Sink

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        now = time.perf_counter()
        for alert in body["alerts"]:
            self.server.seen.setdefault(alert["labels"]["id"], now)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Side:
    """One server under test, with its sink."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    sink: Sink
    rates: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    def post(self, wire: http.client.HTTPConnection, ids: list[str], slow: bool) -> None:
        """Post alerts that fire for an hour."""
        ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        kind = "page" if slow else "flood"
        labels = {"alertname": "Bench", "kind": kind, "severity": "critical", "bot": "arb"}
        body = json.dumps([
            {"labels": {**labels, "id": one}, "annotations": {"summary": f"alert {one}"}, "endsAt": ends}
            for one in ids
        ])  # fmt: skip
        wire.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
        answer = wire.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self.name} answered {answer.status}")

    def flood(self, number: int) -> None:
        """Post a part of the active alerts, and note how fast they were accepted."""
        wire = http.client.HTTPConnection("127.0.0.1", self.port)
        ids = [f"{number}-{place}" for place in range(ACTIVE // ROUNDS)]
        began = time.perf_counter()
        for start in range(0, len(ids), BATCH):
            self.post(wire, ids[start : start + BATCH], slow=False)
        self.rates.append(len(ids) / (time.perf_counter() - began))

    def pages(self, number: int) -> None:
        """Post single alerts, each a group of its own, and note how long each took to be told."""
        wire, sent = http.client.HTTPConnection("127.0.0.1", self.port), {}
        for place in range(PAGES // ROUNDS):
            one = f"p{number}-{place}"
            sent[one] = time.perf_counter()
            self.post(wire, [one], slow=True)
            time.sleep(0.01)
        deadline = time.monotonic() + 30
        while not sent.keys() <= self.sink.seen.keys() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.delays += [self.sink.seen[one] - at - WAIT for one, at in sent.items()]

    def memory(self) -> tuple[float, float]:
        """Return resident and private memory, in MiB."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()[1:]
        kib = {name: int(value.split()[0]) for name, value in (line.split(":", 1) for line in lines)}
        return kib["Rss"] / 1024, (kib["Private_Clean"] + kib["Private_Dirty"]) / 1024


def configuration(sink: Sink) -> str:
    """Return the configuration of one side: the flood is never told, each page is a group of its own."""
    return json.dumps({
        "route": {
            "receiver": "hook", "group_by": ["alertname"], "group_wait": "1h",
            "routes": [{"match": {"kind": "page"}, "group_by": ["..."], "group_wait": f"{WAIT * 1000:g}ms"}],
        },
        "receivers": [{
            "name": "hook",
            "webhook_configs": [{"url": f"http://127.0.0.1:{sink.server_address[1]}/"}],
        }],
    })  # fmt: skip


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@contextlib.contextmanager
def started(name: str, folder: Path, words: list[str]) -> Iterator[Side]:
    """Start one side and wait until it answers."""
    folder.mkdir()
    sink, port = Sink(), free_port()
    config = folder / "alertmanager.yml"
    config.write_text(configuration(sink))
    filled = [word.format(config=config, folder=folder, port=port) for word in words]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(filled, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/api/v2/status")
        yield Side(name, port, process, sink)
    finally:
        process.kill()
        process.wait()
        sink.shutdown()


def wait_for(url: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")


def main() -> dict[str, dict[str, Any]]:
    """Measure and give the figures."""
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        folder = Path(place)
        own = [sys.executable, str(SERVER), "{config}", "{folder}", "{port}"]
        sides = [stack.enter_context(started("ours", folder / "ours", own))]
        program = shutil.which("prometheus-alertmanager")
        if program is not None:
            words = [
                program,
                "--config.file={config}",
                "--storage.path={folder}/data",
                "--cluster.listen-address=",
            ]
            words.append("--web.listen-address=127.0.0.1:{port}")
            sides.append(stack.enter_context(started(PEER, folder / "peer", words)))
        for number in range(ROUNDS):
            for side in sides:
                side.pages(number)
                side.flood(number)
        return figures(sides[0], sides[1] if len(sides) > 1 else None)


def figures(ours: Side, peer: Side | None) -> dict[str, dict[str, Any]]:
    """Put our figures beside the peer's."""

    def row(unit: str, goal: str | None, mine: float, theirs: float | None) -> dict[str, Any]:
        told = None if theirs is None else f"{PEER}: {theirs:.4g} {unit}"
        ratio = mine / theirs if theirs else None
        return {"value": mine, "unit": unit, "peer": told, "ratio": ratio, "goal": goal}

    def both(measure: Any) -> tuple[float, float | None]:
        return measure(ours), None if peer is None else measure(peer)

    return {
        "alerts accepted": row("alerts/s", None, *both(lambda one: statistics.median(one.rates))),
        "fired to told, p50": row("ms", "< 50", *both(lambda one: 1000 * quantile(one.delays, 0.5))),
        "fired to told, p99": row("ms", "< 250", *both(lambda one: 1000 * quantile(one.delays, 0.99))),
        "resident, 10k alerts": row("MiB", "< 100", *both(lambda one: one.memory()[0])),
        "private, 10k alerts": row("MiB", None, *both(lambda one: one.memory()[1])),
    }


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    for name, found in main().items():
        print(name, found)
