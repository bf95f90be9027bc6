"""Pressure of the machine, read from /proc; in a container, of what the container may use."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from watchkeeper.keeper.guard.breaker import Pressure
from watchkeeper.keeper.guard.cgroup import MOUNT, PROC, Limited, folders, full_share


class PressureGauge:
    """Reads the processor's use since the last read, memory in use, and the share of time stalled.

    What a control group limits is measured against its limit, all else against the machine.

    Sources: proc(5), /proc/stat and /proc/meminfo; the kernel's Documentation/accounting/psi.rst.
    """

    def __init__(
        self, proc: Path = PROC, mount: Path = MOUNT, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._proc = proc
        self._limited = Limited(folders(proc, mount), clock)
        self._ticks = self._read_ticks()

    def read(self) -> Pressure:
        """Return the pressure; what the system does not tell counts as none."""
        limited, cpu = self._limited, self._cpu()
        return Pressure(
            or_else(limited.cpu(), cpu),
            or_else(limited.memory(), self._memory()),
            or_else(limited.stalled(), full_share(self._proc / "pressure" / "memory")),
        )

    def _cpu(self) -> float:
        before, self._ticks = self._ticks, self._read_ticks()
        busy, whole = self._ticks[0] - before[0], self._ticks[1] - before[1]
        return 100.0 * busy / whole if whole > 0 else 0.0

    def _read_ticks(self) -> tuple[int, int]:
        """Return (busy, all) ticks of all processors since the machine started."""
        try:
            fields = (self._proc / "stat").read_text().partition("\n")[0].split()[1:9]
            ticks = [int(field) for field in fields]
        except (OSError, ValueError):
            return 0, 0
        if len(ticks) < 5:
            return 0, 0
        return sum(ticks) - ticks[3] - ticks[4], sum(ticks)

    def _memory(self) -> float:
        try:
            lines = (self._proc / "meminfo").read_text().splitlines()
            fields = {name: int(rest.split()[0]) for name, _, rest in (x.partition(":") for x in lines)}
            return 100.0 * (1 - fields["MemAvailable"] / fields["MemTotal"])
        except (OSError, ValueError, KeyError, IndexError, ZeroDivisionError):
            return 0.0


def or_else(found: float | None, machine: float) -> float:
    """Return what a group's limit says, where there is one."""
    return machine if found is None else found
