"""Pressure against the limits of this process's control groups, version 2: what a container may use.

Source: the kernel's Documentation/admin-guide/cgroup-v2.rst (cpu.max, cpu.stat, memory.max, memory.high,
memory.current, memory.stat) and accounting/psi.rst (cpu.pressure, memory.pressure).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

PROC = Path("/proc")
MOUNT = Path("/sys/fs/cgroup")
MICRO = 1_000_000


def folders(proc: Path = PROC, mount: Path = MOUNT) -> tuple[Path, ...]:
    """Return the folders of this process's group and of those above it, its own first.

    Nothing where the system has no groups of version 2. In a container the path that the process sees
    may be one of the host; then the mount's own folder is the container's.
    """
    if not (mount / "cgroup.controllers").exists():
        return ()
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
        path = next(line[3:] for line in lines if line.startswith("0::"))
    except (OSError, StopIteration):
        path = "/"
    parts = [part for part in path.split("/") if part not in ("", "..")]
    found = [mount.joinpath(*parts[:count]) for count in range(len(parts), -1, -1)]
    return tuple(folder for folder in found if folder.is_dir())


class Limited:
    """Reads how much of their limits the groups use; None for what no group limits."""

    def __init__(self, groups: Iterable[Path], clock: Callable[[], float] = time.monotonic) -> None:
        self._groups = tuple(groups)
        self._clock = clock
        self._uses = self._look()

    def cpu(self) -> float | None:
        """Return the use of the tightest quota since the last read, in percent, None without a quota.

        All tasks of the group waiting for a turn counts as much as a quota that is used up: then other
        groups have taken the processors.
        """
        before, self._uses = self._uses, self._look()
        shares = [share(before.get(folder, now), now) for folder, now in self._uses.items()]
        if not shares:
            return None
        waits = [full_share(folder / "cpu.pressure") for folder in self._uses]
        return max(min(max(shares), 100.0), *waits)

    def memory(self) -> float | None:
        """Return the use of the tightest limit in percent, without the cache that can be given back."""
        shares = [memory_share(folder) for folder in self._groups]
        return max((one for one in shares if one is not None), default=None)

    def stalled(self) -> float | None:
        """Return the percentage of the last ten seconds in which all tasks of a group with a limit waited."""
        limited = [folder for folder in self._groups if memory_share(folder) is not None]
        return max((full_share(folder / "memory.pressure") for folder in limited), default=None)

    def _look(self) -> dict[Path, tuple[float, int, float]]:
        """Return (seconds, microseconds of work so far, processors allowed) of each group with a quota."""
        now = self._clock()
        quotas = {folder: quota(folder / "cpu.max") for folder in self._groups}
        return {
            folder: (now, field(folder / "cpu.stat", "usage_usec"), allowed)
            for folder, allowed in quotas.items()
            if allowed > 0
        }


def share(before: tuple[float, int, float], now: tuple[float, int, float]) -> float:
    """Return the percentage of a quota that was used between two looks."""
    seconds = now[0] - before[0]
    return 100.0 * (now[1] - before[1]) / MICRO / (seconds * now[2]) if seconds > 0 else 0.0


def quota(path: Path) -> float:
    """Return how many processors `cpu.max` allows, 0 for no limit."""
    try:
        most, period = path.read_text().split()[:2]
        return 0.0 if most == "max" else int(most) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return 0.0


def memory_share(folder: Path) -> float | None:
    """Return the percentage of a group's limit that is in use, None where it has none."""
    limits = [one for name in ("memory.max", "memory.high") if (one := number(folder / name))]
    if not limits:
        return None
    used = number(folder / "memory.current") - field(folder / "memory.stat", "inactive_file")
    return 100.0 * max(used, 0) / min(limits)


def number(path: Path) -> int:
    """Return a file's one number, 0 for `max` and for what cannot be read."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def field(path: Path, name: str) -> int:
    """Return a number from lines of names and numbers, 0 where it is not there."""
    try:
        rows = dict(line.split()[:2] for line in path.read_text().splitlines() if " " in line)
        return int(rows[name])
    except (OSError, ValueError, KeyError):
        return 0


def full_share(path: Path) -> float:
    """Return the percentage of the last ten seconds in which all tasks waited, 0 where nobody tells."""
    try:
        full = next(line for line in path.read_text().splitlines() if line.startswith("full"))
        return float(full.partition("avg10=")[2].split()[0])
    except (OSError, ValueError, StopIteration, IndexError):
        return 0.0
