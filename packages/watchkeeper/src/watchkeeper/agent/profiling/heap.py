"""What was allocated and not given back, by tracemalloc.

Only while somebody asks: tracing makes a bot many times slower.
"""

import gc
import tracemalloc
from time import time

from watchkeeper.agent.profiling.profile import Amounts, Frame, Kind, Place, Profile, added
from watchkeeper.agent.profiling.stacks import module_of

KINDS = (Kind("inuse_objects", "count"), Kind("inuse_space", "bytes"))
DEPTH = 16  # frames for each allocation
OURS = (tracemalloc.Filter(False, tracemalloc.__file__), tracemalloc.Filter(False, __file__))


class Tracing:
    """Traces allocations between `begin` and `stop`, unless the program traces them already."""

    def __init__(self) -> None:
        self._foreign = tracemalloc.is_tracing()
        self._began = time()

    def begin(self) -> None:
        """Start tracing; what was allocated before is not seen."""
        if not self._foreign:
            tracemalloc.start(DEPTH)

    def end(self) -> Profile:
        """Return what was allocated and is still there, and stop."""
        gc.collect()
        try:
            snapshot = tracemalloc.take_snapshot().filter_traces(OURS)
        finally:
            self.stop()
        return profile(snapshot, self._began)

    def stop(self) -> None:
        """Stop tracing where we began it; harmless when it has ended."""
        if not self._foreign:
            tracemalloc.stop()


def profile(snapshot: tracemalloc.Snapshot, began: float) -> Profile:
    """Return a snapshot as objects and bytes; tracemalloc knows files and lines, no functions."""
    amounts: dict[Place, Amounts] = {}
    for trace in snapshot.traces:
        stack = tuple(frame(one) for one in reversed(trace.traceback))
        added(amounts, (stack, ()), (1, trace.size))
    return Profile(KINDS, amounts, int(began * 1e9), int((time() - began) * 1e9), KINDS[1], 1, "inuse_space")


def frame(place: tracemalloc.Frame) -> Frame:
    """Return one frame, named by its module and line."""
    return Frame(f"{module_of(place.filename)}:{place.lineno}", place.filename, place.lineno)
