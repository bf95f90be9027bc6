"""All operations of a process, and the report over them."""

import gc
import os
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from threading import Lock
from time import process_time

from watchkeeper.agent.errors import DuplicateName
from watchkeeper.agent.metrics.instruments import Counter, Histogram
from watchkeeper.agent.metrics.registry import Registry
from watchkeeper.agent.operations import report
from watchkeeper.agent.operations.judgement import Account, account
from watchkeeper.agent.operations.operation import DEFAULT_TARGET, Operation, Run
from watchkeeper.agent.operations.report import Process
from watchkeeper.agent.profiling.stalls import Stall

BUCKETS = (0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PAGE = os.sysconf("SC_PAGE_SIZE")


class Ledger:
    """The operations by name; `stalls` tells those of the followed loops."""

    def __init__(
        self, registry: Registry, steady: Callable[[], float], stalls: Callable[[], Sequence[Stall]]
    ) -> None:
        self._registry = registry
        self._steady = steady
        self._stalls = stalls
        self._operations: dict[str, Operation] = {}
        self._families: Callable[[str], tuple[Histogram, Counter]] | None = None
        self._lock = Lock()
        self._at_start = (steady(), process_time(), *collected(), resident())

    def operation(self, name: str, target: float | None = None) -> Run:
        """Return one run of an operation, to be entered, or to decorate with.

        target: seconds within which 95 of 100 runs should end; the first one who names it decides. Raise
        `DuplicateName` where somebody names another one, `ValueError` where it is not above 0.
        """
        found = self._operations.get(name)
        if found is None or (target is not None and target != found.target):
            found = self._made(name, target)
        return Run(found)

    def accounts(self) -> list[Account]:
        """Return the figures of all operations that ran."""
        return [account(one) for one in self._operations.copy().values() if one.count]

    def process(self) -> Process:
        """Return the figures of the process."""
        born, cpu, collections, freed, memory = self._at_start
        full, total = collected()
        stalls = self._stalls()
        return Process(
            age=self._steady() - born,
            cpu=process_time() - cpu,
            collections=full - collections,
            collected=total - freed,
            memory=resident(),
            memory_before=memory,
            stalls=len(stalls),
            longest_stall=max((one.seconds for one in stalls), default=0.0),
        )

    def document(self) -> dict[str, object]:
        """Return the report for JSON."""
        return report.report(self.accounts(), self.process())

    def text(self) -> str:
        """Return the report for people."""
        return report.text(self.accounts(), self.process())

    def after_fork(self) -> None:
        """Replace the lock, which another thread may have held when the process forked."""
        self._lock = Lock()

    def _made(self, name: str, target: float | None) -> Operation:
        if target is not None and not 0 < target < inf:
            raise ValueError(f"the target of operation {name!r} must be above 0 and finite: {target}")
        with self._lock:
            found = self._operations.get(name)
            if found is None:
                histogram, errors = self._series(name)
                lock = Lock() if self._registry.locked else None
                found = Operation(name, target or DEFAULT_TARGET, histogram, errors, lock)
                self._operations[name] = found
            elif target is not None and target != found.target:
                raise DuplicateName(f"operation {name!r} has the target {found.target:g}, not {target:g}")
            return found

    def _series(self, name: str) -> tuple[Histogram, Counter]:
        if self._families is None:  # a bot without operations has no such metrics
            labels = ("operation",)
            runs = self._registry.histogram(
                "monitoring_operation_duration_seconds", "Time per run.", labels, buckets=BUCKETS
            )
            errors = self._registry.counter("monitoring_operation_errors_total", "Runs that failed.", labels)
            self._families = lambda one: (runs.labels(one), errors.labels(one))
        return self._families(name)


def collected() -> tuple[int, int]:
    """Return how many full garbage collections there were, and how many objects all collections freed."""
    stats = gc.get_stats()
    return stats[-1]["collections"], sum(one["collected"] for one in stats)


def resident() -> int:
    """Return the bytes of memory that the process holds; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0
