"""What the stack sampler takes from a bot at 19 and 100 Hz, beside py-spy, and what each of them sees.

Cost: one process works flat out on its main thread, some 30 frames deep, in windows of 60 ms that take turns:
off, one way, off, another way. The ways are 19 Hz, 100 Hz, 100 Hz by a thread alone, and off as a control;
their order turns about in every other round. Off is a sampler that is due in minutes, so that all windows run
at the same place of the same stack. What the bot loses is the CPU time per unit of work on its own
thread over that of the neighbouring windows off, and the share of a core that the sampler's thread takes.
CPU times, because wall time on a shared machine shows the neighbours. Medians over the rounds, quartiles
beside them; the control shows what the machine's noise is worth.
py-spy cannot be switched on and off so fast, and pauses the process, which CPU time does not show: longer
windows, by wall time, and so noisier. It lives in .cache/pyspy-venv, made on the first run; without it its
figure is absent.

Truth: a bot on an event loop works in bursts of random length under a millisecond, three times as long in one
function as in another. Shown is the share of the first in the CPU time by each sampler, and by the clock. A
thread that samples the others gets the GIL when the loop waits, and so sees the selector.
"""

import asyncio
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import perf_counter, process_time, sleep, thread_time
from types import FrameType
from typing import Any

from watchkeeper.agent.clock import Clock
from watchkeeper.agent.profiling import sampler
from watchkeeper.agent.profiling.cputimer import CpuTimer
from watchkeeper.agent.profiling.profile import Profile, flat
from watchkeeper.agent.profiling.sampler import Plan, Sampler

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".cache" / "pyspy-venv"
OFF = 0.005  # Hz
ROUNDS = 250
SECONDS = 0.06
ACCOUNTED_SECONDS = 4.0
SPY_ROUNDS = 10
SPY_SECONDS = 0.5
ATTACH = 1.0  # seconds until py-spy samples
TRUTH_SECONDS = 6.0
Figure = dict[str, Any]
Measured = tuple[float, float, float]  # CPU per unit, share of a core of other threads, units per second


def work(depth: int = 30) -> int:
    """Do a unit of work at the bottom of a deep stack."""
    if depth:
        return work(depth - 1)
    total = 0
    for number in range(20_000):
        total += number & 7
    return total


def window(seconds: float = SECONDS) -> Measured:
    """Work for a while; return what it took."""
    units, began = 0, perf_counter()
    own, whole = thread_time(), process_time()
    while perf_counter() - began < seconds:
        work()
        units += 1
    own, whole, wall = thread_time() - own, process_time() - whole, perf_counter() - began
    return own / units, max(0.0, whole - own) / wall, units / wall


def lost(off: Measured, on: Measured) -> float:
    """Return the percent of the bot's work that the sampler takes, by CPU time."""
    return 100 * (1 - off[0] / on[0] * (1 - on[1]) / (1 - off[1]))


def slower(off: Measured, on: Measured) -> float:
    """Return the percent of the bot's work that is lost by wall time."""
    return 100 * (1 - on[2] / off[2])


def sampled(hz: float, timer: bool = True) -> Measured:
    """Measure with our sampler on."""
    one = Sampler(Plan(hz=hz, timer=timer), Clock(), list)
    one.start()
    try:
        return window()
    finally:
        one.stop()


def spied(program: Path) -> Measured:
    """Measure with py-spy attached."""
    command = [
        program,
        "record",
        "-r",
        "100",
        "-d",
        "60",
        "-f",
        "raw",
        "-o",
        os.devnull,
        "-p",
        str(os.getpid()),
    ]
    spy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        sleep(ATTACH)
        if spy.poll() is not None:
            raise ChildProcessError(f"py-spy ended with {spy.returncode}")
        return window(SPY_SECONDS)
    finally:
        spy.terminate()
        spy.wait()


WAYS: dict[str, Callable[[], Measured]] = {
    "19 Hz": lambda: sampled(19),
    "100 Hz": lambda: sampled(100),
    "100 Hz by a thread": lambda: sampled(100, timer=False),
    "control": lambda: sampled(OFF),
}


def rounds() -> dict[str, list[float]]:
    """Return what is lost by each way, once per round."""
    found: dict[str, list[float]] = {name: [] for name in WAYS}
    before = sampled(OFF)
    for number in range(ROUNDS):
        for name, way in list(WAYS.items())[:: 1 if number % 2 else -1]:
            on, after = way(), sampled(OFF)
            found[name].append((lost(before, on) + lost(after, on)) / 2)
            before = after
    return found


def accounted(hz: float) -> float:
    """Return the percent of a core that our own code takes: the handler's time, and the thread's."""
    handler: list[float] = []

    class Timed(CpuTimer):
        def _on_signal(self, number: int, frame: FrameType | None) -> None:
            began = thread_time()
            super()._on_signal(number, frame)
            handler.append(thread_time() - began)

    one = Sampler(Plan(hz=hz), Clock(), list)
    sampler.CpuTimer = Timed  # type: ignore[misc]
    one.start()
    sampler.CpuTimer = CpuTimer  # type: ignore[misc]
    _, others, _ = window(ACCOUNTED_SECONDS)
    one.stop()
    return 100 * (sum(handler) / ACCOUNTED_SECONDS + others)


def spy_rounds(program: Path) -> list[float]:
    """Return what is lost by wall time while py-spy samples."""
    found = []
    for _ in range(SPY_ROUNDS):
        before, on, after = window(SPY_SECONDS), spied(program), window(SPY_SECONDS)
        found.append((slower(before, on) + slower(after, on)) / 2)
    return found


def spend(seconds: float) -> None:
    end = thread_time() + seconds
    while thread_time() < end:
        pass


SPENT: list[float] = []  # seconds of CPU in `first`, by the clock


def first(seconds: float) -> None:
    began = thread_time()
    spend(0.75 * seconds)
    SPENT.append(thread_time() - began)


def second(seconds: float) -> None:
    spend(0.25 * seconds)


async def bursts() -> None:
    """Work in bursts as a bot on an event loop does."""
    chance, end = Random(1), perf_counter() + TRUTH_SECONDS
    while perf_counter() < end:
        for part in (first, second):
            part(chance.random() * 0.001)
        await asyncio.sleep(0.0003)


def seen(profile: Profile, name: str, column: int) -> float:
    """Return the percent of a profile that lies under a function."""
    total = profile.totals()[column]
    table = flat(profile, column)
    return 100 * sum(whole for one, (_, whole) in table.items() if one.endswith(name)) / max(1, total)


def truth(timer: bool) -> tuple[float, float, float]:
    """Return the percent of CPU time under `first` by a sampler and by the clock, and under the selector."""
    one = Sampler(Plan(hz=100, timer=timer), Clock(), list)
    one.start()
    start, began = one.mark(), thread_time()
    SPENT.clear()
    asyncio.run(bursts())
    profile, spent = one.since(start), thread_time() - began
    one.stop()
    return seen(profile, ".first", 1), 100 * sum(SPENT) / spent, seen(profile, "EpollSelector.select", 1)


def py_spy() -> Path | None:
    """Return py-spy's path, installed on the first run; None where that fails."""
    program = VENV / "bin" / "py-spy"
    try:
        if not program.exists():
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, timeout=120)
            install = [VENV / "bin" / "python", "-m", "pip", "install", "-q", "py-spy==0.4.*"]
            subprocess.run(install, check=True, timeout=300)
        subprocess.run([program, "--version"], check=True, timeout=20, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    return program


def figure(value: float, peer: str, most: float | None = None) -> Figure:
    """Return one figure in percent."""
    goal = None if most is None else f"<= {most}"
    return {"value": value, "unit": "%", "peer": peer, "ratio": None, "goal": goal,
            "ok": most is None or value <= most}  # fmt: skip


def middle(values: list[float]) -> tuple[float, str]:
    """Return the median and the quartiles as a text."""
    low, half, high = statistics.quantiles(values, n=4)
    return half, f"[{low:.2f}, {high:.2f}]"


def main() -> dict[str, Figure]:
    """Return all figures."""
    figures: dict[str, Figure] = {}
    for name, measured in rounds().items():
        cost, spread = middle(measured)
        figures[f"lost, {name}"] = figure(cost, f"CPU time {spread}", 0.5 if name.endswith(" Hz") else None)
    for hz in (19, 100):
        figures[f"own CPU, {hz} Hz"] = figure(accounted(hz), "handler and thread by their clocks", 0.5)
    if (program := py_spy()) is not None:
        cost, spread = middle(spy_rounds(program))
        figures["lost, py-spy 100 Hz"] = figure(cost, f"wall time {spread}")
    for timer, name in ((True, "CPU timer"), (False, "a thread")):
        share, true, selector = truth(timer)
        told = f"{true:.0f} % by the clock; {selector:.0f} % in the selector"
        figures[f"hot function of a loop, by {name}"] = figure(share, told)
    return figures


if __name__ == "__main__":
    for title, row in main().items():
        print(f"{title:<44}{row['value']:>8.2f} %  {row['goal'] or '':<8} {row['peer']}")
