"""The parcels that wait for one line: in order within a group, groups independent of each other."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count

from watchkeeper.keeper.notify.outbox.parcel import Parcel


class Queue:
    """Parcels by group; the first of each group is the only one of it that may go out."""

    def __init__(self) -> None:
        self._groups: dict[str, list[Parcel]] = {}
        self._sending: set[str] = set()
        # Heads of groups by the time they may go out; one that is no head any more is skipped.
        self._heap: list[tuple[float, int, int, Parcel]] = []
        self._numbers = count()

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def __iter__(self) -> Iterator[Parcel]:
        for parcels in self._groups.values():
            yield from parcels

    def put(self, parcel: Parcel) -> None:
        """Append a parcel to its group."""
        waiting = self._groups.setdefault(parcel.slot.group_key, [])
        waiting.append(parcel)
        if len(waiting) == 1:
            self._offer(parcel)

    def covered(self, parcel: Parcel) -> list[Parcel]:
        """Return the waiting parcels of its group that a new one says all of."""
        group = parcel.slot.group_key
        waiting = self._groups.get(group, [])[1 if group in self._sending else 0 :]
        return [older for older in waiting if parcel.says_all_of(older)]

    def due(self, now: float) -> Parcel | None:
        """Return the parcel that may go out now and has waited longest, or None."""
        head = self._head()
        return head if head is not None and head.not_before <= now else None

    def next_due(self) -> float | None:
        """Return the Unix time at which the next parcel may go out, None where none waits."""
        head = self._head()
        return None if head is None else head.not_before

    def begin(self, parcel: Parcel) -> None:
        """Take note that a parcel is being sent."""
        self._sending.add(parcel.slot.group_key)

    def under_way(self, parcel: Parcel) -> bool:
        """Return whether a parcel is being sent."""
        group = parcel.slot.group_key
        return group in self._sending and self._groups[group][0].key == parcel.key

    def back(self, parcel: Parcel) -> None:
        """Put a parcel that was not taken back at the head of its group."""
        group = parcel.slot.group_key
        self._sending.discard(group)
        self._groups[group][0] = parcel
        self._offer(parcel)

    def drop(self, parcel: Parcel) -> None:
        """Remove a parcel that is done, or that another one takes the place of."""
        group = parcel.slot.group_key
        waiting = self._groups.get(group, [])
        if waiting and waiting[0].key == parcel.key:
            self._sending.discard(group)
        left = [one for one in waiting if one.key != parcel.key]
        if not left:
            self._groups.pop(group, None)
            return
        self._groups[group] = left
        if left[0] is not waiting[0]:
            self._offer(left[0])

    def _offer(self, parcel: Parcel) -> None:
        heapq.heappush(self._heap, (parcel.not_before, parcel.row, next(self._numbers), parcel))

    def _head(self) -> Parcel | None:
        while self._heap:
            parcel = self._heap[0][-1]
            group = parcel.slot.group_key
            if group not in self._sending and self._groups.get(group, [None])[0] is parcel:
                return parcel
            heapq.heappop(self._heap)
        return None
