"""What a scrape costs: 10,000 series against the official client's `generate_latest`, and memory per series.

Method: same names, labels and values on both sides; rounds take turns; median. The longest slice is the CPU
time for which the bot's threads wait for a rendering agent. Memory: tracemalloc around the creation of the
series, each incremented once, label texts included.
"""

import gc
import statistics
import tracemalloc
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest as peer_openmetrics

from watchkeeper import Registry
from watchkeeper.agent.metrics import exposition

SERIES = 10_000
HISTOGRAMS = 600  # of 17 lines each: about as many lines
ROUNDS = 9

Figure = dict[str, Any]


def ours_counters() -> Registry:
    """Return our registry with SERIES counters."""
    registry = Registry(cap=SERIES)
    family = registry.counter("requests", "Requests.", ("path", "code"))
    for number in range(SERIES):
        family.labels(f"/path/{number}", "200").inc(number)
    return registry


def peer_counters() -> CollectorRegistry:
    """Return the official client's registry with the same."""
    registry = CollectorRegistry()
    family = prometheus_client.Counter("requests", "Requests.", ("path", "code"), registry=registry)
    for number in range(SERIES):
        family.labels(f"/path/{number}", "200").inc(number)
    return registry


def ours_histograms() -> Registry:
    """Return our registry with HISTOGRAMS histograms."""
    registry = Registry(cap=HISTOGRAMS)
    family = registry.histogram("latency", "Latency.", ("path",))
    for number in range(HISTOGRAMS):
        family.labels(f"/path/{number}").observe(number / HISTOGRAMS)
    return registry


def peer_histograms() -> CollectorRegistry:
    """Return the official client's registry with the same."""
    registry = CollectorRegistry()
    family = prometheus_client.Histogram("latency", "Latency.", ("path",), registry=registry)
    for number in range(HISTOGRAMS):
        family.labels(f"/path/{number}").observe(number / HISTOGRAMS)
    return registry


def text(registry: Registry) -> bytes:
    """Render as the server does."""
    return b"".join([piece.encode() for piece in exposition.text(registry.families())])


def openmetrics(registry: Registry) -> bytes:
    """Render as the server does."""
    return b"".join([piece.encode() for piece in exposition.openmetrics(registry.families())])


def interleaved(*runs: Callable[[], object]) -> list[float]:
    """Return the median milliseconds of each run, their rounds taking turns."""
    seen: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS):
        for run, times in zip(runs, seen, strict=True):
            began = perf_counter()
            run()
            times.append((perf_counter() - began) * 1e3)
    return [statistics.median(times) for times in seen]


def longest_slice(registry: Registry) -> float:
    """Return the longest slice's CPU milliseconds, median over the rounds."""
    longest = []
    for _ in range(ROUNDS):
        times, began = [], thread_time()
        for piece in exposition.text(registry.families()):
            piece.encode()
            times.append(thread_time() - began)
            began = thread_time()
        longest.append(max(times) * 1e3)
    return statistics.median(longest)


def bytes_each(make: Callable[[], object], count: int) -> float:
    """Return the bytes that each of `count` series takes."""
    gc.collect()
    tracemalloc.start()
    kept = make()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return size / count


def figure(value: float, unit: str, peer: float, least: float | None, most: float | None = None) -> Figure:
    """Return one figure beside its peer's, with its goal: a least ratio, or a most of its own unit."""
    ratio = peer / value if peer else None
    goal = f">= {least}x" if least else f"<= {most} {unit}"
    met = (ratio or 0) >= least if least else value <= (most or 0)
    named = f"prometheus_client {peer:,.1f} {unit}" if peer else None
    return {"value": value, "unit": unit, "peer": named, "ratio": ratio, "goal": goal, "ok": met}


def main() -> dict[str, Figure]:
    """Return all figures."""
    # _created series are switched off, so that both sides write the same lines.
    prometheus_client.disable_created_metrics()
    ours, peer, ours_h, peer_h = ours_counters(), peer_counters(), ours_histograms(), peer_histograms()
    assert text(ours).count(b"\n") == prometheus_client.generate_latest(peer).count(b"\n")
    assert text(ours_h).count(b"\n") == prometheus_client.generate_latest(peer_h).count(b"\n")
    in_text = interleaved(lambda: text(ours), lambda: prometheus_client.generate_latest(peer))
    in_open = interleaved(lambda: openmetrics(ours), lambda: peer_openmetrics(peer))
    of_histograms = interleaved(lambda: text(ours_h), lambda: prometheus_client.generate_latest(peer_h))
    return {
        "text, 10,000 counters": figure(in_text[0], "ms", in_text[1], 10),
        "OpenMetrics, 10,000 counters": figure(in_open[0], "ms", in_open[1], 10),
        "text, 600 histograms (10,200 lines)": figure(of_histograms[0], "ms", of_histograms[1], 10),
        "longest slice": figure(max(longest_slice(ours), longest_slice(ours_h)), "ms", 0, None, 2),
        "memory per counter": figure(
            bytes_each(ours_counters, SERIES), "B", bytes_each(peer_counters, SERIES), None, 380
        ),
        "memory per histogram": figure(
            bytes_each(ours_histograms, HISTOGRAMS), "B", bytes_each(peer_histograms, HISTOGRAMS), None, 700
        ),
    }


def show(figures: dict[str, Figure]) -> None:
    """Print the figures as a table."""
    for name, row in figures.items():
        ratio = f"{row['ratio']:.1f}x" if row["ratio"] else ""
        verdict = "ok" if row["ok"] else "MISSED"
        value = f"{row['value']:12,.2f} {row['unit']}"
        print(f"{name:<38}{value:<24}{ratio:>8}  goal {row['goal']:<12}{verdict:<8}{row['peer'] or ''}")


if __name__ == "__main__":
    show(main())
