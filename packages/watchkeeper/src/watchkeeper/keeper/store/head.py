"""The head: samples in memory that are not sealed yet, in pages out of one bounded pool.

A page holds 32 samples of one series. Appending a whole scrape is a handful of numpy calls, whatever the
series are; a series with one sample costs one page (512 bytes). The pool is untouched memory until used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from watchkeeper.keeper.store.series import Refs, Times, Values

PAGE = 32
NEVER = np.iinfo(np.int64).min
_NO_SLOT = -1

Slots = npt.NDArray[np.int32]


class Row(NamedTuple):
    """The samples of one series, taken out of the head; `since` is the journal frame of the first."""

    ref: int
    times: Times
    values: Values
    since: int


class Head:
    """Open rows by ref; not locked: its owner is."""

    def __init__(self, row_samples: int, pool_samples: int) -> None:
        self._pages_per_row = max(1, row_samples // PAGE)
        self.row_samples = self._pages_per_row * PAGE
        pages = max(pool_samples // PAGE, 2 * self._pages_per_row)
        self._times: Times = np.empty((pages, PAGE), np.int64)
        self._values: Values = np.empty((pages, PAGE), np.float64)
        self._free: Slots = np.arange(pages - 1, -1, -1, dtype=np.int32)  # a stack: low pages are used first
        self._free_count = pages
        self.widest = max(1, pages // 2)
        """The most refs that `append` takes at once."""
        self.last_time: Times = np.empty(0, np.int64)
        self.last_value: Values = np.empty(0, np.float64)
        self._slot: Slots = np.empty(0, np.int32)
        self._fill: Refs = np.empty(0, np.int64)
        self._since: Refs = np.empty(0, np.int64)
        self._owner: Refs = np.empty(0, np.int64)
        self._chain: Slots = np.empty((0, self._pages_per_row), np.int32)
        self._slots_free: list[int] = []

    def reserve(self, refs: int) -> None:
        """Make room for refs below a number."""
        have = len(self._slot)
        if refs <= have:
            return
        more = max(refs, 2 * have, 256) - have
        self._slot = np.concatenate((self._slot, np.full(more, _NO_SLOT, np.int32)))
        self.last_time = np.concatenate((self.last_time, np.full(more, NEVER, np.int64)))
        self.last_value = np.concatenate((self.last_value, np.full(more, np.nan)))

    def missing_pages(self, refs: Refs) -> int:
        """Return how many pages more than the pool has left one sample for each of these refs would need."""
        slots = self._slot[refs]
        open_rows = slots[slots != _NO_SLOT]
        needed = len(slots) - np.count_nonzero(self._fill[open_rows] % PAGE)
        return int(needed) - self._free_count

    def append(self, refs: Refs, times: Times | int, values: Values, since: int) -> None:
        """Add one sample to each of these distinct refs; there are pages, and no row is full."""
        self._open(refs, since)
        slots = self._slot[refs]
        fill = self._fill[slots]
        turning = slots[fill % PAGE == 0]
        if len(turning):
            self._give_pages(turning)
        pages, places = self._chain[slots, fill // PAGE], fill % PAGE
        self._times[pages, places] = times
        self._values[pages, places] = values
        self._fill[slots] = fill + 1
        self.last_time[refs] = times
        self.last_value[refs] = values

    def extend(self, ref: int, times: Times, values: Values, since: int) -> int:
        """Add ascending samples to one ref until its row or the pool is full; return how many were added."""
        self._open(np.array([ref]), since)
        slot, done = int(self._slot[ref]), 0
        while done < len(times) and self._fill[slot] < self.row_samples:
            page, place = divmod(int(self._fill[slot]), PAGE)
            if place == 0:
                if not self._free_count:
                    break
                self._give_pages(np.array([slot], np.int32))
            count = min(PAGE - place, len(times) - done)
            here = (self._chain[slot, page], slice(place, place + count))
            self._times[here], self._values[here] = times[done : done + count], values[done : done + count]
            self._fill[slot] += count
            done += count
        if done:
            self.last_time[ref], self.last_value[ref] = times[done - 1], values[done - 1]
        return done

    def fills(self, refs: Refs) -> Refs:
        """Return how many samples each of these refs has open."""
        slots = self._slot[refs]
        return np.where(slots == _NO_SLOT, 0, self._fill[slots]) if len(self._fill) else np.zeros_like(refs)

    def has(self, ref: int) -> bool:
        """Tell whether a ref has open samples."""
        return 0 <= ref < len(self._slot) and bool(self._slot[ref] != _NO_SLOT)

    def opened(self, refs: Sequence[int]) -> list[int]:
        """Return those of some refs that have open samples."""
        numbers = np.array(refs, np.int64)
        numbers = numbers[(numbers >= 0) & (numbers < len(self._slot))]
        found: list[int] = numbers[self._slot[numbers] != _NO_SLOT].tolist()
        return found

    def read(self, ref: int) -> tuple[Times, Values] | None:
        """Return a copy of the open samples of a ref, or None when it has none."""
        if not self.has(ref):
            return None
        slot = int(self._slot[ref])
        count = int(self._fill[slot])
        pages = self._chain[slot, : -(-count // PAGE)]
        return self._times[pages].reshape(-1)[:count], self._values[pages].reshape(-1)[:count]

    def take(self, refs: Refs) -> list[Row]:
        """Take the rows of these refs out; their pages go back to the pool."""
        return [row for ref in refs.tolist() if (row := self._take(ref))]

    def aged(self, before: int) -> Refs:
        """Return the refs whose rows began in a journal frame before this one."""
        used = self._used()
        return self._owner[used[self._since[used] < before]]

    def fullest(self) -> Refs:
        """Return the fullest refs that together hold at least a quarter of the pages in use."""
        used = self._used()
        pages = -(-self._fill[used] // PAGE)
        order = np.argsort(-pages, kind="stable")
        enough = int(np.searchsorted(np.cumsum(pages[order]), pages.sum() / 4)) + 1
        return self._owner[used[order[:enough]]]

    def oldest_frame(self) -> int | None:
        """Return the earliest journal frame that an open row needs."""
        used = self._used()
        return int(self._since[used].min()) if len(used) else None

    def samples(self) -> int:
        """Return the number of open samples."""
        return int(self._fill[self._used()].sum())

    def newest(self) -> int | None:
        """Return the time of the newest sample that was appended, ms."""
        newest = int(self.last_time.max()) if len(self.last_time) else NEVER
        return None if newest == NEVER else newest

    def oldest(self) -> int | None:
        """Return the time of the oldest open sample, ms."""
        used = self._used()
        return int(self._times[self._chain[used, 0], 0].min()) if len(used) else None

    def _used(self) -> Refs:
        return np.flatnonzero(self._owner >= 0)

    def _take(self, ref: int) -> Row | None:
        samples = self.read(ref)
        if samples is None:
            return None
        slot = int(self._slot[ref])
        since, pages = int(self._since[slot]), -(-int(self._fill[slot]) // PAGE)
        self._free[self._free_count : self._free_count + pages] = self._chain[slot, :pages][::-1]
        self._free_count += pages
        self._slot[ref], self._owner[slot], self._fill[slot] = _NO_SLOT, -1, 0
        self._slots_free.append(slot)
        return Row(ref, *samples, since)

    def _open(self, refs: Refs, since: int) -> None:
        fresh = refs[self._slot[refs] == _NO_SLOT]
        if not len(fresh):
            return
        if len(self._slots_free) < len(fresh):
            self._add_slots(len(fresh))
        slots = [self._slots_free.pop() for _ in range(len(fresh))]
        self._slot[fresh] = slots
        self._owner[slots], self._fill[slots], self._since[slots] = fresh, 0, since

    def _add_slots(self, needed: int) -> None:
        have = len(self._fill)
        more = max(needed, have, 64)
        self._fill = np.concatenate((self._fill, np.zeros(more, np.int64)))
        self._since = np.concatenate((self._since, np.zeros(more, np.int64)))
        self._owner = np.concatenate((self._owner, np.full(more, -1, np.int64)))
        self._chain = np.concatenate((self._chain, np.zeros((more, self._pages_per_row), np.int32)))
        self._slots_free.extend(range(have + more - 1, have - 1, -1))

    def _give_pages(self, slots: Slots) -> None:
        self._free_count -= len(slots)
        pages = self._free[self._free_count : self._free_count + len(slots)]
        self._chain[slots, self._fill[slots] // PAGE] = pages
