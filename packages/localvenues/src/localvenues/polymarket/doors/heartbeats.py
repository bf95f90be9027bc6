"""Order heartbeats: once a client has sent one, a missed one cancels its orders."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

DEADLINE = 15_000


class HeartbeatMismatch(Exception):
    """The id is not the expected one, which the text is."""


@dataclass(frozen=True, slots=True)
class _Beat:
    id: str
    until: int


class Heartbeats:
    """The expected next heartbeat of each owner."""

    def __init__(self) -> None:
        self._beats: dict[str, _Beat] = {}

    def beat(self, now: int, owner: str, given: str) -> str:
        """Take a heartbeat and return the next one's id; raise HeartbeatMismatch."""
        expected = self._beats.get(owner)
        if expected is not None and given != expected.id:
            raise HeartbeatMismatch(expected.id)
        fresh = hashlib.sha256(f"{owner} {now} {given}".encode()).hexdigest()[:32]
        self._beats[owner] = _Beat(fresh, now + DEADLINE)
        return fresh

    def missed(self, now: int) -> list[str]:
        """Return the owners whose heartbeat is overdue, and expect none of them any more."""
        late = [owner for owner, beat in self._beats.items() if now > beat.until]
        for owner in late:
            del self._beats[owner]
        return late
