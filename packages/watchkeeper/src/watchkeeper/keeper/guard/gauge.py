"""Pressure of the machine, read from /proc."""

from __future__ import annotations

from pathlib import Path

from watchkeeper.keeper.guard.breaker import Pressure

PROC = Path("/proc")


class PressureGauge:
    """Reads the processor's use since the last read, memory in use, and the share of time stalled.

    Sources: proc(5), /proc/stat and /proc/meminfo; the kernel's Documentation/accounting/psi.rst.
    """

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._ticks = self._read_ticks()

    def read(self) -> Pressure:
        """Return the pressure; what the system does not tell counts as none."""
        return Pressure(self._cpu(), self._memory(), self._stalled())

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

    def _stalled(self) -> float:
        """Return the percentage of the last ten seconds in which all tasks waited for memory."""
        try:
            lines = (self._proc / "pressure" / "memory").read_text().splitlines()
            full = next(line for line in lines if line.startswith("full"))
            return float(full.partition("avg10=")[2].split()[0])
        except (OSError, ValueError, StopIteration, IndexError):
            return 0.0
