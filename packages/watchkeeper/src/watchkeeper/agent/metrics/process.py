"""The process as a source of metrics, read from /proc; names as in the official client.

Files are opened once and read again by position: a refresh costs microseconds. Where a file is absent
(another system, a locked-down container) its metrics are absent.
"""

import math
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

from watchkeeper.agent.metrics.registry import Registry

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")
READ = 65536  # bytes; the files read here are far shorter


class ProcFile:
    """One file of /proc, open as long as the object lives."""

    __slots__ = ("_descriptor",)

    def __init__(self, path: str) -> None:
        self._descriptor = -1
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self) -> bytes:
        """Return the present content."""
        return os.pread(self._descriptor, READ, 0)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def opened(path: str) -> ProcFile | None:
    """Open a file of /proc; None where it is not to be had."""
    try:
        return ProcFile(path)
    except OSError:
        return None


class ProcessMetrics:
    """Processor time, memory and threads of this process."""

    def __init__(self, registry: Registry, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._last = (steady(), time.process_time())
        self._cpu = registry.counter("process_cpu_seconds_total", "User and system CPU time of the process.")
        self._percent = registry.gauge("monitoring_cpu_usage_percent", "CPU of the process, 100 is one core.")
        self._refreshers = [self._refresh_cpu]
        self._add_stat(registry)

    def refresh(self) -> None:
        """Read everything again."""
        for refresher in self._refreshers:
            refresher()

    def _refresh_cpu(self) -> None:
        now, used = self._steady(), time.process_time()
        self._cpu.raise_to(used)
        before, used_before = self._last
        if now - before >= 0.5:  # shorter spans, of scrapers at the same time, would only show noise
            self._percent.set(100 * (used - used_before) / (now - before))
            self._last = (now, used)

    def _add_stat(self, registry: Registry) -> None:
        file = opened("/proc/self/stat")
        if file is None:
            return
        virtual = registry.gauge("process_virtual_memory_bytes", "Virtual memory of the process.")
        resident = registry.gauge("process_resident_memory_bytes", "Resident memory of the process.")
        megabytes = registry.gauge("monitoring_memory_usage_mb", "Resident memory in megabytes.")
        registry.keep_out_of_text("monitoring_memory_usage_mb")  # the linter refuses abbreviated units
        threads = registry.gauge("process_threads", "Threads of the process, as the system counts them.")
        start = registry.gauge("process_start_time_seconds", "Start of the process in Unix seconds.")
        start.set(boot_time() + int(after_name(file.read())[19]) / TICK)

        def refresh() -> None:
            fields = after_name(file.read())
            threads.set(int(fields[17]))
            virtual.set(int(fields[20]))
            resident.set(int(fields[21]) * PAGE)
            megabytes.set(int(fields[21]) * PAGE / 1e6)

        self._refreshers.append(refresh)


class DescriptorMetrics:
    """Open file descriptors and disk traffic of this process."""

    def __init__(self, registry: Registry) -> None:
        self._refreshers: list[Callable[[], None]] = []
        self._add_descriptors(registry)
        self._add_disk(registry)

    def refresh(self) -> None:
        """Read everything again."""
        for refresher in self._refreshers:
            refresher()

    def _add_descriptors(self, registry: Registry) -> None:
        if not Path("/proc/self/fd").is_dir():
            return
        most = registry.gauge("process_max_fds", "Most file descriptors that the process may open.")
        most.set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        count = registry.gauge("process_open_fds", "Open file descriptors.")
        # The listing itself holds one descriptor.
        self._refreshers.append(lambda: count.set(len(os.listdir("/proc/self/fd")) - 1))  # noqa: PTH208  # no objects

    def _add_disk(self, registry: Registry) -> None:
        file = opened("/proc/self/io")
        if file is None:
            return
        read = registry.counter("process_disk_read_bytes_total", "Bytes that the process had read from disk.")
        written = registry.counter(
            "process_disk_written_bytes_total", "Bytes that the process had written to disk."
        )

        def refresh() -> None:
            fields = dict(line.split(b": ") for line in file.read().splitlines())
            read.raise_to(float(fields[b"read_bytes"]))
            written.raise_to(float(fields[b"write_bytes"]))

        self._refreshers.append(refresh)


def seldom(refresh: Callable[[], None], every: float, steady: Callable[[], float]) -> Callable[[], None]:
    """Return a refresher that does its work at most once in `every` seconds.

    Each read of a file lets the GIL go, and a busy bot gives it back late.
    """
    due = -math.inf

    def refresh_if_due() -> None:
        nonlocal due
        if steady() >= due:
            due = steady() + every
            refresh()

    return refresh_if_due


def after_name(stat: bytes) -> list[bytes]:
    """Split /proc/PID/stat behind the program's name, which may hold blanks and parentheses (proc(5))."""
    return stat[stat.rindex(b")") + 2 :].split()


def boot_time() -> int:
    """Return the system's start in Unix seconds; 0 when it cannot be read."""
    try:
        with Path("/proc/stat").open("rb") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(b"btime ")), 0)
    except OSError:
        return 0
