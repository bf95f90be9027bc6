"""What one event costs the bot: our instruments against prometheus_client, interleaved in one run.

Method: each operation runs in a loop of its own. A round times the empty loop, ours and the peer's one after
the other, a few milliseconds each, so that noise meets all; the ratio is the median of the rounds' own
ratios, the figure the median of nanoseconds. Exactness: four threads at a switch interval of 1 us, beside a
racy control that must lose counts, or the stress was none.
"""

import statistics
import sys
import threading
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

import prometheus_client

from watchkeeper import Registry

EVENTS = 10_000
ROUNDS = 61
THREADS = 4
STRESS = 200_000

Figure = dict[str, Any]
# name: (statement with SIDE for ours or peer, least ratio)
OPERATIONS = {
    "counter": ("SIDE_counter.inc()", 5),
    "counter by 2.0": ("SIDE_counter.inc(2.0)", 5),
    "labelled counter": ("SIDE_labelled.labels('get', '200').inc()", 8),
    "gauge set": ("SIDE_gauge.set(2.5)", 4),
    "histogram": ("SIDE_histogram.observe(0.3)", 4),
    "timer": ("with SIDE_histogram.time(): pass", 2.2),
}


def instruments() -> dict[str, Any]:
    """Return the instruments of both sides, with the same names, labels and buckets."""
    ours, peer = Registry(), prometheus_client
    labels = ("method", "code")
    return {
        "ours_counter": ours.counter("a", ""),
        "ours_labelled": ours.counter("b", "", labels),
        "ours_gauge": ours.gauge("c", ""),
        "ours_histogram": ours.histogram("d", ""),
        "peer_counter": peer.Counter("a", "", registry=None),
        "peer_labelled": peer.Counter("b", "", labels, registry=None),
        "peer_gauge": peer.Gauge("c", "", registry=None),
        "peer_histogram": peer.Histogram("d", "", registry=None),
    }


def timed(statement: str, names: dict[str, Any]) -> Callable[[], float]:
    """Return a function that runs a statement EVENTS times and returns nanoseconds per event."""
    source = (
        f"def run({', '.join(names)}):\n"
        f" began = clock()\n"
        f" for _ in events:\n"
        f"  {statement}\n"
        f" return (clock() - began) / {EVENTS}"
    )
    scope: dict[str, Any] = {"clock": perf_counter_ns, "events": range(EVENTS)}
    exec(source, scope)  # noqa: S102  # the statements above, so that no call stands between clock and event
    return lambda: scope["run"](**names)


def compared(statement: str, names: dict[str, Any]) -> tuple[float, float, float]:
    """Return our and the peer's median nanoseconds per event, and the median ratio."""
    empty = timed("pass", names)
    ours, peer = (timed(statement.replace("SIDE", side), names) for side in ("ours", "peer"))
    rounds = []
    for _ in range(ROUNDS):
        floor, first, second = empty(), ours(), peer()
        rounds.append((first - floor, second - floor, (second - floor) / (first - floor)))
    costs, peers, ratios = zip(*rounds, strict=True)
    return statistics.median(costs), statistics.median(peers), statistics.median(ratios)


class Racy:
    """A counter with a call between load and store."""

    def __init__(self) -> None:
        self.value = 0

    def inc(self) -> None:
        """Add one, or lose it."""
        self.value = self.value + self.one()

    def one(self) -> int:
        """Return one, and give the interpreter its chance to switch."""
        return 1


def lost() -> dict[str, float]:
    """Return the counts that each instrument lost under the stress."""
    registry, racy = Registry(), Racy()
    counter, gauge = registry.counter("a", ""), registry.gauge("b", "")
    labelled, histogram = registry.counter("c", "", ("x",)), registry.histogram("d", "")

    def work() -> None:
        for _ in range(STRESS):
            counter.inc()
            gauge.inc(2.0)
            labelled.labels("y").inc()
            histogram.observe(0.5)
            racy.inc()

    stressed(work)
    total = STRESS * THREADS
    counts, observed = histogram.value()
    return {
        "counter": total - counter.value(),
        "gauge": 2 * total - gauge.value(),
        "labelled counter": total - labelled.labels("y").value(),
        "histogram count": total - counts[-1],
        "histogram sum": 0.5 * total - observed,
        "racy control": total - racy.value,
    }


def stressed(work: Callable[[], None]) -> None:
    """Run `work` on all threads at the shortest switch interval."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)


def main() -> dict[str, Figure]:
    """Return all figures."""
    figures: dict[str, Figure] = {}
    names = instruments()
    for name, (statement, least) in OPERATIONS.items():
        cost, peer, ratio = compared(statement, names)
        figures[name] = {
            "value": cost,
            "unit": "ns",
            "peer": f"prometheus_client {peer:.0f} ns",
            "ratio": ratio,
        }
        figures[name] |= {"goal": f">= {least}x", "ok": ratio >= least}
    for name, count in lost().items():
        control = name == "racy control"
        figures[f"lost by {name}"] = {"value": count, "unit": "counts", "peer": None, "ratio": None}
        figures[f"lost by {name}"] |= {"goal": "> 0" if control else "0", "ok": (count > 0) is control}
    return figures


def show(figures: dict[str, Figure]) -> None:
    """Print the figures as a table."""
    for name, row in figures.items():
        ratio = f"{row['ratio']:.2f}x" if row["ratio"] else ""
        verdict = "ok" if row["ok"] else "MISSED"
        value = f"{row['value']:14,.2f} {row['unit']}"
        print(f"{name:<38}{value:<24}{ratio:>8}  goal {row['goal']:<12}{verdict:<8}{row['peer'] or ''}")


if __name__ == "__main__":
    show(main())
