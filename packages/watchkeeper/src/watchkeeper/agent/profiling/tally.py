"""Samples added up, in slices of some seconds, so that any of the last minutes can be asked for.

Whoever adds may be interrupted anywhere: by the sampler's thread, or within the main thread by a signal. So a
slice is only ever added to, never emptied; an old one is dropped whole.
"""

from collections import deque
from dataclasses import dataclass, field
from math import inf
from types import FrameType

from watchkeeper.agent.profiling.dump import Block, parsed
from watchkeeper.agent.profiling.profile import CPU, SAMPLES, Amounts, Frame, Place, Profile, added
from watchkeeper.agent.profiling.stacks import Codes, Raw, resolved, taken

SLICE_SECONDS = 5.0
KEPT_SECONDS = 180.0
KINDS = (SAMPLES, CPU)
TOLERANCE = 1e-5  # seconds that a time may be off that went through a Unix time and back
MOST_SLICES = 500
MOST_STACKS = 5000  # different ones in a slice
OTHER: Raw = ((), ())  # the stack of all beyond

Key = tuple[str, Raw | Block]


@dataclass(slots=True)
class Cell:
    """What was counted for one stack, whose codes it keeps alive; a dumped stack has none."""

    codes: Codes = ()
    count: int = 0
    nanoseconds: int = 0


@dataclass(slots=True)
class Slice:
    """Samples of some seconds, by thread and stack; began, ended: steady seconds."""

    began: float
    ended: float = inf
    cells: dict[Key, Cell] = field(default_factory=dict)

    def add(self, thread: str, frame: FrameType | None, nanoseconds: int) -> None:
        """Add one sample with its nanoseconds of CPU."""
        raw, codes = taken(frame)
        cell = self.cells.get((thread, raw)) or self._cell(thread, raw, tuple(codes))
        cell.count += 1
        cell.nanoseconds += nanoseconds

    def add_dumped(self, thread: str, block: Block, nanoseconds: int) -> None:
        """Add one sample of a dumped stack."""
        cell = self.cells.get((thread, block)) or self._cell(thread, block, ())
        cell.count += 1
        cell.nanoseconds += nanoseconds

    def _cell(self, thread: str, raw: Raw | Block, codes: Codes) -> Cell:
        if len(self.cells) >= MOST_STACKS:
            return self.cells.setdefault((thread, OTHER), Cell())
        return self.cells.setdefault((thread, raw), Cell(codes))


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
        for (thread, raw), cell in one.cells.copy().items():
            stack = parsed(raw) if isinstance(raw, bytes) else resolved(raw, cell.codes, frames)
            added(amounts, (stack, (("thread", thread),)), (cell.count, cell.nanoseconds))
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
