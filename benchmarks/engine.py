"""The keeper as an engine over HTTP beside Prometheus and VictoriaMetrics, in one run on the same data.

Queries: 200 series over 24 hours at 5 s and a histogram of 12 buckets by 10 label values; one HTTP request
each, the answer read whole, engines interleaved, the median of the rounds. Ingest: remote write of 1000
series over 58 minutes by four connections, one sample per series entry, as Prometheus sends them; we answer
when the samples are synced to the disk, the peers before. Memory is the resident set of each process three
seconds after its queries; bytes per sample are those of the data folder. Run: `python benchmarks/engine.py`.
"""

from __future__ import annotations

import contextlib
import http.client
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from promql import BOUNDS, COUNT, QUERIES, _exposition, _milliseconds, _peer, _post, data

from watchkeeper.keeper.remote.writing import label_fields, request
from watchkeeper.keeper.store import Store

ROUNDS = 15
WRITERS = 4
SERIES = 1000
SCRAPES = 700  # under an hour: Prometheus refuses what lies further behind its newest sample
PER_REQUEST = 2000
SAMPLES = (200 + 10 * len(BOUNDS)) * COUNT
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
CONFIG = """
{data: data, listen: {port: PORT}, retention: {time: 36500d, size: 100GB},
 rules: {pack: false}, slo: {pack: false}, guard: {enabled: false}}
"""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine: its address, its process, its data."""

    base: str
    pid: int
    folder: Path

    def resident_mb(self) -> float:
        """Return the resident memory of the process, MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def disk_bytes(self) -> int:
        """Return the bytes of all files of its data."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


@contextlib.contextmanager
def serving(command: list[str], folder: Path, ready: str) -> Iterator[Engine]:
    """Run an engine on a free port until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    config = folder / "keeper.yaml"
    if config.exists():
        config.write_text(CONFIG.replace("PORT", port))
    words = [word.replace("PORT", port) for word in command]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}{ready}")
        yield Engine(f"http://127.0.0.1:{port}", process.pid, folder / "data")
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_for(url: str) -> None:
    """Return when a URL answers; raises TimeoutError."""
    for _ in range(600):
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(url, timeout=2).read()
            return
        time.sleep(0.1)
    raise TimeoutError(url)


def keeper(folder: Path) -> contextlib.AbstractContextManager[Engine]:
    (folder / "keeper.yaml").write_text(CONFIG)
    return serving(
        [sys.executable, "-m", "watchkeeper", "keep", "--config", "keeper.yaml"], folder, "/-/ready"
    )


def prometheus(folder: Path) -> contextlib.AbstractContextManager[Engine]:
    (folder / "prometheus.yml").write_text("{}\n")
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    command += ["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=100y"]
    return serving([*command, "--web.listen-address=127.0.0.1:PORT"], folder, "/-/ready")


def victoria(folder: Path) -> contextlib.AbstractContextManager[Engine]:
    command = ["victoria-metrics", "-storageDataPath=data", "-retentionPeriod=100y", "-search.disableCache"]
    return serving([*command, "-httpListenAddr=127.0.0.1:PORT"], folder, "/health")


def fill_keeper(folder: Path) -> None:
    """Write the data of the queries into a store, scrape by scrape, as a keeper does."""
    rows = list(data())
    values = np.array([values for _, _, values in rows])
    with Store.open(folder / "data", flush_seconds=math.inf, retention_seconds=1e11) as store:
        refs = np.array([store.ref(labels) for labels, _, _ in rows])
        for place, time_ms in enumerate(rows[0][1].tolist()):
            store.append_refs(refs, time_ms, values[:, place])
            if place % 60 == 0:
                store.flush()


def fill_prometheus(folder: Path) -> None:
    with (folder / "data.om").open("w") as file:
        file.writelines(_exposition(True))
        file.write("# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "data.om", "data"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=900)


def fill_victoria(engine: Engine) -> None:
    batch: list[str] = []
    for line in _exposition(False):
        batch.append(line)
        if len(batch) == 200_000:
            _post(engine.base, batch)
            batch.clear()
    _post(engine.base, batch)
    urllib.request.urlopen(f"{engine.base}/internal/force_flush", timeout=60).read()


ENGINES: dict[str, Callable[[Path], contextlib.AbstractContextManager[Engine]]] = {
    "ours": keeper,
    "prometheus": prometheus,
    "victoria-metrics": victoria,
}


def present() -> list[str]:
    """Return the engines that can run here."""
    return [name for name in ENGINES if name == "ours" or shutil.which(name)]


def queries(root: Path) -> dict[str, Row]:
    """Measure query latency, memory after them, and bytes per sample."""
    with contextlib.ExitStack() as stack:
        engines = {}
        for name in present():
            folder = root / f"queries-{name}"
            folder.mkdir()
            if name != "victoria-metrics":
                {"ours": fill_keeper, "prometheus": fill_prometheus}[name](folder)
            engines[name] = stack.enter_context(ENGINES[name](folder))
        if "victoria-metrics" in engines:
            fill_victoria(engines["victoria-metrics"])
        time.sleep(3)  # merges of what was filled in go on for a while
        rows = {f"query {name}": latency(engines, *spec) for name, spec in QUERIES.items()}
        time.sleep(3)  # so that all have given back what the last answer took
        memory = {name: engine.resident_mb() for name, engine in engines.items()}
        disk = {name: engine.disk_bytes() / SAMPLES for name, engine in engines.items()}
    rows["memory after the queries"] = row(memory, "MB", "< Prometheus")
    rows["bytes per sample on disk"] = row(disk, "B", None)
    return rows


def latency(engines: dict[str, Engine], query: str, is_range: bool, goal: float) -> Row:
    rounds: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(ROUNDS + 1):  # the first warms caches
        for name, engine in engines.items():
            rounds[name].append(_milliseconds(_peer(engine.base), query, is_range))
    medians = {name: statistics.median(times[1:]) for name, times in rounds.items()}
    return row(medians, "ms", f"<= {goal:g} x Prometheus")


def row(figures: dict[str, float], unit: str, goal: str | None) -> Row:
    """Return a figure with those of the peers and the ratio to Prometheus."""
    real = figures.get("prometheus")
    return {
        "value": round(figures["ours"], 2),
        "unit": unit,
        "peer": {name: round(value, 2) for name, value in figures.items() if name != "ours"},
        "ratio": round(figures["ours"] / real, 2) if real else None,
        "goal": goal,
    }


def bodies(writer: int, begin: int) -> list[bytes]:
    """Return the requests of one writer: its quarter of the series, each sample an entry of its own."""
    chance = np.random.default_rng(writer)
    fields = []
    for n in range(writer, SERIES, WRITERS):
        labels = {"__name__": "written_total", "instance": "127.0.0.1:9090", "job": "bot", "n": str(n)}
        fields.append(label_fields(tuple(sorted(labels.items()))))
    values = np.cumsum(chance.integers(0, 9, (SCRAPES, len(fields))), axis=0).astype(np.float64)
    found = []
    each = PER_REQUEST // len(fields)
    for first in range(0, SCRAPES, each):
        rows = []
        for place in range(first, min(first + each, SCRAPES)):
            at = np.array([begin + place * 5000])
            rows += [(one, at, values[place, n : n + 1]) for n, one in enumerate(fields)]
        found.append(request(rows))
    return found


def write_all(base: str, requests: list[bytes], failures: list[str]) -> None:
    """Send requests one after another over one connection."""
    connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=120)
    for body in requests:
        connection.request("POST", "/api/v1/write", body, HEADERS)
        with connection.getresponse() as answer:
            told = answer.read()
            if answer.status // 100 != 2:
                failures.append(f"{answer.status}: {told[:200]!r}")
                return
    connection.close()


def ingest(root: Path) -> dict[str, Row]:
    """Measure remote write into each engine, one after another, and its memory afterwards."""
    begin = int(time.time() * 1000) // 5000 * 5000 - SCRAPES * 5000
    work = [bodies(writer, begin) for writer in range(WRITERS)]
    rates, memory = {}, {}
    for name in present():
        folder = root / f"ingest-{name}"
        folder.mkdir()
        with ENGINES[name](folder) as engine:
            rates[name] = SERIES * SCRAPES / timed(engine.base, work)
            memory[name] = engine.resident_mb()
    return {
        "ingest by remote write, samples/s": row(rates, "1/s", ">= 200000"),
        "memory after the ingest": row(memory, "MB", "< Prometheus"),
    }


def timed(base: str, work: list[list[bytes]]) -> float:
    """Return the seconds until all requests are answered; raises RuntimeError where one is refused."""
    failures: list[str] = []
    threads = [threading.Thread(target=write_all, args=(base, one, failures)) for one in work]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(failures[0])
    return time.perf_counter() - begin


def main() -> dict[str, Row]:
    """Measure everything in folders that are removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        return {**ingest(root), **queries(root)}


if __name__ == "__main__":
    for name, figures in main().items():
        print(
            f"{name:38} {figures['value']:12.2f} {figures['unit']:4} ratio {figures['ratio']}"
            f"  goal {figures['goal']}  peers {figures['peer']}"
        )
