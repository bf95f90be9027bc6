"""Daemon threads that run plain checks; one that never returns costs its thread, not the other checks.

The standard pool is not used: it joins its threads at exit, so that a hung check keeps the bot from ending.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock, Thread


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave: a value, or the error that it raised."""

    value: object = None
    error: BaseException | None = None


@dataclass(slots=True)
class Job:
    """One call, and where its answer goes; the flags change under the workers' lock."""

    function: Callable[[], object]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Answer]
    began: bool = False
    stuck: bool = False
    ended: bool = False


class Workers:
    """Up to `limit` threads, and one more for each that is stuck."""

    def __init__(self, limit: int = 4) -> None:
        self._limit = limit
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = Lock()
        self._threads = 0
        self._stuck = 0
        self._free = 0  # threads without a job, less jobs without a thread

    def run(self, function: Callable[[], object]) -> Job:
        """Call `function` on a thread; its answer, or error, arrives in the job's future on this loop."""
        loop = asyncio.get_running_loop()
        job = Job(function, loop, loop.create_future())
        with self._lock:
            self._free -= 1
            self._grow()
        self._jobs.put(job)
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
        for _ in range(self._threads):
            self._jobs.put(None)

    def _grow(self) -> None:
        while self._free < 0 and self._threads - self._stuck < self._limit:
            self._threads += 1
            self._free += 1
            Thread(target=self._serve, name="watchkeeper-check", daemon=True).start()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._begin(job):
                answer = called(job.function)
                self._end(job)
                _deliver(job, answer)

    def _begin(self, job: Job) -> bool:
        with self._lock:
            job.began = not job.ended
            self._free += job.ended
            return job.began

    def _end(self, job: Job) -> None:
        with self._lock:
            job.ended = True
            self._stuck -= job.stuck
            self._free += 1


def called(function: Callable[[], object]) -> Answer:
    """Call and return what came of it; a check that calls `sys.exit` must not end its thread."""
    try:
        return Answer(function())
    except BaseException as error:
        return Answer(error=error)


def _deliver(job: Job, answer: Answer) -> None:
    try:
        job.loop.call_soon_threadsafe(_settle, job.answer, answer)
    except RuntimeError:  # the agent stopped while the check ran
        pass


def _settle(future: asyncio.Future[Answer], answer: Answer) -> None:
    if not future.done():
        future.set_result(answer)
