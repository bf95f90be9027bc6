"""The stress breaker: when it trips, when it recovers, when only a person can close it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.guard import Breaker, Limits, Pressure, PressureGauge, StressGuard
from watchkeeper.keeper.guard.breaker import CLOSED, LOCKED, OPEN, reset, step

LIMITS = Limits()
CALM, BETWEEN = Pressure(20, 40), Pressure(80, 75)
BUSY, FULL, STALLED = Pressure(95, 40), Pressure(20, 90), Pressure(20, 40, 60)


def life(*looks: tuple[float, Pressure], start: Breaker | None = None) -> Breaker:
    breaker = start or Breaker()
    for at, pressure in looks:
        breaker = step(breaker, pressure, at, LIMITS)
    return breaker


@pytest.mark.parametrize("pressure", [BUSY, FULL, STALLED])
def test_pressure_that_lasts_trips(pressure: Pressure) -> None:
    """Processor above 90 %, memory above 85 %, or all tasks waiting for memory, for ten seconds."""
    assert life((0, pressure), (5, pressure)).name == CLOSED
    tripped = life((0, pressure), (5, pressure), (10, pressure))
    assert (tripped.name, tripped.since, tripped.next_try) == (OPEN, 10, 70)
    assert "%" in tripped.reason


def test_a_moment_of_work_is_no_stress() -> None:
    """The hold begins anew after a calm look."""
    assert life((0, BUSY), (5, CALM), (10, BUSY), (15, BUSY)).name == CLOSED


def test_the_limits_themselves_do_not_trip() -> None:
    """Above means above."""
    assert life((0, Pressure(90, 85)), (100, Pressure(90, 85))).name == CLOSED


def test_it_recovers_below_the_lower_limits_alone() -> None:
    """At the first try after 60 s; in between, or at the limits themselves, it stays open."""
    tripped = life((0, BUSY), (10, BUSY))
    assert life((69, CALM), start=tripped).name == OPEN
    assert life((70, CALM), start=tripped).name == CLOSED
    assert life((70, BETWEEN), start=tripped).attempts == 1
    assert life((70, Pressure(72, 40)), start=tripped).attempts == 1
    assert life((70, Pressure(71.9, 67.9)), start=tripped).name == CLOSED


def test_after_three_failed_tries_only_a_person_closes_it() -> None:
    """However calm the machine is then."""
    locked = life((0, BUSY), (10, BUSY), (70, BETWEEN), (130, BETWEEN), (190, BUSY))
    assert (locked.name, locked.attempts) == (LOCKED, 3)
    assert "by hand" in locked.reason
    assert life((10_000, CALM), start=locked).name == LOCKED
    closed = reset(locked, 10_001, "eva")
    assert (closed.name, closed.reason) == (CLOSED, "reset by eva")


def test_resetting_a_closed_breaker_changes_nothing() -> None:
    """There is nothing to close."""
    assert reset(Breaker(since=5), 9, "eva") == Breaker(since=5)


def test_a_clock_set_back_begins_the_hold_again() -> None:
    """It neither trips at once nor never."""
    assert life((1000, BUSY), (10, BUSY)).name == CLOSED
    assert life((1000, BUSY), (10, BUSY), (20, BUSY)).name == OPEN


looks = st.lists(
    st.tuples(
        st.floats(0.1, 100), st.builds(Pressure, st.floats(0, 100), st.floats(0, 100), st.floats(0, 100))
    ),
    max_size=60,
)


@given(looks)
def test_states_follow_each_other_as_drawn(given_looks: list[tuple[float, Pressure]]) -> None:
    """Closed leads to open alone; open to closed or locked; locked nowhere; tries are at most three."""
    ways = {(CLOSED, OPEN), (OPEN, CLOSED), (OPEN, LOCKED)}
    breaker, now = Breaker(), 0.0
    for pause, pressure in given_looks:
        now += pause
        after = step(breaker, pressure, now, LIMITS)
        assert after.name == breaker.name or (breaker.name, after.name) in ways
        assert after.attempts <= 3
        breaker = after


class Machine:
    """A /proc made of files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pressure").mkdir()
        self.write(busy=100, idle=100, free=75)

    def write(self, busy: int, idle: int, free: int, stalled: float = 0.0) -> None:
        (self.folder / "stat").write_text(f"cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu0 1 2 3 4\n")
        (self.folder / "meminfo").write_text(f"MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable: {free} kB\n")
        line = f"avg10={stalled} avg60=0.00 avg300=0.00 total=1\n"
        (self.folder / "pressure/memory").write_text(f"some {line}full {line}")


def test_pressure_is_read_from_the_systems_files(tmp_path: Path) -> None:
    """Of the processor since the last read, of memory what programs cannot get."""
    machine = Machine(tmp_path)
    gauge = PressureGauge(tmp_path)
    machine.write(busy=190, idle=110, free=30, stalled=12.5)
    assert gauge.read() == Pressure(90.0, 70.0, 12.5)
    assert gauge.read().cpu == 0


def test_a_system_that_tells_nothing_is_not_under_pressure(tmp_path: Path) -> None:
    """A container without these files, or with nonsense in them, runs unguarded rather than not at all."""
    assert PressureGauge(tmp_path).read() == Pressure(0, 0, 0)
    for name in ("stat", "meminfo"):
        (tmp_path / name).write_text("nonsense\n")
    assert PressureGauge(tmp_path).read() == Pressure(0, 0, 0)


def test_this_machine_is_read() -> None:
    """The real files give percentages."""
    pressure = PressureGauge().read()
    assert 0 <= pressure.cpu <= 100
    assert 0 < pressure.memory < 100


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def tripped(clock: Clock, **more: str) -> StressGuard:
    guard = StressGuard(LIMITS, lambda: BUSY, clock, **more)  # type: ignore[arg-type]
    for _ in range(3):
        guard.look()
        clock.now += 5
    return guard


def test_a_trip_slows_scraping_and_is_found() -> None:
    """Every change becomes a row: open is degraded, locked unhealthy, closed healthy again."""
    clock = Clock()
    guard = tripped(clock)
    assert (guard.tripped, guard.slowness(), guard.trips) == (True, 2, 1)
    assert [one.state for one in guard.findings(known=False)] == ["degraded"]
    for _ in range(3):
        clock.now += 60
        guard.look()
    assert [one.state for one in guard.findings(known=True)] == ["unhealthy"]
    assert guard.reset("eva") is True
    assert [one.state for one in guard.findings(known=True)] == ["healthy"]
    assert guard.slowness() == 1
    assert guard.reset("eva") is False


def test_a_quiet_guard_is_no_subject() -> None:
    """Nothing is shown before the first trip."""
    assert StressGuard(LIMITS, lambda: CALM, Clock()).findings(known=False) == []


@pytest.mark.parametrize(("before", "name"), [("unhealthy", LOCKED), ("degraded", OPEN), ("healthy", CLOSED)])
def test_a_restart_is_no_reset(before: str, name: str) -> None:
    """What waits for a person waits on."""
    assert StressGuard(LIMITS, lambda: CALM, Clock(), before=before).breaker.name == name


def test_a_guard_that_is_switched_off_never_trips() -> None:
    """And forgets what it was."""
    assert StressGuard(LIMITS, lambda: BUSY, Clock(), enabled=False, before="unhealthy").tripped is False
