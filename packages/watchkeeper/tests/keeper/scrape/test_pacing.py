"""Targets are scraped evenly, and their times are even where the clock is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.scrape.pacing import Pace

intervals = st.floats(0.5, 120)
nows = st.floats(0, 1e6)


@given(intervals, st.floats(0, 0.999), nows)
def test_the_first_tick_comes_within_one_interval_at_the_targets_own_place(
    interval: float, offset: float, now: float
) -> None:
    pace = Pace.spread(interval, offset, now)
    assert 0 <= pace.wait(now) <= interval
    phase = (pace.next_at - offset * interval) % interval
    assert min(phase, interval - phase) < 1e-4


@given(intervals, nows, st.lists(st.floats(0, 500), max_size=20))
def test_ticks_that_were_missed_are_skipped_not_made_up_for(
    interval: float, now: float, delays: list[float]
) -> None:
    pace = Pace.spread(interval, 0.5, now)
    for delay in delays:
        now = max(now, pace.next_at) + delay
        before = pace.next_at
        missed = pace.advance(now)
        assert now - 1e-6 <= pace.next_at <= now + interval + 1e-6
        assert abs(pace.next_at - before - interval * (missed + 1)) < 1e-6


def test_small_jitter_is_taken_out_of_the_times() -> None:
    pace, times = Pace(5.0, 0.0), []
    for tick, jitter in enumerate([0, 3, -2, 9, 1]):
        times.append(pace.stamp(1_700_000_000_000 + tick * 5000 + jitter))
        pace.advance(tick * 5.0)
    assert [time - times[0] for time in times] == [0, 5000, 10000, 15000, 20000]


def test_a_clock_that_was_set_begins_a_new_grid() -> None:
    pace = Pace(5.0, 0.0)
    pace.stamp(1_700_000_000_000)
    pace.advance(0.0)
    assert pace.stamp(1_700_003_605_000) == 1_700_003_605_000
    pace.advance(5.0)
    assert pace.stamp(1_700_003_610_004) == 1_700_003_610_000


def test_times_never_stray_further_from_the_clock_than_the_tolerance() -> None:
    """A slow clock drift is followed, in steps."""
    pace = Pace(1.0, 0.0)
    for tick in range(1000):
        wall = 1_700_000_000_000 + tick * 1001
        assert abs(pace.stamp(wall) - wall) <= 10
        pace.advance(float(tick))


def test_a_tick_that_is_left_out_keeps_the_grid() -> None:
    """A keeper under stress scrapes half as often, at times of the same grid."""
    pace = Pace(10.0, next_at=100.0)
    assert pace.stamp(50_000.0) == 50_000
    pace.advance(100.0)
    pace.leave_out()
    assert pace.next_at == 120.0
    assert pace.stamp(70_004.0) == 70_000
