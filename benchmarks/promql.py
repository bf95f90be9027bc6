"""Query latency beside Prometheus and VictoriaMetrics: the same data and queries, interleaved in one run.

200 series over 24 hours at 5 s, and a histogram of 12 buckets by 10 label values. Ours: parse, evaluate and
render to the API's JSON, over arrays in memory. The peers: one HTTP request each, the answer read whole.
The figure is the median of the rounds.
"""

import contextlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from watchkeeper.keeper.promql import Engine, to_json
from watchkeeper.keeper.promql.labels import Labels, of
from watchkeeper.keeper.promql.testing import MemoryStore

START = 1_700_000_000_000
STEP = 5_000
COUNT = 17_280
END = START + STEP * (COUNT - 1)
ROUNDS = 5
BOUNDS = ("0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf")

# name -> query, is a range query, goal (ours / Prometheus)
QUERIES: dict[str, tuple[str, bool, float]] = {
    "instant_200_series": ("{__name__=~'requests_total|level'}", False, 1.0),
    "range_1_series": ("level{id='0'}", True, 2.0),
    "range_10_series": ("level{id=~'.'}", True, 1.0),
    "range_100_series": ("level", True, 1.0),
    "rate_5m_40_series": ("rate(requests_total{id=~'[0-3].'}[5m])", True, 1.0),
    "sum_by": ("sum by (group) (rate(requests_total[5m]))", True, 1.0),
    "histogram_quantile": ("histogram_quantile(0.9, rate(latency_bucket[5m]))", True, 1.0),
}


def data() -> Iterator[tuple[Labels, np.ndarray, np.ndarray]]:
    """Yield the series: labels, times in milliseconds, values."""
    chance = np.random.default_rng(1)
    times = START + STEP * np.arange(COUNT, dtype=np.int64)
    for n in range(100):
        labels = {"id": f"{n:02d}" if n > 9 else str(n), "group": str(n % 5)}
        values = np.cumsum(chance.integers(0, 9, COUNT)).astype(np.float64)
        yield of({"__name__": "requests_total", **labels, "id": f"{n:02d}"}), times, values
        yield of({"__name__": "level", **labels}), times, np.round(chance.normal(50, 9, COUNT), 2)
    for n in range(10):
        steps = chance.integers(0, 3, (len(BOUNDS), COUNT)).cumsum(axis=0)
        for bound, counts in zip(BOUNDS, steps.cumsum(axis=1), strict=True):
            labels = {"__name__": "latency_bucket", "stage": str(n), "le": bound}
            yield of(labels), times, counts.astype(np.float64)


def _ours() -> Callable[[str, bool], int]:
    store, engine = MemoryStore(), Engine()
    for labels, times, values in data():
        store.put(labels, times, values)

    def ask(query: str, is_range: bool) -> int:
        if is_range:
            return len(to_json(engine.range(store, query, END - 86_400_000 + STEP, END, 60_000)))
        return len(to_json(engine.instant(store, query, END)))

    return ask


def _peer(base: str) -> Callable[[str, bool], int]:
    def ask(query: str, is_range: bool) -> int:
        parameters: dict[str, Any] = {"query": query, "time": END / 1000}
        if is_range:
            start = (END - 86_400_000 + STEP) / 1000
            parameters = {"query": query, "start": start, "end": END / 1000, "step": 60, "nocache": 1}
        path = "query_range" if is_range else "query"
        url = f"{base}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return len(answer.read())

    return ask


def _exposition(with_time_in_seconds: bool) -> Iterator[str]:
    for labels, times, values in data():
        pairs = ",".join(f'{name}="{value}"' for name, value in labels if name != "__name__")
        head = f"{dict(labels)['__name__']}{{{pairs}}}"
        for when, value in zip(times.tolist(), values.tolist(), strict=True):
            yield f"{head} {value!r} {when / 1000 if with_time_in_seconds else when}\n"


@contextlib.contextmanager
def _serving(command: list[str], folder: Path, path: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    arguments = [part.replace("ADDRESS", address) for part in command]
    process = subprocess.Popen(arguments, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"http://{address}{path}", timeout=2).read()
                break
            time.sleep(0.1)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextlib.contextmanager
def _prometheus(folder: Path) -> Iterator[Callable[[str, bool], int]]:
    with (folder / "data.om").open("w") as file:
        file.writelines(_exposition(True))
        file.write("# EOF\n")
    (folder / "prometheus.yml").write_text("{}\n")
    backfill = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "data.om", "data"]
    subprocess.run(backfill, cwd=folder, check=True, capture_output=True, timeout=600)
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    command += ["--storage.tsdb.retention.time=100y", "--web.listen-address=ADDRESS"]
    with _serving(command, folder, "/-/ready") as base:
        yield _peer(base)


@contextlib.contextmanager
def _victoria(folder: Path) -> Iterator[Callable[[str, bool], int]]:
    command = ["victoria-metrics", "-storageDataPath=vm", "-httpListenAddr=ADDRESS", "-retentionPeriod=100y"]
    with _serving([*command, "-search.disableCache"], folder, "/health") as base:
        lines, batch = _exposition(False), list[str]()
        for line in lines:
            batch.append(line)
            if len(batch) == 200_000:
                _post(base, batch)
                batch.clear()
        _post(base, batch)
        urllib.request.urlopen(f"{base}/internal/force_flush", timeout=60).read()
        yield _peer(base)


def _post(base: str, lines: list[str]) -> None:
    body = "".join(lines).encode()
    urllib.request.urlopen(f"{base}/api/v1/import/prometheus", data=body, timeout=120).read()


def _milliseconds(ask: Callable[[str, bool], int], query: str, is_range: bool) -> float:
    start = time.perf_counter()
    ask(query, is_range)
    return (time.perf_counter() - start) * 1000


def main() -> dict[str, dict[str, Any]]:
    """Measure; return per query our latency, the peers' and the ratio to Prometheus."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        asks: dict[str, Callable[[str, bool], int]] = {"ours": _ours()}
        if shutil.which("prometheus") and shutil.which("promtool"):
            asks["prometheus"] = stack.enter_context(_prometheus(folder))
        if shutil.which("victoria-metrics"):
            asks["victoria-metrics"] = stack.enter_context(_victoria(folder))
        return {name: _measured(asks, *spec) for name, spec in QUERIES.items()}


def _measured(
    asks: dict[str, Callable[[str, bool], int]], query: str, is_range: bool, goal: float
) -> dict[str, Any]:
    rounds: dict[str, list[float]] = {who: [] for who in asks}
    for _ in range(ROUNDS + 1):  # the first warms caches
        for who, ask in asks.items():
            rounds[who].append(_milliseconds(ask, query, is_range))
    medians = {who: statistics.median(times[1:]) for who, times in rounds.items()}
    peers = {who: round(value, 2) for who, value in medians.items() if who != "ours"}
    real = medians.get("prometheus")
    return {
        "value": round(medians["ours"], 2),
        "unit": "ms",
        "peer": peers,
        "ratio": round(medians["ours"] / real, 2) if real else None,
        "goal": f"<= {goal} x Prometheus",
    }


if __name__ == "__main__":
    for name, row in main().items():
        print(
            f"{name:22} {row['value']:9.2f} ms  ratio {row['ratio']}  goal {row['goal']}  peers {row['peer']}"
        )
