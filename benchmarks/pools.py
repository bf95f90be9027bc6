"""Pool arithmetic against degenbot 0.3.0, the widest pure-Python peer.

Both get the same unique inputs in interleaved rounds, caches emptied before each; a figure is the
median of the rounds. Every answer is compared: quotes must be equal, an optimum must earn no less (to 8 wei).
degenbot lives in .cache/degenbot-venv, made on the first run (some 600 MB).
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from arbbot.detect.peak import Direction, peak
from arbbot.detect.search import best_near, trade
from arbbot.pools import Curve, ProductCurve, TickCurve, TickLiquidity, TickMap
from arbbot.pools.ticks import sqrt_price_at

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".cache" / "degenbot-venv"
PEER = "degenbot 0.3.0"
REQUIREMENT = "degenbot==0.3.0"
SCRIPT = ROOT / "benchmarks" / "peers" / "degenbot_prices.py"
ROUNDS = 7
CEILING = 10**22
ROUNDING = 8

Answers = list[Any]
Task = Callable[[Any], Answers]


class NoPeer(Exception):
    """The peer cannot be installed here; the text says why."""


def peer_python() -> Path:
    """Give the Python of the peer's environment, made if need be. Raises NoPeer."""
    python = VENV / "bin" / "python"
    ready = VENV / "ready"
    if ready.exists():
        return python
    shutil.rmtree(VENV, ignore_errors=True)
    uv = ROOT / ".tools" / "bin" / "uv"
    if uv.exists():
        steps = [
            [str(uv), "venv", "-q", "--python", sys.executable, str(VENV)],
            [str(uv), "pip", "install", "-q", "--python", str(python), REQUIREMENT],
        ]
    else:
        steps = [
            [sys.executable, "-m", "venv", str(VENV)],
            [str(python), "-m", "pip", "install", "-q", REQUIREMENT],
        ]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode:
            raise NoPeer(
                f"{REQUIREMENT} does not install: {(done.stderr.strip() or 'no reason').splitlines()[-1]}"
            )
    ready.touch()
    return python


class Peer:
    """The peer's process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [str(peer_python()), str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, task: str, inputs: Any) -> tuple[float, Answers]:
        """Run a task there; give its seconds and answers. Raises NoPeer where the process died."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"task": task, "inputs": inputs}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise NoPeer(f"{PEER} died: exit {self._process.wait(10)}")
        answer = json.loads(line)
        return answer["seconds"], answer["answers"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


def curve_of(told: Any) -> Curve:
    """Build our curve from what both sides are told."""
    if isinstance(told, list):
        return ProductCurve(*told)
    entries = {int(tick): TickLiquidity(gross, net) for tick, (gross, net) in told["ticks"].items()}
    tickmap = TickMap(told["spacing"], entries)
    return TickCurve(told["sqrt_price"], told["tick"], told["liquidity"], tickmap, told["fee"])


def deep_pool(tick: int, liquidity: int = 10**24) -> dict[str, Any]:
    """Tell a V3 pool at a tick with nested positions of 10, 20, ... 60 spacings on either side."""
    spacing, ticks = 60, {}
    base = tick // spacing * spacing
    for width in range(10, 70, 10):
        ticks[base - width * spacing] = (liquidity, liquidity)
        ticks[base + width * spacing] = (liquidity, -liquidity)
    return {
        "spacing": spacing,
        "tick": tick,
        "sqrt_price": sqrt_price_at(tick) + 12345,
        "liquidity": liquidity * 6,
        "fee": 3000,
        "ticks": ticks,
    }


def five_ticks(told: dict[str, Any]) -> tuple[int, int]:
    """Give the least and the greatest amount of token0 that cross five ticks."""
    curve = curve_of(told)
    pieces = [curve.segment(True)]
    while len(pieces) < 6:
        pieces.append(curve.segment(True, pieces[-1]))
    fifth, sixth = pieces[4:]
    assert fifth and sixth and fifth.end_in and sixth.end_in
    return fifth.end_in + 10, sixth.end_in - 10


def ours_quotes(inputs: Any) -> tuple[float, Answers]:
    """Time our quotes of one pool, token0 in."""
    curve = curve_of(inputs["pool"])
    sqrt_price_at.cache_clear()
    start = time.perf_counter()
    answers = [curve.quote(True, amount) for amount in inputs["amounts"]]
    return time.perf_counter() - start, answers


def ours_optima(inputs: Any) -> tuple[float, Answers]:
    """Time our best amounts of two-pool cycles: closed form, then the exact trades around it."""
    cycles = [[(curve_of(first), True), (curve_of(second), False)] for first, second in inputs]
    sqrt_price_at.cache_clear()
    start = time.perf_counter()
    answers = [best_amount(cycle) for cycle in cycles]
    return time.perf_counter() - start, answers


def best_amount(cycle: Sequence[Direction]) -> int:
    """Give the best amount of a profitable cycle."""
    first = [segment for curve, zero_for_one in cycle if (segment := curve.segment(zero_for_one))]
    top = peak(cycle, first, CEILING)
    amounts = best_near(cycle, top.amount, CEILING) if top else None
    return amounts[0] if amounts else 0


def inputs_of(seed: int) -> dict[str, tuple[str, Any, int]]:
    """Draw one round's inputs: figure to peer's task, inputs and how many they are."""
    draw = random.Random(seed)

    def amounts(count: int, low: int, high: int) -> list[int]:
        return [draw.randrange(low, high) for _ in range(count)]

    def pair(price: float) -> list[int]:
        depth = draw.randint(10**21, 10**22)
        return [depth, int(depth * price)]

    def gap() -> float:
        return draw.uniform(1.02, 1.08)

    wide = deep_pool(draw.randint(-60, 60))

    return {
        "V2 quote": ("quotes_v2", {"pool": pair(3), "amounts": amounts(3000, 10**15, 10**20)}, 3000),
        "V3 quote in one range": (
            "quotes_v3",
            {"pool": deep_pool(draw.randint(-9000, 9000)), "amounts": amounts(1000, 10**15, 10**20)},
            1000,
        ),
        "V3 quote over five ticks": (
            "quotes_v3",
            {"pool": wide, "amounts": amounts(500, *five_ticks(wide))},
            500,
        ),
        "two-hop optimum V2 V2": ("optima", [(pair(3), pair(3 / gap())) for _ in range(100)], 100),
        "two-hop optimum V3 V2": (
            "optima",
            [
                (deep_pool(draw.randint(-60, 60), draw.randint(10**21, 10**22)), pair(1 / gap()))
                for _ in range(60)
            ],
            60,
        ),
    }


def compare(figure: str, inputs: Any, ours: Answers, theirs: Answers) -> None:
    """Check the answers: equal quotes, optima that earn no less."""
    if "quote" in figure:
        assert ours == theirs, figure
        return
    for (first, second), mine, other in zip(inputs, ours, theirs, strict=True):
        cycle = [(curve_of(first), True), (curve_of(second), False)]
        # near a flat peak the rounding decides; a few of the last units may lie either way
        assert profit(cycle, mine) + ROUNDING >= profit(cycle, other) > 0, (figure, mine, other)


def profit(cycle: Sequence[Direction], amount: int) -> int:
    """Give what a cycle earns."""
    return trade(cycle, amount)[-1] - amount


GOALS = {
    "V2 quote": 1.0,
    "V3 quote in one range": 1.5,
    "V3 quote over five ticks": 1.5,
    "two-hop optimum V2 V2": 10.0,
    "two-hop optimum V3 V2": 3.0,
}


def main() -> dict[str, dict[str, Any]]:
    """Measure and give every figure: microseconds each, and the peer's over ours."""
    try:
        peer: Peer | None = Peer()
        note = PEER
    except (NoPeer, subprocess.TimeoutExpired) as error:
        peer, note = None, f"skipped: {error}"
    spent: dict[str, tuple[list[float], list[float]]] = {figure: ([], []) for figure in GOALS}
    for seed in range(ROUNDS):
        for figure, (task, inputs, count) in inputs_of(seed).items():
            seconds, ours = (ours_optima if task == "optima" else ours_quotes)(inputs)
            spent[figure][0].append(seconds / count * 1e6)
            if peer is not None:
                seconds, theirs = peer.run(task, inputs)
                spent[figure][1].append(seconds / count * 1e6)
                compare(figure, inputs, ours, theirs)
    if peer is not None:
        peer.close()
    return {figure: row(figure, mine, theirs, note) for figure, (mine, theirs) in spent.items()}


def row(figure: str, mine: list[float], theirs: list[float], note: str) -> dict[str, Any]:
    """Write one figure."""
    ratio = median(theirs) / median(mine) if theirs else None
    goal = GOALS[figure]
    told = f"{note} {median(theirs):.2f} us" if theirs else note
    return {
        "value": median(mine),
        "unit": "us",
        "peer": told,
        "ratio": ratio,
        "goal": f">= {goal:g}x",
        "ok": None if ratio is None else ratio >= goal,
    }


if __name__ == "__main__":
    for name, told in main().items():
        shown = "-" if told["ratio"] is None else f"{told['ratio']:.2f}x"
        print(f"{name:<28} {told['value']:9.2f} {told['unit']}  {shown:>8}  {told['goal']:<9} {told['peer']}")
