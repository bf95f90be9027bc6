"""Wrong logins wait longer and longer. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field

from watchkeeper.keeper.people.errors import TooOften

MOST_KEYS = 4096


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` tries, then pauses that double from `first` to `longest` seconds; forgotten after `memory`."""

    free: int = 5
    first: float = 1.0
    longest: float = 60.0
    memory: float = 900.0


@dataclass(slots=True)
class Tries:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


@dataclass(slots=True)
class Throttle:
    """The recent tries by key (a name, an address); at most 4096 keys are remembered."""

    limit: Limit = Limit()
    _tries: dict[str, Tries] = field(default_factory=dict)

    def charge(self, key: str, now: float) -> None:
        """Count a try before it is made, so that many at once are no way around; raises TooOften."""
        tries = self._tries.pop(key, None)
        if tries is None or now - tries.last > self.limit.memory:
            tries = Tries()
        self._tries[key] = tries  # the youngest is last
        if now < tries.until:
            raise TooOften(tries.until - now)
        tries.count, tries.last = tries.count + 1, now
        beyond = tries.count - self.limit.free
        if beyond >= 0:
            tries.until = now + min(self.limit.longest, self.limit.first * 2.0 ** min(beyond, 30))
        self._bound()

    def clear(self, key: str) -> None:
        """Forget the tries of a key: the last one was right."""
        self._tries.pop(key, None)

    def _bound(self) -> None:
        while len(self._tries) > MOST_KEYS:
            self._tries.pop(next(iter(self._tries)))
