"""Put the pieces of a series together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watchkeeper.keeper.store.series import Times, Values

Piece = tuple[Times, Values]
_MOST_KNOWN = 256  # arrays of times, 11.5 kB each


class Window:
    """Cuts pieces down to [start, end]; chunks of one scrape share a timeline, which is cut once."""

    def __init__(self, start: int, end: int) -> None:
        self._start = start
        self._end = end
        self._known: dict[int, tuple[Times, slice]] = {}
        self.known = self._known.get
        """Returns the times of a timeline within the window and their places, None where it is unknown."""

    def learn(self, timeline: int, times: Times) -> tuple[Times, slice]:
        """Return the times of a timeline within the window and their places, and remember them."""
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        part = self._part(times)
        known = self._known[timeline] = times[part], part
        return known

    def of(self, times: Times, values: Values) -> Piece:
        """Return what of a piece lies within the window."""
        part = self._part(times)
        return times[part], values[part]

    def _part(self, times: Times) -> slice:
        if not len(times) or (times[0] >= self._start and times[-1] <= self._end):
            return slice(None)
        low, high = times.searchsorted(self._start, "left"), times.searchsorted(self._end, "right")
        return slice(int(low), int(high))


def merged(cut: Sequence[Piece]) -> Piece | None:
    """Return the samples of pieces in the order of their coming, ascending, or None.

    Pieces overlap only where the clock stepped back, or where a row was sealed while it was read; of two
    samples at one time the first to come stays.
    """
    if len(cut) > 1:
        cut = [piece for piece in cut if len(piece[0])]
    if len(cut) < 2:
        return cut[0] if cut and len(cut[0][0]) else None
    times = np.concatenate([piece[0] for piece in cut])
    values = np.concatenate([piece[1] for piece in cut])
    if (times[1:] > times[:-1]).all():
        return times, values
    order = np.argsort(times, kind="stable")  # np.unique would import numpy.ma: 40 ms and some MB
    times, values = times[order], values[order]
    first = np.concatenate((np.ones(1, np.bool_), times[1:] != times[:-1]))
    return times[first], values[first]
