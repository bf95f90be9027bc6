"""Runs the checks on the agent's loop, side by side, each with its own interval and timeout."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable, iscoroutine, iscoroutinefunction

from watchkeeper.agent.clock import Clock
from watchkeeper.agent.health.board import Board, Check
from watchkeeper.agent.health.outcome import Outcome, outcome_of, outcome_of_error, unhealthy, worst
from watchkeeper.agent.health.workers import Answer, Job, Workers

MEBIBYTE = 1 << 20
OnRun = Callable[[str, Outcome, float], None]


class Run:
    """One check's present call; it outlives its timeout when the check does."""

    __slots__ = ("_answer", "_job", "_loop", "_task", "began")

    def __init__(self, check: Check, workers: Workers, now: float) -> None:
        self.began = now
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Answer | None] = self._loop.create_future()
        self._job: Job | None = None
        self._task: asyncio.Task[Answer] | None = None
        if iscoroutinefunction(check.function):
            self._follow(check.function())
        else:
            self._job = workers.run(check.function, self._take)

    async def within(self, seconds: float) -> Answer | None:
        """Return the answer; None when it did not come in time."""
        timer = self._loop.call_later(seconds, self._settle, None)
        try:
            return await self._answer
        finally:
            timer.cancel()

    def running(self) -> bool:
        """Tell whether the call has not come back."""
        if self._task is not None:
            return not self._task.done()
        return self._job is not None and not self._job.ended

    def give_up(self, workers: Workers) -> None:
        """Cancel what can be cancelled; a thread cannot."""
        if self._task is not None:
            self._task.cancel()
        elif self._job is not None:
            workers.give_up(self._job)

    def _take(self, answer: Answer) -> None:
        if not isawaitable(answer.value):
            self._settle(answer)
        elif not self._answer.done():
            self._follow(answer.value)
        elif iscoroutine(answer.value):  # too late: nobody waits for it
            answer.value.close()

    def _follow(self, value: Awaitable[object]) -> None:
        self._task = self._loop.create_task(_awaited(value))
        self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Answer]) -> None:
        self._settle(None if task.cancelled() else task.result())

    def _settle(self, answer: Answer | None) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)


async def _awaited(value: Awaitable[object]) -> Answer:
    try:
        return Answer(await value)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # SystemExit would end the agent's loop
        return Answer(error=error)


class Schedule:
    """The running checks of a board."""

    def __init__(self, board: Board, clock: Clock, on_run: OnRun) -> None:
        self._board = board
        self._clock = clock
        self._on_run = on_run
        self._workers = Workers()
        self._born = clock.steady()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def watch(self, check: Check) -> None:
        """Start to run one check; harmless when it runs already."""
        if check.name in self._tasks:
            return
        self._tasks[check.name] = asyncio.create_task(self._repeat(check), name=f"schedule {check.name}")

    async def close(self) -> None:
        """Stop all checks."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._workers.close()

    async def _repeat(self, check: Check) -> None:
        stale: Run | None = None
        while True:
            began = self._clock.steady()
            outcome, stale = await self.once(check, stale)
            now = self._clock.steady()
            self._record(check, outcome, now - began)
            await asyncio.sleep(until_next(check.every, now - self._born))

    async def once(self, check: Check, stale: Run | None) -> tuple[Outcome, Run | None]:
        """Run a check once; return its outcome and, when it hangs, the run to look at next time."""
        now = self._clock.steady()
        if stale is not None and stale.running():
            return unhealthy(f"still running after {now - stale.began:.1f} s"), stale
        run = Run(check, self._workers, now)
        answer = await run.within(check.timeout)
        if answer is None:
            run.give_up(self._workers)
            return unhealthy(f"no answer within {check.timeout:g} s"), run
        return read(answer), None

    def _record(self, check: Check, outcome: Outcome, duration: float) -> None:
        memory, judged = memory_of(check)
        outcome = worst([outcome, judged])
        self._board.record(check.name, outcome, duration, memory)
        self._on_run(check.name, outcome, duration)


def until_next(every: float, age: float) -> float:
    """Return the seconds to the next run; checks of one interval run together, which wakes the agent once."""
    return every - age % every


def read(answer: Answer) -> Outcome:
    """Read a call's answer as an outcome."""
    return outcome_of(answer.value) if answer.error is None else outcome_of_error(answer.error)


def memory_of(check: Check) -> tuple[float | None, Outcome]:
    """Read a component's memory in bytes and judge it against its limit."""
    if check.memory is None:
        return None, outcome_of(True)
    try:
        memory = float(check.memory())
    except Exception as error:
        return None, outcome_of_error(error)
    if check.memory_limit is None or memory <= check.memory_limit:
        return memory, outcome_of(True)
    used, limit = memory / MEBIBYTE, check.memory_limit / MEBIBYTE
    return memory, unhealthy(f"memory {used:.1f} MiB is over its limit of {limit:.1f} MiB")
