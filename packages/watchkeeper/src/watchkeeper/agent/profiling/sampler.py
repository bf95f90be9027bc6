"""The always-on sampler: its thread, the main thread's timer, the tally of both, and the stalls."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import FrameType

from watchkeeper.agent.clock import Clock
from watchkeeper.agent.health.heartbeat import Heartbeat
from watchkeeper.agent.profiling import tally
from watchkeeper.agent.profiling.cputimer import CpuTimer, free
from watchkeeper.agent.profiling.dump import Block, Dumps
from watchkeeper.agent.profiling.profile import Profile
from watchkeeper.agent.profiling.stalls import Stalls
from watchkeeper.agent.profiling.tally import Tally
from watchkeeper.agent.profiling.threads import Threads
from watchkeeper.agent.settings import flag, number

LOG = logging.getLogger("watchkeeper.agent")
DEFAULT_HZ = 19.0  # odd, so that it keeps step with nothing that a bot does
MOST_HZ = 250.0
DEFAULT_STALL = 0.25
JOIN_SECONDS = 2.0
SET_ANEW = 1.0  # seconds by which the wall clock has to be off


@dataclass(frozen=True, slots=True)
class Plan:
    """How to sample: times a second (0: not at all), by timer where it can be, and what counts as a stall."""

    hz: float = DEFAULT_HZ
    timer: bool = True
    stall: float = DEFAULT_STALL


def plan(hz: float, stall: float, environment: Mapping[str, str]) -> Plan:
    """Combine the program's wish with PROFILE_HZ, PROFILE_STALL_SECONDS and PROFILE_SIGNAL, which win."""
    return Plan(
        hz=number(environment, "PROFILE_HZ", hz, 0.0, MOST_HZ),
        timer=flag(environment, "PROFILE_SIGNAL", True),
        stall=number(environment, "PROFILE_STALL_SECONDS", stall, 0.01, 3600.0),
    )


class Sampler:
    """Samples this process from start to stop."""

    def __init__(self, plan: Plan, clock: Clock, heartbeats: Callable[[], Iterable[Heartbeat]]) -> None:
        self.plan = plan
        self.dumps = Dumps()
        self.stalls = Stalls(heartbeats, plan.stall, clock.wall, self.dumps)
        self._clock = clock
        self._offset = clock.wall() - clock.steady()
        self._tally = Tally(clock.steady())
        self._timer: CpuTimer | None = None
        self._enough = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def timed(self) -> bool:
        """Tell whether the main thread is sampled by its own timer."""
        return self._timer is not None

    def start(self) -> None:
        """Start; harmless where sampling is switched off."""
        if self.plan.hz == 0 or self._thread is not None:
            return
        self._start_timer()
        self._enough.clear()
        thread = threading.Thread(target=self._run, name="watchkeeper-sampler", daemon=True)
        thread.start()
        self._thread = thread

    def stop(self) -> None:
        """Stop; harmless when it does not run."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        thread, self._thread = self._thread, None
        self._enough.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN_SECONDS)
        self.dumps.close()

    def after_fork(self) -> None:
        """In a forked child there is neither the thread nor the timer."""
        self._timer = self._thread = None
        self._enough = threading.Event()
        self.dumps.after_fork()

    def now(self) -> float:
        """Return the present in the steady seconds that `since` takes."""
        return self._clock.steady()

    def mark(self) -> float:
        """Begin a slice, so that `since` can begin here; return its start in steady seconds."""
        self._tally.turn(self._clock.steady(), early=True)
        return self._tally.present.began

    def since(self, start: float) -> Profile:
        """Return the profile from `start`, in steady seconds, to now; at most the last three minutes.

        It begins with the first slice that began at `start` or later. Asked again from where the last answer
        ended (its `began` plus `duration`), it tells no sample twice and leaves none out.
        """
        now = self.mark()
        slices = self._tally.closed(start)
        seconds = now - slices[0].began if slices else 0.0
        period = 1 / self.plan.hz if self.plan.hz else 0.0
        return tally.profile(slices, period, now - seconds + self._ahead(), seconds)

    def steady(self, unix: float) -> float:
        """Return a Unix time in steady seconds."""
        return unix - self._ahead()

    def _ahead(self) -> float:
        """Return Unix time less steady time: the same one each time, while the wall clock is not set anew.

        So the end of one profile is exactly the start of the next, though the wall clock is slewed meanwhile.
        """
        present = self._clock.wall() - self._clock.steady()
        if abs(present - self._offset) > SET_ANEW:
            self._offset = present
        return self._offset

    def tick(self, threads: Threads, period: float) -> float:
        """Take one sample of everything, on the sampler's thread; return the seconds to the next."""
        self._tally.turn(self._clock.steady())
        ran, calm = threads.sample(), self.stalls.look()
        return period if ran else max(period, calm)

    def _start_timer(self) -> None:
        if self.plan.timer and free():
            timer = CpuTimer(self._take, 1 / self.plan.hz)
            self._timer = timer if timer.start() else None

    def _take(self, thread: str, frame: FrameType | None, nanoseconds: int) -> None:
        self._tally.present.add(thread, frame, nanoseconds)

    def _take_dumped(self, thread: str, block: Block, nanoseconds: int) -> None:
        self._tally.present.add_dumped(thread, block, nanoseconds)

    def _run(self) -> None:
        leave_out = {threading.get_ident()}
        if self._timer is not None:
            leave_out.add(threading.main_thread().ident or 0)
        # Each wake takes the GIL from the bot: what the timer does is not done twice as often here, and where
        # no other thread ran there are only stalls to look for.
        hz = min(self.plan.hz, DEFAULT_HZ) if self._timer is not None else self.plan.hz
        period, enough = 1 / hz, self._enough
        threads = Threads(self._take_dumped, self.dumps, period, leave_out)
        try:
            wait = period
            while not enough.wait(wait):
                wait = self.tick(threads, period)
        except Exception:
            LOG.exception("the sampler stopped; the bot goes on without it")
