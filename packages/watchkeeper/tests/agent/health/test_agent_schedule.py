"""Checks run side by side, each within its time; none can hurt another."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from watchkeeper import Outcome, Status, unhealthy
from watchkeeper.agent.clock import Clock
from watchkeeper.agent.health.board import Board, Check
from watchkeeper.agent.health.schedule import Schedule, memory_of

LONG = 10.0


class Recorder:
    """A schedule with its board, and the outcomes as they come."""

    def __init__(self) -> None:
        self.board = Board(Clock())
        self.outcomes: asyncio.Queue[tuple[str, Outcome]] = asyncio.Queue()
        self.schedule = Schedule(self.board, Clock(), self.record)

    def record(self, name: str, outcome: Outcome, duration: float) -> None:
        assert duration >= 0
        self.outcomes.put_nowait((name, outcome))

    def watch(
        self, name: str, function: Callable[[], object], every: float = 0.001, timeout: float = LONG
    ) -> None:
        check = Check(name, function, every, timeout)
        self.board.add(check)
        self.schedule.watch(check)

    async def next(self, name: str) -> Outcome:
        """Return the next outcome of one check."""
        while True:
            found, outcome = await asyncio.wait_for(self.outcomes.get(), LONG)
            if found == name:
                return outcome


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    made = Recorder()
    yield made
    await made.schedule.close()


async def test_plain_checks_coroutines_and_lambdas_that_return_one_are_all_checks(recorder: Recorder) -> None:
    async def slow() -> str:
        await asyncio.sleep(0)
        return "slow says no"

    recorder.watch("plain", lambda: "plain says no")
    recorder.watch("coroutine", slow)
    recorder.watch("wrapped", lambda: slow())  # noqa: PLW0108  # a plain function with an awaitable answer
    assert await recorder.next("plain") == unhealthy("plain says no")
    assert await recorder.next("coroutine") == unhealthy("slow says no")
    assert await recorder.next("wrapped") == unhealthy("slow says no")


async def test_a_check_that_raises_is_unhealthy_and_runs_again(recorder: Recorder) -> None:
    def broken() -> None:
        raise ConnectionError("refused")

    async def leaves() -> None:
        raise SystemExit(3)

    recorder.watch("plain", broken)
    recorder.watch("leaves", leaves)
    for _ in range(2):
        assert await recorder.next("plain") == unhealthy("ConnectionError: refused")
        assert await recorder.next("leaves") == unhealthy("SystemExit: 3")


async def test_checks_run_at_the_same_time(recorder: Recorder) -> None:
    """Each of three waits for the others; one after the other would never end."""
    together = threading.Barrier(3)
    for name in "abc":
        recorder.watch(name, lambda: together.wait(LONG) is None, every=60)
    outcomes = [await recorder.next(name) for name in "a"]
    assert [outcome.reason for outcome in outcomes] == ["the check said no"]


async def test_a_check_that_hangs_is_unhealthy_and_is_not_started_again_meanwhile(recorder: Recorder) -> None:
    release, calls = threading.Event(), []

    def hangs() -> None:
        calls.append(1)
        release.wait(LONG)

    recorder.watch("hangs", hangs, timeout=0.01)
    assert await recorder.next("hangs") == unhealthy("no answer within 0.01 s")
    assert (await recorder.next("hangs")).reason.startswith("still running after")
    assert len(calls) == 1
    release.set()
    while (await recorder.next("hangs")).status is not Status.HEALTHY:
        pass


async def test_many_hanging_checks_keep_no_other_from_running(recorder: Recorder) -> None:
    """Law: a stuck thread is replaced; more checks hang here than the pool has threads."""
    release = threading.Event()
    for number in range(30):
        recorder.watch(f"hangs{number}", lambda: release.wait(LONG), timeout=0.01)
    recorder.watch("quick", lambda: None, timeout=0.5)
    while (await recorder.next("quick")).status is not Status.HEALTHY:
        pass
    assert not release.is_set()
    release.set()


async def test_a_coroutine_that_refuses_to_be_cancelled_does_not_stop_its_schedule(
    recorder: Recorder,
) -> None:
    done = asyncio.Event()

    async def stubborn() -> None:
        while not done.is_set():
            try:
                await done.wait()
            except asyncio.CancelledError:
                continue

    recorder.watch("stubborn", stubborn, timeout=0.01)
    assert (await recorder.next("stubborn")).reason.startswith("no answer")
    assert (await recorder.next("stubborn")).reason.startswith("still running")
    done.set()


def test_memory_is_judged_against_its_limit() -> None:
    def judged(memory: Callable[[], float], limit: float | None) -> tuple[float | None, Outcome]:
        return memory_of(Check("scanner", lambda: None, memory=memory, memory_limit=limit))

    assert judged(lambda: 300 << 20, 300 << 20)[1].status is Status.HEALTHY
    assert judged(lambda: 301 << 20, None)[1].status is Status.HEALTHY
    assert judged(lambda: 301 << 20, 300 << 20) == (
        301 << 20,
        unhealthy("memory 301.0 MiB is over its limit of 300.0 MiB"),
    )
    assert judged(lambda: 1 // 0, 1)[1].status is Status.UNHEALTHY
