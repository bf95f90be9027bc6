"""Put the pieces of a series together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watchkeeper.keeper.store.series import Times, Values

Piece = tuple[Times, Values]


def merged(pieces: Sequence[Piece], start: int, end: int) -> Piece | None:
    """Return the samples in [start, end], ascending, of pieces in the order of their coming, or None.

    Pieces overlap only where the clock stepped back, or where a row was sealed while it was read; of two
    samples at one time the first to come stays.
    """
    cut = [_between(times, values, start, end) for times, values in pieces]
    cut = [piece for piece in cut if len(piece[0])]
    if not cut:
        return None
    if len(cut) == 1:
        return cut[0]
    times = np.concatenate([piece[0] for piece in cut])
    values = np.concatenate([piece[1] for piece in cut])
    if (times[1:] > times[:-1]).all():
        return times, values
    order = np.argsort(times, kind="stable")  # np.unique would import numpy.ma: 40 ms and some MB
    times, values = times[order], values[order]
    first = np.concatenate((np.ones(1, np.bool_), times[1:] != times[:-1]))
    return times[first], values[first]


def _between(times: Times, values: Values, start: int, end: int) -> Piece:
    if not len(times) or (times[0] >= start and times[-1] <= end):
        return times, values
    low, high = np.searchsorted(times, start, "left"), np.searchsorted(times, end, "right")
    return times[low:high], values[low:high]
