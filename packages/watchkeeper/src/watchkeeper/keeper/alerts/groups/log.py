"""What was told of each group through each integration: Alertmanager's notification log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Alertmanager's --data.retention
RETENTION = 120 * 3600.0


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A group told through one integration of one receiver."""

    group_key: str
    receiver: str
    channel: str
    place: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """The fingerprints that were told last, and when (Unix seconds)."""

    firing: frozenset[str]
    resolved: frozenset[str]
    at: float
    expires_at: float = float("inf")


class TellingLog:
    """The last entry of each slot."""

    def __init__(self, entries: Mapping[Slot, Entry] = {}) -> None:
        self.entries = dict(entries)

    def last(self, slot: Slot) -> Entry | None:
        return self.entries.get(slot)

    def write(self, slot: Slot, entry: Entry) -> None:
        """Take note of what was told: the last word counts, also where a clock set back dates it earlier."""
        self.entries[slot] = entry

    def forget(self, now: float) -> list[Slot]:
        """Drop the entries that expired; return their slots."""
        old = [slot for slot, entry in self.entries.items() if entry.expires_at <= now]
        for slot in old:
            del self.entries[slot]
        return old


def expiry(at: float, repeat_interval: float) -> float:
    """Return until when an entry counts: two repeats, at most the retention."""
    return at + min(RETENTION, 2 * repeat_interval)
