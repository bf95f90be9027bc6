"""In a container the limits of the container count, not those of the machine that it is on."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.keeper.guard import Pressure, PressureGauge
from watchkeeper.keeper.guard.cgroup import folders

IDLE = "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"


class Container:
    """A machine that is calm (10 %, 20 %) and groups with files as the kernel writes them."""

    def __init__(self, folder: Path, path: str = "/") -> None:
        self.proc, self.mount, self.now = folder / "proc", folder / "cgroup", 0.0
        (self.proc / "self").mkdir(parents=True)
        (self.proc / "self/cgroup").write_text(f"0::{path}\n")
        self.mount.mkdir()
        (self.mount / "cgroup.controllers").write_text("cpu memory\n")
        self.machine(busy=10, idle=90)

    def machine(self, busy: int, idle: int) -> None:
        (self.proc / "stat").write_text(f"cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\n")
        (self.proc / "meminfo").write_text("MemTotal: 100 kB\nMemAvailable: 80 kB\n")

    def group(self, path: str = "", **files: object) -> None:
        folder = self.mount / path
        folder.mkdir(exist_ok=True, parents=True)
        for name, content in files.items():
            (folder / name.replace("_", ".", 1)).write_text(f"{content}\n")

    def gauge(self) -> PressureGauge:
        return PressureGauge(self.proc, self.mount, lambda: self.now)


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def test_the_processor_counts_against_the_quota(container: Container) -> None:
    """Half a processor allowed, 0.45 s used in a second: 90 %, whatever the machine does."""
    container.group(cpu_max="50000 100000", cpu_stat="usage_usec 1000000\nuser_usec 1")
    gauge = container.gauge()
    container.now += 1
    container.machine(busy=20, idle=180)
    container.group(cpu_stat="usage_usec 1450000\nuser_usec 1")
    assert gauge.read().cpu == pytest.approx(90)
    container.now += 1
    assert gauge.read().cpu == 0


def test_tasks_that_all_wait_for_a_turn_are_under_pressure(container: Container) -> None:
    """A group whose neighbours have taken the processors uses little of its quota and gets nothing done."""
    waits = IDLE.replace("avg10=0.00", "avg10=97.50")
    container.group(cpu_max="200000 100000", cpu_stat="usage_usec 0", cpu_pressure=f"some {waits}{waits}")
    gauge = container.gauge()
    container.now += 5
    assert gauge.read().cpu == 97.5


def test_memory_counts_against_the_limit_without_the_cache(container: Container) -> None:
    """What the kernel can give back at once is not in use; the tighter of max and high holds."""
    container.group(
        memory_max=1000, memory_high="max", memory_current=950, memory_stat="anon 700\ninactive_file 250"
    )
    assert container.gauge().read().memory == pytest.approx(70)
    container.group(memory_high=800)
    assert container.gauge().read().memory == pytest.approx(87.5)


def test_stalls_are_those_of_the_group_that_is_limited(container: Container) -> None:
    stalls = IDLE.replace("avg10=0.00", "avg10=61.00")
    container.group(memory_max=1000, memory_current=100, memory_pressure=f"some {stalls}{stalls}")
    assert container.gauge().read().stalled == 61


def test_without_limits_the_machine_counts(container: Container) -> None:
    """Each of the three by itself: a group that limits memory says nothing of the processor."""
    container.group(cpu_max="max 100000", cpu_stat="usage_usec 5", memory_max="max", memory_current=900)
    gauge = container.gauge()
    container.machine(busy=100, idle=100)
    assert gauge.read() == Pressure(90.0, pytest.approx(20.0), 0.0)
    container.group(memory_max=1000)
    assert gauge.read().memory == 90


def test_a_limit_further_up_holds_too(tmp_path: Path) -> None:
    """A pod's limit holds for its containers; the tightest of all counts."""
    container = Container(tmp_path, "/pod/container")
    container.group("pod", memory_max=1000, memory_current=900)
    container.group("pod/container", memory_max=1000, memory_current=300)
    assert container.gauge().read().memory == 90
    assert [one.name for one in folders(container.proc, container.mount)] == ["container", "pod", "cgroup"]


def test_a_path_of_the_host_is_not_looked_for_in_the_container(tmp_path: Path) -> None:
    """Without a namespace of its own the container sees the host's path, and its group at the mount."""
    container = Container(tmp_path, "/system.slice/docker-abc.scope")
    container.group(memory_max=1000, memory_current=500)
    assert container.gauge().read().memory == 50


@pytest.mark.parametrize("name", ["cpu_max", "cpu_stat", "memory_max", "memory_current", "memory_pressure"])
def test_nonsense_in_a_file_is_no_pressure_and_no_crash(container: Container, name: str) -> None:
    container.group(**{name: "nonsense"})
    gauge = container.gauge()
    container.now += 1
    container.machine(busy=20, idle=180)
    assert gauge.read() == Pressure(pytest.approx(10.0), pytest.approx(20.0), 0.0)


def test_a_machine_without_groups_of_version_two_is_read_itself(container: Container) -> None:
    (container.mount / "cgroup.controllers").unlink()
    container.group(memory_max=1000, memory_current=990)
    assert folders(container.proc, container.mount) == ()
    assert container.gauge().read().memory == pytest.approx(20)
