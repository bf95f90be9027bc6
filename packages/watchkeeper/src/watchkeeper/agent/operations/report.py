"""The report of all operations: bottlenecks first, with the process's memory, CPU and garbage collection."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.agent.operations.judgement import Account, Grade, advice, seconds

BUSY = 0.9  # of a core
OFTEN = 1.0  # full collections a second
GROWING = 1.5  # present memory over that at the start

COLUMNS = ("mean", "p95", "p99", "max")
HEADING = f"{'operation':<28}{'class':<10}{'trend':<10}{'runs':>9}{'errors':>8}" + (
    "".join(f"{name:>9}" for name in COLUMNS) + f"{'share':>7}"
)


@dataclass(frozen=True, slots=True)
class Process:
    """What the process as a whole took since the agent was made.

    cpu: seconds; collections: full ones of the garbage collector, collected: objects that all of them freed.
    """

    age: float
    cpu: float
    collections: int
    collected: int
    memory: int
    memory_before: int
    stalls: int
    longest_stall: float

    def document(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "age_seconds": self.age,
            "cpu_seconds": self.cpu,
            "cpu_share": self.cpu / self.age if self.age else 0.0,
            "gc_full_collections": self.collections,
            "gc_collected_objects": self.collected,
            "memory_bytes": self.memory,
            "memory_growth": self.memory / self.memory_before if self.memory_before else 1.0,
            "stalls": self.stalls,
            "longest_stall_seconds": self.longest_stall,
        }


def process_advice(process: Process) -> list[str]:
    """Say what to look at in the process as a whole."""
    found = []
    if process.age and process.cpu / process.age > BUSY:
        found.append("the process uses a whole core: /debug/pprof/profile shows where")
    if process.age and process.collections / process.age > OFTEN:
        rate = process.collections / process.age
        found.append(f"{rate:.1f} full garbage collections a second: gc.freeze() after the start")
    if process.memory_before and process.memory > process.memory_before * GROWING:
        grown = process.memory / process.memory_before
        found.append(f"memory is {grown:.1f} times that of the start: /debug/pprof/heap shows what grows")
    if process.stalls:
        longest = seconds(process.longest_stall)
        found.append(
            f"the event loop stalled {process.stalls} times, {longest} at most: see /debug/pprof/block"
        )
    return found


def report(accounts: Sequence[Account], process: Process) -> dict[str, object]:
    """Return the report for JSON, the operation that takes most time first.

    A share is of the sum over all operations; where one runs inside another, both have the time.
    """
    whole = sum(one.total for one in accounts) or 1.0
    ordered = sorted(accounts, key=lambda one: -one.total)
    return {
        "operations": [{**one.document(), "share": one.total / whole} for one in ordered],
        "bottlenecks": [
            {"name": one.name, "class": one.grade.value, "share": one.total / whole, "recommendations": told}
            for one in sorted(ordered, key=lambda one: -badness(one))
            if (told := advice(one, one.total / whole))
        ],
        "process": {**process.document(), "recommendations": process_advice(process)},
    }


def badness(one: Account) -> int:
    """Return a number that grows with the class; equals keep their order."""
    return list(Grade).index(one.grade)


def text(accounts: Sequence[Account], process: Process) -> str:
    """Return the report for people."""
    whole = sum(one.total for one in accounts) or 1.0
    lines = [HEADING]
    for one in sorted(accounts, key=lambda one: -one.total):
        lines.append(row(one, one.total / whole))
        lines += [f"    {told}" for told in advice(one, one.total / whole)]
    lines += ["", f"process: {process.cpu:.1f} s of CPU in {process.age:.0f} s, {process.memory >> 20} MiB"]
    lines += [f"    {told}" for told in process_advice(process)]
    return "\n".join(lines) + "\n"


def row(one: Account, share: float) -> str:
    """Return one operation as a line."""
    times = "".join(f"{seconds(value):>9}" for value in (one.mean, one.p95, one.p99, one.max))
    rate = f"{one.error_rate:.1%}"
    return f"{one.name:<28}{one.grade:<10}{one.trend:<10}{one.count:>9}{rate:>8}{times}{share:>7.0%}"
