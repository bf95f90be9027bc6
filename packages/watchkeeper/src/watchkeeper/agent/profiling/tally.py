"""Samples added up, in slices of some seconds, so that any of the last minutes can be asked for.

Whoever adds may be interrupted anywhere: by the sampler's thread, or within the main thread by a signal. So a
slice is only ever added to, never emptied; an old one is dropped whole.
"""

from collections import deque
from dataclasses import dataclass, field
from math import inf
from types import FrameType

from watchkeeper.agent.profiling.profile import CPU, SAMPLES, Amounts, Frame, Place, Profile, added
from watchkeeper.agent.profiling.stacks import Codes, Raw, resolved, taken

SLICE_SECONDS = 5.0
KEPT_SECONDS = 180.0
KINDS = (SAMPLES, CPU)
TOLERANCE = 1e-5  # seconds that a time may be off that went through a Unix time and back
MOST_SLICES = 500
MOST_STACKS = 5000  # different ones in a slice
OTHER: Raw = ()  # the stack of all beyond

Key = tuple[str, Raw]


@dataclass(slots=True)
class Slice:
    """Samples of some seconds: by thread and stack the count and the nanoseconds of CPU.

    began, ended: steady seconds.
    """

    began: float
    ended: float = inf
    cells: dict[Key, list[int]] = field(default_factory=dict)
    codes: Codes = field(default_factory=dict)

    def add(self, thread: str, frame: FrameType | None, nanoseconds: int) -> None:
        """Add one sample."""
        raw = taken(frame, self.codes) if len(self.cells) < MOST_STACKS else OTHER
        cell = self.cells.setdefault((thread, raw), [0, 0])
        cell[0] += 1
        cell[1] += nanoseconds


class Tally:
    """The present slice and those of the last minutes, oldest first."""

    def __init__(self, now: float) -> None:
        self.present = Slice(now)
        self._past: deque[Slice] = deque(maxlen=MOST_SLICES)

    def turn(self, now: float, early: bool = False) -> None:
        """Begin the next slice once it is time, or at once; forget what is too old."""
        if early or now - self.present.began >= SLICE_SECONDS:
            self.present.ended = now
            self._past.append(self.present)
            self.present = Slice(now)
            while self._past and now - self._past[0].began > KEPT_SECONDS + SLICE_SECONDS:
                self._past.popleft()

    def closed(self, start: float) -> list[Slice]:
        """Return the slices before the present one that began at `start` (steady seconds) or later.

        One that took no time belongs to what ended at its moment.
        """
        least = start - TOLERANCE
        return [one for one in tuple(self._past) if one.began >= least and one.ended > start + TOLERANCE]


def summed(slices: list[Slice]) -> dict[Place, Amounts]:
    """Return the amounts per stack over some slices; kinds are those of KINDS."""
    amounts: dict[Place, Amounts] = {}
    for one in slices:
        frames: dict[tuple[int, int], Frame] = {}
        for (thread, raw), (count, nanoseconds) in one.cells.copy().items():
            stack = resolved(raw, one.codes, frames)
            added(amounts, (stack, (("thread", thread),)), (count, nanoseconds))
    return amounts


def profile(slices: list[Slice], period: float, began: float, duration: float) -> Profile:
    """Return slices as a profile of CPU time; seconds, `began` in Unix time."""
    return Profile(
        kinds=KINDS,
        amounts=summed(slices),
        began=round(began * 1e9),
        duration=round(duration * 1e9),
        period_kind=CPU,
        period=round(period * 1e9),
        preferred=CPU.name,
    )
