"""When groups are evaluated."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.rules import Outcome, evaluate, read
from watchkeeper.keeper.rules.schedule import Schedule, first_slot, next_slot

Make = Callable[..., Any]

intervals = st.integers(1, 10_000_000)
times = st.integers(0, 2_000_000_000_000)


@given(st.text(), intervals, times)
def test_the_first_slot_is_the_same_place_in_every_interval(key: str, interval: int, now: int) -> None:
    """It lies within one interval from now, and a restart finds the same rhythm."""
    slot = first_slot(key, interval, now)
    assert now <= slot < now + interval
    assert first_slot(key, interval, now + interval) == slot + interval


@given(times, intervals, st.integers(0, 50_000_000))
def test_no_round_is_lost_uncounted(slot: int, interval: int, late: int) -> None:
    """The rounds between two slots are the one that follows and those that are counted as missed."""
    after, missed = next_slot(slot, slot + late, interval)
    assert after - slot == (missed + 1) * interval
    assert after <= max(slot + interval, slot + late)


def test_groups_are_spread() -> None:
    """A hundred groups do not start in the same tenth of their interval."""
    slots = {first_slot(f"file;group {place}", 60_000, 0) // 6_000 for place in range(100)}
    assert len(slots) == 10


@given(st.text(), st.text(), times)
def test_groups_of_different_intervals_meet(one: str, other: str, now: int) -> None:
    """Groups are due at whole steps of five seconds, so that few wakings serve many groups."""
    assert {first_slot(one, 15_000, now) % 5_000, first_slot(other, 60_000, now) % 5_000} == {0}


class Clock:
    """A clock that goes on when somebody sleeps; `slow` is how long an evaluation takes."""

    def __init__(self, until: int, slow: int = 0) -> None:
        self.now, self.until, self.slow = 0, until, slow
        self.missed = 0  # as they were counted when the last outcome was told
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        if self.now + seconds * 1000 > self.until:
            self.over.set()
            await asyncio.Event().wait()
        self.now += round(seconds * 1000)
        await asyncio.sleep(0)

    async def run(self, work: Callable[[], list[Outcome]]) -> list[Outcome]:
        self.now += self.slow
        return work()


async def told(k: Any, clock: Clock, text: str, fails: bool = False) -> tuple[list[Outcome], Schedule]:
    """Run a schedule until the clock's end and return what it told."""
    heard: list[Outcome] = []

    def hear(outcome: Outcome) -> None:
        heard.append(outcome)
        clock.missed = schedule.memories[0].missed
        if fails:
            raise RuntimeError("the listener fails")

    schedule = Schedule(
        k.setting, hear, interval=10_000, clock=lambda: clock.now, sleep=clock.sleep, run=clock.run
    )
    schedule.load(read(text).groups)
    task = asyncio.create_task(schedule.follow())
    await asyncio.wait_for(clock.over.wait(), 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return heard, schedule


TEXT = "groups: [{name: g, rules: [{record: r, expr: 1}]}]"


async def test_a_group_is_evaluated_once_in_each_interval(keeper: Make) -> None:
    """Its times are its slots, whatever the clock says when it gets its turn."""
    heard, schedule = await told(keeper(TEXT), Clock(59_999), TEXT)
    assert len(heard) == 6
    assert {later.at - earlier.at for earlier, later in pairwise(heard)} == {10_000}
    assert schedule.memories[0].missed == 0


async def test_rounds_that_are_missed_are_counted(keeper: Make) -> None:
    """An evaluation that takes two and a half intervals misses one round each time."""
    clock = Clock(300_000, slow=25_000)
    heard, _ = await told(keeper(TEXT), clock, TEXT)
    gaps = [later.at - earlier.at for earlier, later in pairwise(heard)]
    assert clock.missed > 0
    assert sum(gap // 10_000 - 1 for gap in gaps) == clock.missed


@pytest.mark.parametrize("step", [-3_600_000, 3_600_000], ids=["back", "forth"])
async def test_after_the_clock_jumps_groups_are_evaluated_by_its_new_time(keeper: Make, step: int) -> None:
    """An hour back must not mean an hour without rules, nor an hour forth a burst of 360 rounds."""
    clock, heard = Clock(7_260_000), list[int]()
    clock.now = 7_200_000
    jumped, three = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        clock.now += round(seconds * 1000)
        await (asyncio.sleep(0) if len(heard) < 3 or jumped.is_set() else asyncio.Event().wait())

    def hear(outcome: Outcome) -> None:
        heard.append(outcome.at)
        if len(heard) == 3:
            three.set()
        if len(heard) == 6:
            clock.over.set()

    k = keeper(TEXT)
    schedule = Schedule(k.setting, hear, interval=10_000, clock=lambda: clock.now, sleep=sleep, run=clock.run)
    groups = read(TEXT).groups
    schedule.load(groups)
    task = asyncio.create_task(schedule.follow())
    await asyncio.wait_for(three.wait(), 10)
    clock.now += step
    jumped.set()
    schedule.load(groups)  # as the keeper does once it sees the step
    await asyncio.wait_for(clock.over.wait(), 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    after = heard[3:6]
    assert {later - earlier for earlier, later in pairwise(after)} == {10_000}
    assert 0 < after[0] - heard[2] - step <= 20_000


async def test_a_listener_that_fails_does_not_end_the_watch(keeper: Make) -> None:
    """Errors are counted and the next round comes."""
    heard, schedule = await told(keeper(TEXT), Clock(59_999), TEXT, fails=True)
    assert len(heard) == 6
    assert schedule.errors == 6


def test_a_reload_keeps_alerts_and_ends_series_that_nobody_writes(keeper: Make) -> None:
    """A rule that stays keeps its alerts; the series of one that goes get their stale marker."""
    both = "groups: [{name: g, rules: [{alert: A, expr: vector(1), for: 1h}, {record: r, expr: 1}]}]"
    k = keeper(both)
    schedule = Schedule(k.setting, lambda outcome: None, clock=lambda: 120_000)
    schedule.load(read(both).groups)
    evaluate(schedule.memories[0], k.setting, 60_000)
    schedule.load(read(both.replace("expr: 1}", "expr: 2}").replace("record: r", "record: q")).groups)
    (alert,) = schedule.memories[0].alerts
    assert (alert.state, alert.active_at) == ("pending", 60_000)
    assert k.setting.engine.instant(k.store, "r", 121_000).samples == []
    assert k.setting.engine.instant(k.store, "r", 61_000).samples != []


async def test_an_evaluation_under_way_ends_before_the_schedule_does(keeper: Make) -> None:
    """Whoever stops the schedule may close the store: nothing reads it any more."""
    began, may_end, ended = asyncio.Event(), asyncio.Event(), False
    k, clock = keeper(TEXT), Clock(60_000)

    async def run(work: Callable[[], list[Outcome]]) -> list[Outcome]:
        nonlocal ended
        began.set()
        await may_end.wait()
        ended = True
        return work()

    schedule = Schedule(k.setting, lambda _: None, clock=lambda: clock.now, sleep=clock.sleep, run=run)
    schedule.load(read(TEXT).groups)
    task = asyncio.create_task(schedule.follow())
    await began.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    await asyncio.gather(task, return_exceptions=True)
    assert ended


TWO = "groups: [{name: a, rules: [{record: r, expr: 1}]}, {name: b, rules: [{record: q, expr: 1}]}]"


async def test_groups_that_are_due_together_share_a_round(keeper: Make) -> None:
    """At an interval of one step all groups are evaluated by one waking, each at its time."""
    k, clock, rounds = keeper(TWO), Clock(30_000), list[list[str]]()

    async def run(work: Callable[[], list[Outcome]]) -> list[Outcome]:
        outcomes = work()
        rounds.append([f"{outcome.group.rpartition(';')[2]} {outcome.at}" for outcome in outcomes])
        return outcomes

    schedule = Schedule(
        k.setting, lambda _: None, interval=5_000, clock=lambda: clock.now, sleep=clock.sleep, run=run
    )
    schedule.load(read(TWO).groups)
    task = asyncio.create_task(schedule.follow())
    await asyncio.wait_for(clock.over.wait(), 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert rounds == [[f"a {at}", f"b {at}"] for at in range(0, 30_001, 5_000)]


async def test_a_round_that_is_cancelled_leaves_its_other_groups_out(keeper: Make) -> None:
    """A stop waits for the group under way alone, not for all that are due."""
    k, clock, began, may_end = keeper(TWO), Clock(60_000), asyncio.Event(), asyncio.Event()
    outcomes: list[Outcome] = []

    async def run(work: Callable[[], list[Outcome]]) -> list[Outcome]:
        began.set()
        await may_end.wait()
        outcomes.extend(work())
        return outcomes

    schedule = Schedule(
        k.setting, lambda _: None, interval=5_000, clock=lambda: clock.now, sleep=clock.sleep, run=run
    )
    schedule.load(read(TWO).groups)
    task = asyncio.create_task(schedule.follow())
    await asyncio.wait_for(began.wait(), 10)
    task.cancel()
    await asyncio.sleep(0)
    may_end.set()
    await asyncio.gather(task, return_exceptions=True)
    assert outcomes == []
