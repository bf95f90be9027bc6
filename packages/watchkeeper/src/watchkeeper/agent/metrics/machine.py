"""The machine as a source of metrics: processor, memory, network, disk; read from /proc."""

import os
from collections.abc import Callable, Sequence

from watchkeeper.agent.metrics.process import TICK, opened
from watchkeeper.agent.metrics.registry import Registry


class MachineMetrics:
    """Processor time, memory, network traffic and room on disk of the machine that the bot runs on."""

    def __init__(self, registry: Registry, disks: Sequence[str] = ("/",)) -> None:
        self._refreshers: list[Callable[[], None]] = []
        self._add_cpu(registry)
        self._add_memory(registry)
        self._add_network(registry)
        self._add_disks(registry, disks)

    def refresh(self) -> None:
        """Read everything again."""
        for refresher in self._refreshers:
            refresher()

    def _add_cpu(self, registry: Registry) -> None:
        file = opened("/proc/stat")
        if file is None:
            return
        seconds = registry.counter("system_cpu_seconds_total", "CPU time of all cores.", ("mode",))
        busy, idle = seconds.labels("busy"), seconds.labels("idle")

        def refresh() -> None:
            ticks = [int(field) for field in file.read().split(b"\n", 1)[0].split()[1:9]]
            resting = ticks[3] + ticks[4]  # idle and waiting for disks (proc(5))
            idle.raise_to(resting / TICK)
            busy.raise_to((sum(ticks) - resting) / TICK)

        self._refreshers.append(refresh)

    def _add_memory(self, registry: Registry) -> None:
        file = opened("/proc/meminfo")
        if file is None:
            return
        total = registry.gauge("system_memory_total_bytes", "Memory of the machine.")
        available = registry.gauge("system_memory_available_bytes", "Memory that programs can still get.")

        def refresh() -> None:
            fields = dict(line.split(b":", 1) for line in file.read().splitlines()[:5])
            total.set(kibibytes(fields[b"MemTotal"]))
            available.set(kibibytes(fields[b"MemAvailable"]))

        self._refreshers.append(refresh)

    def _add_network(self, registry: Registry) -> None:
        file = opened("/proc/self/net/dev")
        if file is None:
            return
        received = registry.counter("system_network_receive_bytes_total", "Bytes received.", ("device",))
        sent = registry.counter("system_network_transmit_bytes_total", "Bytes sent.", ("device",))

        def refresh() -> None:
            for line in file.read().decode().splitlines()[2:]:
                device, _, numbers = line.partition(":")
                fields = numbers.split()
                received.labels(device.strip()).raise_to(float(fields[0]))
                sent.labels(device.strip()).raise_to(float(fields[8]))

        self._refreshers.append(refresh)

    def _add_disks(self, registry: Registry, disks: Sequence[str]) -> None:
        size = registry.gauge("system_disk_size_bytes", "Size of the file system.", ("path",))
        free = registry.gauge(
            "system_disk_free_bytes", "Room for ordinary users on the file system.", ("path",)
        )

        def refresh() -> None:
            for path in disks:
                room = os.statvfs(path)
                size.labels(path).set(room.f_blocks * room.f_frsize)
                free.labels(path).set(room.f_bavail * room.f_frsize)

        self._refreshers.append(refresh)


def kibibytes(field: bytes) -> int:
    """Read a field such as `  2048 kB` in bytes."""
    return int(field.split()[0]) * 1024
