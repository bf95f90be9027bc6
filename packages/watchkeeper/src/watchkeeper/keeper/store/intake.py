"""The way in: judge each sample, put the good ones into head and journal, freeze rows that are full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from watchkeeper.keeper.store.frozen import Frozen
from watchkeeper.keeper.store.head import NEVER, Head
from watchkeeper.keeper.store.journal import Journal
from watchkeeper.keeper.store.series import Mask, Refs, Times, Values
from watchkeeper.keeper.store.stats import Ingested

CLOCK_STEP_MS = 60_000
"""A series that lies further than this in the clock's future was written before the clock stepped back."""

_NOTHING = Ingested()


@dataclass(slots=True)
class Judged:
    """Which samples are kept, and what became of the others."""

    keep: Mask
    duplicate: int
    conflict: int
    out_of_order: int

    def ingested(self) -> Ingested:
        """Return the counts."""
        stored = int(np.count_nonzero(self.keep))
        return Ingested(stored, self.duplicate, self.conflict, self.out_of_order)


class Intake:
    """Samples of known refs into head, frozen rows and journal; not locked: its owner is."""

    def __init__(self, head: Head, frozen: Frozen, journal: Journal, now_ms: Callable[[], int]) -> None:
        self.head = head
        self.frozen = frozen
        self.journal = journal
        self._now_ms = now_ms
        self._alive: Mask = np.zeros(0, np.bool_)
        self._stamp: Refs = np.zeros(0, np.int64)
        self.horizon_ms: int = NEVER
        self.clock_steps = 0

    def admit(self, ref: int) -> None:
        """Make a ref known."""
        self.head.reserve(ref + 1)
        missing = len(self.head.last_time) - len(self._alive)
        if missing > 0:
            self._alive = np.concatenate((self._alive, np.zeros(missing, np.bool_)))
            self._stamp = np.concatenate((self._stamp, np.zeros(missing, np.int64)))
        self._alive[ref] = True

    def dismiss(self, ref: int) -> None:
        """Make a ref unknown; it has no open row."""
        self._alive[ref] = False

    def accept(self, refs: Refs, times: Times, values: Values, *, trusted: bool = False) -> Ingested:
        """Take samples in; `trusted` ones were accepted before (a replay), so a step back is a new run."""
        known = (refs >= 0) & (refs < len(self._alive))
        known &= self._alive[np.where(known, refs, 0)] if len(self._alive) else False
        young = times >= self.horizon_ms
        good = known & young
        if good.all():
            return self._spread(refs, times, values, trusted)
        refused, old = int(np.count_nonzero(~known)), int(np.count_nonzero(known & ~young))
        rest = self._spread(refs[good], times[good], values[good], trusted)
        return rest + Ingested(too_old=old, refused=refused)

    def freeze(self, refs: Refs) -> None:
        """Take the rows of these refs out of the head; they wait to be sealed."""
        sealed = self.journal.cut()
        self.frozen.add(self.head.take(refs), sealed)

    def _spread(self, refs: Refs, times: Times, values: Values, trusted: bool) -> Ingested:
        """Split samples so that each call below sees a ref once, or one ref only."""
        if not len(refs):
            return _NOTHING
        if self._distinct(refs):
            return self._wide(refs, times, values, trusted)
        order = np.argsort(refs, kind="stable")
        refs, times, values = refs[order], times[order], values[order]
        starts = np.flatnonzero(np.diff(refs, prepend=-1))
        depths = np.diff(starts, append=len(refs))
        total = _NOTHING
        if int(depths.max()) <= len(starts):
            ranks = np.arange(len(refs)) - np.repeat(starts, depths)
            for rank in range(int(depths.max())):
                pick = ranks == rank
                total += self._wide(refs[pick], times[pick], values[pick], trusted)
            return total
        for start, depth in zip(starts.tolist(), depths.tolist(), strict=True):
            cut = slice(start, start + depth)
            total += self._deep(int(refs[start]), times[cut], values[cut], trusted)
        return total

    def _distinct(self, refs: Refs) -> bool:
        order = np.arange(len(refs))
        self._stamp[refs] = order
        return bool((self._stamp[refs] == order).all())

    def _wide(self, refs: Refs, times: Times, values: Values, trusted: bool) -> Ingested:
        """Take one sample of each of many refs, in slices that fit the pool."""
        total = _NOTHING
        step = self.head.widest
        for start in range(0, len(refs), step):
            cut = slice(start, start + step)
            total += self._wide_slice(refs[cut], times[cut], values[cut], trusted)
        return total

    def _wide_slice(self, refs: Refs, times: Times, values: Values, trusted: bool) -> Ingested:
        judged = self._judge_wide(refs, times, values, trusted)
        if not judged.keep.all():
            refs, times, values = refs[judged.keep], times[judged.keep], values[judged.keep]
        if len(refs):
            self._make_room(refs)
            self.head.append(refs, times, values, self.journal.seq)
            self.journal.add(refs, times, values)
            self._freeze_full(refs)
        return judged.ingested()

    def _judge_wide(self, refs: Refs, times: Times, values: Values, trusted: bool) -> Judged:
        last = self.head.last_time[refs]
        keep = times > last
        if keep.all():
            return Judged(keep, 0, 0, 0)
        if (back := times < last).any() and self._restart_runs(refs[back], times[back], trusted):
            last = self.head.last_time[refs]
            keep = times > last
        same_time = times == last
        same = same_time & _same_bits(values, self.head.last_value[refs])
        duplicate, at_once = int(np.count_nonzero(same)), int(np.count_nonzero(same_time))
        late = len(refs) - at_once - int(np.count_nonzero(keep))
        return Judged(keep, duplicate, at_once - duplicate, late)

    def _deep(self, ref: int, times: Times, values: Values, trusted: bool) -> Ingested:
        """Take many samples of one ref."""
        judged = self._judge_deep(ref, times, values, trusted)
        times, values = times[judged.keep], values[judged.keep]
        while len(times):
            done = self.head.extend(ref, times, values, self.journal.seq)
            self.journal.add(np.full(done, ref, np.int64), times[:done], values[:done])
            times, values = times[done:], values[done:]
            self._freeze_full(np.array([ref]))
            if len(times):
                self._make_room(np.array([ref]))
        return judged.ingested()

    def _judge_deep(self, ref: int, times: Times, values: Values, trusted: bool) -> Judged:
        last = int(self.head.last_time[ref])
        if times[0] < last and self._restart_runs(np.array([ref]), times[:1], trusted):
            last = NEVER
        before = np.maximum.accumulate(np.concatenate((np.array([last], np.int64), times[:-1])))
        keep = times > before
        same_time = np.flatnonzero(times == before)
        kept = np.maximum.accumulate(np.where(keep, np.arange(len(times)), -1))[same_time]
        known = np.where(kept >= 0, values[kept], self.head.last_value[ref])
        duplicate = int(np.count_nonzero(_same_bits(values[same_time], known)))
        late = len(times) - len(same_time) - int(np.count_nonzero(keep))
        return Judged(keep, duplicate, len(same_time) - duplicate, late)

    def _restart_runs(self, refs: Refs, times: Times, trusted: bool) -> bool:
        """Begin new runs where the clock stepped back: a jump ahead must not blind us for as long."""
        if not trusted:
            limit = self._now_ms() + CLOCK_STEP_MS
            refs = refs[(self.head.last_time[refs] > limit) & (times <= limit)]
        if not len(refs):
            return False
        self.freeze(refs)
        self.head.last_time[refs] = NEVER
        self.clock_steps += 0 if trusted else len(refs)
        return True

    def _make_room(self, refs: Refs) -> None:
        while self.head.missing_pages(refs) > 0:
            self.freeze(self.head.fullest())

    def _freeze_full(self, refs: Refs) -> None:
        """Freeze full rows, and half full ones of the same scrape, so that they share their times."""
        fills = self.head.fills(refs)
        if int(fills.max()) >= self.head.row_samples:
            self.freeze(refs[2 * fills >= self.head.row_samples])


def _same_bits(left: Values, right: Values) -> Mask:
    same: Mask = left.view(np.int64) == right.view(np.int64)
    return same
