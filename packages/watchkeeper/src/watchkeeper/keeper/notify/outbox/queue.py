"""The parcels that wait for one line: in order within a group, groups independent of each other."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from watchkeeper.keeper.notify.outbox.parcel import Parcel


@dataclass(slots=True)
class Group:
    """A group's parcels: those in line, those refused that hold nobody up, the one on its way."""

    line: list[Parcel] = field(default_factory=list)
    refused: list[Parcel] = field(default_factory=list)
    sending: str = ""

    def may_go(self, parcel: Parcel) -> bool:
        """Return whether a parcel is the next of its line, or a refused one, and none is on its way."""
        heads = [*self.line[:1], *self.refused]
        return not self.sending and any(one is parcel for one in heads)

    def drop(self, key: str) -> None:
        self.line = [one for one in self.line if one.key != key]
        self.refused = [one for one in self.refused if one.key != key]


def soon(parcel: Parcel, now: float) -> Parcel:
    """Return a parcel that may go out now."""
    return replace(parcel, not_before=min(parcel.not_before, now))


class Queue:
    """Parcels by group; one of a group is on its way at a time."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        # What may go out, by time; an entry that may not any more is skipped.
        self._heap: list[tuple[float, int, int, Parcel]] = []
        self._numbers = count()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Parcel]:
        for group in self._groups.values():
            yield from group.refused
            yield from group.line

    def put(self, parcel: Parcel) -> None:
        """Append a parcel to its group."""
        group = self._groups.setdefault(parcel.group, Group())
        (group.refused if parcel.refused else group.line).append(parcel)
        self._offer(group)

    def covered(self, parcel: Parcel) -> list[Parcel]:
        """Return the waiting parcels of its group that a new one says all of."""
        group = self._groups.get(parcel.group, Group())
        waiting = [one for one in (*group.refused, *group.line) if one.key != group.sending]
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
        self._groups[parcel.group].sending = parcel.key

    def under_way(self, parcel: Parcel) -> bool:
        """Return whether a parcel is being sent."""
        group = self._groups.get(parcel.group)
        return group is not None and group.sending == parcel.key

    def back(self, parcel: Parcel) -> None:
        """Put a parcel that was not taken back: at the head of its line, or aside where it was refused."""
        group = self._groups[parcel.group]
        group.drop(parcel.key)
        group.sending = ""
        if parcel.refused:
            group.refused.append(parcel)
        else:
            group.line.insert(0, parcel)
        self._offer(group)

    def hurry(self, parcel: Parcel, now: float) -> None:
        """Let a waiting parcel be due, and what stands before it in its group; one on its way stays."""
        group = self._groups[parcel.group]
        if parcel.refused:
            group.refused = [soon(one, now) if one.key == parcel.key else one for one in group.refused]
        else:
            group.line = [soon(one, now) for one in group.line]
        self._offer(group)

    def sooner(self, seconds: float) -> None:
        """Let all that waits be due so much sooner: the clock was set back."""
        self._heap.clear()
        for group in self._groups.values():
            group.line = [replace(one, not_before=one.not_before - seconds) for one in group.line]
            group.refused = [replace(one, not_before=one.not_before - seconds) for one in group.refused]
            self._offer(group)

    def outdated(self, parcel: Parcel) -> list[Parcel]:
        """Drop and return the refused parcels of its group that are older: nobody wants them now."""
        group = self._groups.get(parcel.group, Group())
        older = [one for one in group.refused if one.row < parcel.row]
        for one in older:
            group.drop(one.key)
        return older

    def drop(self, parcel: Parcel) -> None:
        """Remove a parcel that is done, or that another one takes the place of."""
        group = self._groups.get(parcel.group)
        if group is None:
            return
        group.drop(parcel.key)
        group.sending = "" if group.sending == parcel.key else group.sending
        if group.line or group.refused:
            self._offer(group)
        else:
            del self._groups[parcel.group]

    def _offer(self, group: Group) -> None:
        for parcel in (*group.line[:1], *group.refused):
            heapq.heappush(self._heap, (parcel.not_before, parcel.row, next(self._numbers), parcel))

    def _head(self) -> Parcel | None:
        while self._heap:
            parcel = self._heap[0][-1]
            group = self._groups.get(parcel.group)
            if group is not None and group.may_go(parcel):
                return parcel
            heapq.heappop(self._heap)
        return None
