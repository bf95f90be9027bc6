"""Daemon threads that run plain checks; one that never returns costs its thread, not the other checks.

The standard pool is not used: it joins its threads at exit, so that a hung check keeps the bot from ending.
A busy bot pays for each time that one of our threads takes the GIL from it. So one thread runs all checks as
long as they are quick, and answers that come close together wake the agent's loop once.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock, Thread

PATIENCE = 0.01  # seconds that a job waits for a thread before another one is started


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave: a value, or the error that it raised."""

    value: object = None
    error: BaseException | None = None


@dataclass(slots=True)
class Job:
    """One call, and who takes its answer; the flags change under the workers' lock."""

    function: Callable[[], object]
    take: Callable[[Answer], None]
    began: bool = False
    stuck: bool = False
    ended: bool = False


class Workers:
    """Up to `limit` threads, and one more for each that is stuck; belongs to the loop it is made on."""

    def __init__(self, limit: int = 4) -> None:
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._answers: deque[tuple[Job, Answer]] = deque()
        self._lock = Lock()
        self._threads = 0
        self._stuck = 0
        self._free = 0  # threads without a job, less jobs without a thread
        self._growing: asyncio.TimerHandle | None = None

    def run(self, function: Callable[[], object], take: Callable[[Answer], None]) -> Job:
        """Call `function` on a thread, then `take` with its answer, or error, on the loop."""
        job = Job(function, take)
        with self._lock:
            self._free -= 1
            none_works = self._threads == self._stuck
        self._jobs.put(job)
        if none_works:
            self._grow()
        elif self._growing is None:
            self._growing = self._loop.call_later(PATIENCE, self._grow)
        return job

    def give_up(self, job: Job) -> None:
        """Wait no more for a job: one that has not begun is dropped, a running one's thread replaced."""
        with self._lock:
            if not job.began:
                job.ended = True
            elif not job.ended and not job.stuck:
                job.stuck = True
                self._stuck += 1
        self._grow()

    def close(self) -> None:
        """Let the threads end; a stuck one ends with its check or with the process."""
        if self._growing is not None:
            self._growing.cancel()
        for _ in range(self._threads):
            self._jobs.put(None)

    def _grow(self) -> None:
        self._growing = None
        with self._lock:
            while self._free < 0 and self._threads - self._stuck < self._limit:
                self._threads += 1
                self._free += 1
                Thread(target=self._serve, name="watchkeeper-check", daemon=True).start()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._begin(job):
                self._end(job, called(job.function))

    def _begin(self, job: Job) -> bool:
        with self._lock:
            job.began = not job.ended
            self._free += job.ended
            return job.began

    def _end(self, job: Job, answer: Answer) -> None:
        with self._lock:
            job.ended = True
            self._stuck -= job.stuck
            self._free += 1
            self._answers.append((job, answer))
            first = len(self._answers) == 1
        if first:
            self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._hand_out)
        except RuntimeError:  # the agent stopped while the check ran
            pass

    def _hand_out(self) -> None:
        with self._lock:
            answers = list(self._answers)
            self._answers.clear()
        for job, answer in answers:
            job.take(answer)


def called(function: Callable[[], object]) -> Answer:
    """Call and return what came of it; a check that calls `sys.exit` must not end its thread."""
    try:
        return Answer(function())
    except BaseException as error:
        return Answer(error=error)
