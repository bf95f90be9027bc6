"""The store: ingest rate, bytes per sample, memory, latency of selections, time to open.

The data: 200 series as a bot has them, one scrape each 5 s with some milliseconds of jitter: 90 counters with
irregular steps, 50 gauges of two decimals, 40 states, 20 latencies of six decimals; beside it the same with
50 of the series replaced by floats of full entropy. Peers in the same run and on the same samples: SQLite
rows, and Prometheus' TSDB and VictoriaMetrics where they are installed. Run: `python benchmarks/store.py`.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from watchkeeper.keeper.scrape import Group, ScrapeJob
from watchkeeper.keeper.scrape.exposition import TextParser
from watchkeeper.keeper.scrape.target import targets_of
from watchkeeper.keeper.scrape.visit import Visit
from watchkeeper.keeper.store import Labels, Matcher, Store, labels_of

SERIES = 200
STEP_MS = 5000
DAY = 86_400_000 // STEP_MS
BEGIN = 1_760_000_000_000
BLOCK = 720  # scrapes made at once
PEER_SCRAPES = 6 * 720
FOREVER = (0, 2**62)
Row = dict[str, Any]


def labels() -> list[Labels]:
    """Return the series' labels."""
    kinds = ["counter"] * 90 + ["gauge"] * 50 + ["state"] * 40 + ["latency"] * 20
    return [
        labels_of({"instance": "127.0.0.1:9090", "job": "bot", "n": str(n)}, k) for n, k in enumerate(kinds)
    ]


def blocks(scrapes: int, *, entropy: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield times [BLOCK] and values [BLOCK, SERIES]; `entropy` series are full-entropy floats."""
    dice = np.random.default_rng(7)
    total, walk, state = dice.integers(0, 10**6, 90) * 1.0, dice.uniform(10, 1000, 50), np.ones(40)
    rates = dice.choice([0.02, 0.5, 5, 80, 1500], 90)
    for first in range(0, scrapes, BLOCK):
        count = min(BLOCK, scrapes - first)
        times = (
            BEGIN + (first + np.arange(count)) * STEP_MS + np.rint(dice.normal(0, 2, count)).astype(np.int64)
        )
        counters = total + np.cumsum(dice.poisson(rates, (count, 90)), axis=0)
        gauges = walk + np.cumsum(dice.normal(0, 0.5, (count, 50)), axis=0)
        flips = dice.random((count, 40)) < 0.002
        states = (state + np.cumsum(flips, axis=0)) % 3 - 1
        latencies = dice.lognormal(-5, 0.6, (count, 20)).round(6)
        total, walk, state = counters[-1], gauges[-1], state + flips.sum(axis=0)
        values = np.concatenate((counters, gauges.round(2), states, latencies), axis=1)
        if entropy:
            values[:, :entropy] = dice.random((count, entropy))
        yield times, values


def fill(store: Store, scrapes: int, *, entropy: int = 0, after: int = 0) -> float:
    """Ingest by scrapes behind `after` others, flushing each minute of data; return the seconds it took."""
    refs = np.array([store.ref(one) for one in labels()])
    spent = 0.0
    for times, values in blocks(scrapes, entropy=entropy):
        begin = time.perf_counter()
        for place, time_ms in enumerate((times + after * STEP_MS).tolist()):
            store.append_refs(refs, time_ms, values[place])
            if place % 12 == 0:
                store.flush()
        spent += time.perf_counter() - begin
    begin = time.perf_counter()
    store.flush()
    return spent + time.perf_counter() - begin


def opened(folder: Path) -> Store:
    """Open a store that flushes when told."""
    return Store.open(folder, flush_seconds=math.inf, retention_seconds=1e12)


def resident_mb() -> float:
    """Return this process' resident memory, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def median_ms(call: Callable[[], object], rounds: int = 7) -> float:
    """Return the median milliseconds of a call."""
    spent = []
    for _ in range(rounds):
        begin = time.perf_counter()
        call()
        spent.append((time.perf_counter() - begin) * 1000)
    return statistics.median(spent)


def growth(root: Path) -> dict[str, Row]:
    """Fill two days; the second day's growth extrapolates to 30 days; memory is that of this process."""
    store = opened(root / "growth")
    begin_mb = resident_mb()
    spent = fill(store, DAY)
    first, first_mb = store.stats(), resident_mb()
    spent += fill(store, DAY, after=DAY)
    second, second_mb = store.stats(), resident_mb()
    per_day = second.bytes - first.bytes
    sealed = (second.samples - second.head_samples) - (first.samples - first.head_samples)
    results = {
        "ingest by scrapes, samples/s": row(second.stored / spent, "1/s", goal=200_000),
        "bytes per sample, mix": row(per_day / sealed, "B", goal=2.5),
        "200 series, 30 days at 5 s (extrapolated from day 2)": row(
            (second.bytes + 28 * per_day) / 1e6, "MB", goal=300
        ),
        "memory: growth on day 1": row(first_mb - begin_mb, "MB", goal=30),
        "memory: growth on day 2": row(second_mb - first_mb, "MB", goal=5),
    }
    results |= selections(store)
    fill(store, 1300, after=2 * DAY)
    store.close()
    begin = time.perf_counter()
    store = opened(root / "growth")
    results["open with two days and 1300 scrapes in the journal"] = row(
        (time.perf_counter() - begin) * 1000, "ms", goal=1000
    )
    store.close()
    return results


def selections(store: Store) -> dict[str, Row]:
    """Time selections of the last stretch of two days, decoding all and with what the cache keeps."""
    end = BEGIN + 2 * DAY * STEP_MS
    one, results = [Matcher("n", "=", "100")], {}
    for what, matchers, scrapes, goal in (("1 series, 24 h", one, DAY, 5), ("200 series, 1 h", [], 720, 50),
                                          ("200 series, 24 h", [], DAY, 400)):  # fmt: skip
        begin = end - scrapes * STEP_MS

        def warm(matchers: list[Matcher] = matchers, begin: int = begin) -> None:
            store.select(matchers, begin, end)

        def cold(again: Callable[[], None] = warm) -> None:
            store._reader.forget()
            again()

        results[f"select {what}, nothing cached"] = row(median_ms(cold, 5), "ms", goal=goal)
        results[f"select {what}, again"] = row(median_ms(warm, 5), "ms")
    return results


def batch_rate(root: Path) -> dict[str, Row]:
    """Time `ingest` with labels in every row, flush included."""
    names = labels()
    rows = [
        (one, int(t), float(v))
        for times, values in blocks(BLOCK)
        for t, line in zip(times, values, strict=True)
        for one, v in zip(names, line, strict=True)
    ]
    with opened(root / "batch") as store:
        begin = time.perf_counter()
        for first in range(0, len(rows), 10_000):
            store.ingest(rows[first : first + 10_000])
        store.flush()
        return {
            "ingest rows with labels, samples/s": row(
                len(rows) / (time.perf_counter() - begin), "1/s", goal=200_000
            )
        }


def scrape_cost(root: Path) -> dict[str, Row]:
    """Time a page of 1000 samples, parsed, translated and stored again and again; peer: official parser."""
    names = [f'm{n % 50}{{bot="arb",n="{n}"}}' for n in range(1000)]
    dice = np.random.default_rng(3)
    pages = ["".join(f"{name} {v!r}\n" for name, v in zip(names, line, strict=True))
             for line in dice.random((20, 1000)).round(3).tolist()]  # fmt: skip
    job = ScrapeJob("bench", (Group(("127.0.0.1:9090",)),))
    with opened(root / "scrape") as store:
        visit = Visit(targets_of(job, job.groups)[0], store)
        parser = TextParser()
        own, theirs = [], []
        for tick, page in enumerate(pages):
            own.append(
                median_ms(lambda page=page, tick=tick: visit._take(parser.parse(page), BEGIN + tick), 1)
            )
            theirs.append(median_ms(lambda page=page: list(text_string_to_metric_families(page)), 1))
        visit.close()
    peer = ("prometheus_client", statistics.median(theirs))  # ms per 1000 samples = us per sample
    return {
        "scrape: parse and store, us per sample": row(statistics.median(own[1:]), "us", peer=peer, goal=1),
        "scrape: the first page of a target, us per sample": row(own[0], "us", peer=peer),
    }


def sizes(root: Path) -> dict[str, Row]:
    """Compare bytes per sample with the peers on the same six hours."""
    results = {}
    for name, entropy in (("mix", 0), ("mix with a quarter of full entropy", 50)):
        with Store.open(root / f"own{entropy}", flush_seconds=math.inf, retention_seconds=1e12) as store:
            fill(store, PEER_SCRAPES, entropy=entropy)
            store._intake.freeze(np.arange(len(store._intake.head.last_time)))  # seal all, as the peers do
            store.flush()
            own = store.stats().bytes / (SERIES * PEER_SCRAPES)
        for peer, measure in (
            ("sqlite rows", sqlite_rows),
            ("prometheus", prometheus),
            ("victoria-metrics", victoria),
        ):
            theirs = measure(root, entropy)
            if theirs is not None:
                figure = f"bytes per sample, {name}, 6 h, against {peer}"
                results[figure] = row(own, "B", peer=(peer, theirs))
    return results


def sqlite_rows(root: Path, entropy: int) -> float:
    """Return the bytes per sample of plain rows (series, time, value) under a primary key."""
    path = root / f"rows{entropy}.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE s (series INTEGER, t INTEGER, v REAL, PRIMARY KEY (series, t)) WITHOUT ROWID")
    for times, values in blocks(PEER_SCRAPES, entropy=entropy):
        flat = (
            (n, t, v)
            for t, line in zip(times.tolist(), values.tolist(), strict=True)
            for n, v in enumerate(line)
        )
        db.executemany("INSERT INTO s VALUES (?,?,?)", flat)
        db.commit()
    db.execute("VACUUM")
    db.close()
    return path.stat().st_size / (SERIES * PEER_SCRAPES)


def prometheus(root: Path, entropy: int) -> float | None:
    """Return the bytes per sample of TSDB blocks made by promtool, or None when it is not installed."""
    if shutil.which("promtool") is None:
        return None
    source, target = root / f"p{entropy}.om", root / f"tsdb{entropy}"
    with source.open("w") as out:
        for text in exposition(entropy, seconds=True):
            out.write(text)
        out.write("# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(source), str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder_bytes(target) / (SERIES * PEER_SCRAPES)


def victoria(root: Path, entropy: int) -> float | None:
    """Return the bytes per sample of VictoriaMetrics' data folder, or None when it is not installed."""
    program = shutil.which("victoria-metrics")
    if program is None:
        return None
    folder, port = root / f"vm{entropy}", free_port()
    address = f"127.0.0.1:{port}"
    command = [program, f"-storageDataPath={folder}", f"-httpListenAddr={address}", "-retentionPeriod=10y"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://{address}/health")
        for text in exposition(entropy, seconds=False):
            request = urllib.request.Request(f"http://{address}/api/v1/import/prometheus", text.encode())
            urllib.request.urlopen(request, timeout=60).close()
        urllib.request.urlopen(f"http://{address}/internal/force_merge", timeout=60).close()
        time.sleep(3)
    finally:
        server.terminate()
        server.wait(30)
    return folder_bytes(folder) / (SERIES * PEER_SCRAPES)


def exposition(entropy: int, *, seconds: bool) -> Iterator[str]:
    """Yield the samples as text lines with times."""
    names = [
        f'{dict(one)["__name__"]}{{instance="127.0.0.1:9090",job="bot",n="{dict(one)["n"]}"}}'
        for one in labels()
    ]
    for times, values in blocks(PEER_SCRAPES, entropy=entropy):
        stamps = [f"{t / 1000:.3f}" if seconds else str(t) for t in times.tolist()]
        lines = zip(stamps, values.tolist(), strict=True)
        yield "".join(f"{n} {v!r} {t}\n" for t, line in lines for n, v in zip(names, line, strict=True))


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    """Wait until a server answers, at most 10 s."""
    for _ in range(100):
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


def row(value: float, unit: str, *, peer: tuple[str, float] | None = None, goal: float | None = None) -> Row:
    """Make a result; the peer is (name, its value), the ratio its value over ours."""
    met = None if goal is None else value >= goal if unit == "1/s" else value <= goal
    return {
        "value": value,
        "unit": unit,
        "peer": None if peer is None else f"{peer[0]} {peer[1]:.2f}",
        "ratio": None if peer is None else peer[1] / value,
        "goal": goal,
        "ok": met,
    }


def main() -> dict[str, Row]:
    """Run all; return the results by name."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        return growth(root) | batch_rate(root) | scrape_cost(root) | sizes(root)


def show(results: dict[str, Row]) -> None:
    """Print the results as a table."""
    print(f"{'what':<78}{'value':>14} {'unit':<4}{'goal':>8} {'ratio':>6}  peer")
    for name, result in results.items():
        ratio = "" if result["ratio"] is None else f"{result['ratio']:.1f}x"
        goal = "" if result["goal"] is None else f"{result['goal']:g}"
        peer = result["peer"] or ""
        print(f"{name:<78}{result['value']:>14,.2f} {result['unit']:<4}{goal:>8} {ratio:>6}  {peer}")


if __name__ == "__main__":
    measured = main()
    show(measured)
    if target := os.environ.get("BENCH_JSON"):
        Path(target).write_text(json.dumps(measured, indent=1))
