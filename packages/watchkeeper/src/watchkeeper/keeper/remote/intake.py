"""Take the samples of a remote-write request into the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from watchkeeper.keeper.remote.errors import BadLabels, Malformed
from watchkeeper.keeper.remote.reading import labels_in, read_all, unpacked
from watchkeeper.keeper.store import Ingested, SeriesLimit, Store
from watchkeeper.keeper.store.series import Refs, Times, Values

REFUSED = -1
MOST_KNOWN = 40_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is accepted; the defaults are those of a scrape."""

    body_bytes: int = 16 << 20
    labels: int = 64
    name_length: int = 256
    value_length: int = 4096


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a request's samples; `problems` name the reasons of those that are not kept."""

    samples: int
    stored: int
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class IntakeTally:
    """What is counted of requests."""

    requests: int = 0
    samples: int = 0
    stored: int = 0
    refused: int = 0
    malformed: int = 0


class Intake:
    """The way from a request's body to the store; used by one thread at a time."""

    def __init__(self, store: Store, bounds: Bounds) -> None:
        self._store = store
        self._bounds = bounds
        self._known: dict[bytes, int] = {}
        self._refusals: dict[str, int] = {}
        self.tally = IntakeTally()

    def take(self, body: bytes) -> Taken:
        """Store what a request holds; raises Malformed and TooLarge, and then nothing of it was stored."""
        self.tally.requests += 1
        try:
            data = unpacked(body, self._bounds.body_bytes)
            taken = self._store_all(data)
        except Malformed:
            self.tally.malformed += 1
            raise
        self.tally.samples += taken.samples
        self.tally.stored += taken.stored
        self.tally.refused += sum(self._refusals.values())
        return taken

    def _store_all(self, data: bytes) -> Taken:
        refs, times, values, outcome = self._append(data)
        if outcome.refused > np.count_nonzero(refs == REFUSED):
            # Retention has ended series that we knew: ask for their numbers again. What was stored stays.
            self._known.clear()
            refs, times, values, outcome = self._append(data)
        reasons = dict(self._refusals)
        if outcome.too_old:
            reasons["older than the retention"] = outcome.too_old
        if late := self._missing(refs, times, values, outcome):
            reasons["out of order sample: a newer one of the series, or another value, is stored"] = late
        return Taken(len(refs), outcome.stored, tuple(f"{count} x {why}" for why, count in reasons.items()))

    def _append(self, data: bytes) -> tuple[Refs, Times, Values, Ingested]:
        self._refusals = {}
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        (refs, times, values), histograms = read_all(data, self._resolve, self._known)
        if histograms:
            self._refusals["native histogram: they are not supported"] = histograms
        return refs, times, values, self._store.append_refs(refs, times, values)

    def _resolve(self, key: bytes) -> int:
        """Return the number of a series, REFUSED where it cannot be kept."""
        try:
            labels = labels_in(key)
            problem = self._problem(dict(labels))
            if not problem:
                ref = self._known[key] = self._store.ref(labels)
                return ref
        except (BadLabels, SeriesLimit) as error:
            problem = str(error)
        self._refusals[problem] = self._refusals.get(problem, 0) + 1
        return REFUSED

    def _problem(self, labels: Mapping[str, str]) -> str:
        bounds = self._bounds
        if not labels.get("__name__"):
            return "series without a name"
        if len(labels) > bounds.labels:
            return f"series of more than {bounds.labels} labels"
        if max(map(len, labels)) > bounds.name_length:
            return f"label name longer than {bounds.name_length}"
        if max(map(len, labels.values())) > bounds.value_length:
            return f"label value longer than {bounds.value_length}"
        return ""

    def _missing(self, refs: Refs, times: Times, values: Values, outcome: Ingested) -> int:
        """Count the late samples that are not in the store: one that is sent again is no loss."""
        if not outcome.out_of_order + outcome.conflict:
            return 0
        missing = 0
        for ref in sorted(set(refs[refs != REFUSED].tolist())):  # np.unique would import numpy.ma
            mine = refs == ref
            missing += absent(self._store, ref, times[mine], values[mine])
        return missing


def absent(store: Store, ref: int, times: Times, values: Values) -> int:
    """Count the samples of a series that are not in the store as they are."""
    piece = store.read(ref, int(times.min()), int(times.max()))
    if piece is None:
        return len(times)
    held_times, held_values = piece
    place = np.minimum(np.searchsorted(held_times, times), len(held_times) - 1)
    same = held_times[place] == times
    same &= held_values.view(np.int64)[place] == values.view(np.int64)
    return int(np.count_nonzero(~same))
