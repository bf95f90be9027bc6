"""What tracing costs where nothing is recorded, and where it is, beside OpenTelemetry's kit in one process.

A bot's hot path meets four calls: the head of a trace (`with tracer.trace`), a part (`with tracer.span`), a
part that was timed anyway (`tracer.past`), and the look for an exemplar. Without a collector, and in 99 of
100 traces with one, all four are to be nothing. `block` is what the arbitrage bot does per frame once there
is a collector: the head, three stages, the exemplar of the whole. Nanoseconds per call over an empty loop,
rounds interleaved, median; the peer is OpenTelemetry's tracer with the sampler that is always off, and with
one that is always on and a processor that drops. It lives in .cache/otel-venv, made on the first run;
without it its figures are absent.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".cache" / "otel-venv"
SOURCE = ROOT / "packages" / "watchkeeper" / "src"
PACKAGES = ("opentelemetry-sdk==1.45.2", "opentelemetry-proto==1.45.2")
ROUNDS = 31
CALLS = 4000
NOTHING_GOAL = 200.0
Loop = Callable[[int], None]
Figure = dict[str, Any]


def ours(ratio: float) -> dict[str, Loop]:
    """Return the loops over our tracer; recorded spans are taken out and thrown away."""
    from watchkeeper.agent.tracing.tracer import Tracer

    tracer = Tracer(ratio)

    def head(calls: int) -> None:
        for _ in range(calls):
            with tracer.trace("block"):
                pass
        tracer.taken(calls)

    def part(calls: int) -> None:
        for _ in range(calls):
            with tracer.span("decode"):
                pass
        tracer.taken(calls)

    def past(calls: int) -> None:
        for _ in range(calls):
            tracer.past("decode", 0.001)
        tracer.taken(calls)

    def exemplar(calls: int) -> None:
        for _ in range(calls):
            tracer.exemplar()

    def block(calls: int) -> None:
        for number in range(calls):
            with tracer.trace("block") as span:
                tracer.past("parse", 0.001)
                tracer.past("detect", 0.001)
                tracer.past("validate", 0.001)
                tracer.exemplar()
                span.set("sequence", number)
        tracer.taken(4 * calls)

    return {"head": head, "part": part, "part timed anyway": past, "exemplar": exemplar, "block": block}


def theirs(recorded: bool) -> dict[str, Loop]:
    """Return the loop over OpenTelemetry's tracer."""
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider  # type: ignore[import-not-found]
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON  # type: ignore[import-not-found]

    provider = TracerProvider(sampler=ALWAYS_ON if recorded else ALWAYS_OFF)
    provider.add_span_processor(SpanProcessor())
    tracer = provider.get_tracer("benchmark")

    def head(calls: int) -> None:
        for _ in range(calls):
            with tracer.start_as_current_span("block"):
                pass

    return {"head": head}


def empty(calls: int) -> None:
    for _ in range(calls):
        pass


def timed(loop: Loop, calls: int = CALLS) -> float:
    """Return the nanoseconds of one call."""
    began = perf_counter_ns()
    loop(calls)
    return (perf_counter_ns() - began) / calls


def measured() -> dict[str, float]:
    """Return the median nanoseconds of each call; the peer's are there where it is installed."""
    loops: dict[str, Loop] = {"empty": empty}
    loops |= {f"off, {name}": loop for name, loop in ours(0.0).items()}
    loops |= {f"1 %, {name}": loop for name, loop in ours(0.01).items() if name == "block"}
    loops |= {f"on, {name}": loop for name, loop in ours(1.0).items() if name in ("head", "block")}
    try:
        loops |= {f"peer off, {name}": loop for name, loop in theirs(False).items()}
        loops |= {f"peer on, {name}": loop for name, loop in theirs(True).items()}
    except ImportError:
        pass
    found: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(ROUNDS):
        for name, loop in loops.items():
            found[name].append(timed(loop))
    nothing = statistics.median(found.pop("empty"))
    return {name: statistics.median(values) - nothing for name, values in found.items()}


def python() -> Path:
    """Return the interpreter that has the peer, made on the first run; else our own."""
    program = VENV / "bin" / "python"
    try:
        if not program.exists():
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, timeout=120)
            subprocess.run([program, "-m", "pip", "install", "-q", *PACKAGES], check=True, timeout=300)
        subprocess.run([program, "-c", "import opentelemetry.sdk"], check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return Path(sys.executable)
    return program


def main() -> dict[str, Figure]:
    """Return all figures, measured in one process of the peer's environment."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [python(), str(Path(__file__)), "measure"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=300)
    found: dict[str, float] = json.loads(done.stdout)
    return {name: figure(name, value, found) for name, value in found.items()}


def figure(name: str, value: float, found: dict[str, float]) -> Figure:
    """Return one figure; the ratio says how many times ours is faster than the peer's span."""
    peer = found.get(f"peer {name}")
    goal = NOTHING_GOAL if name.startswith("off") and not name.endswith("block") else None
    return {
        "value": value,
        "unit": "ns",
        "ratio": None if peer is None else peer / value,
        "peer": "" if peer is None else f"OpenTelemetry {peer:.0f} ns",
        "goal": None if goal is None else f"<= {goal:g}",
        "ok": goal is None or value <= goal,
    }


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        sys.stdout.write(json.dumps(measured()))
    else:
        for title, row in main().items():
            print(f"{title:<32}{row['value']:>9.0f} ns  {row['goal'] or '':<8} {row['peer']}")
