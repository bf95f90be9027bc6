"""Stalls of event loops: how long a followed loop did not come round, and where it stood meanwhile."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from watchkeeper.agent.health.heartbeat import Heartbeat
from watchkeeper.agent.profiling.dump import Block, Dumps, parsed
from watchkeeper.agent.profiling.profile import Amounts, Kind, Place, Profile, Stack, added

KEPT = 200
LOOKS = 3  # at a loop that hangs, within the shortest stall
SOON = 0.005  # seconds after the moment from which a loop counts as hanging
KINDS = (Kind("contentions", "count"), Kind("delay", "nanoseconds"))


@dataclass(frozen=True, slots=True)
class Stall:
    """A stall that is over: its begin in Unix seconds, its length, and where most of it was seen."""

    began: float
    loop: str
    seconds: float
    stack: Stack


@dataclass(slots=True)
class Hanging:
    """A stall under way: the stacks seen so far."""

    beat: float
    seen: Counter[Block] = field(default_factory=Counter)

    def culprit(self) -> Stack:
        """Return the stack that was seen most often."""
        return parsed(self.seen.most_common(1)[0][0]) if self.seen else ()


class Stalls:
    """Looks at the heartbeats at each tick of the sampler; a beat older than `limit` seconds is a stall.

    The age of a loop's last beat includes the pause that it makes between two beats, so a stall is as long
    as told or up to that pause shorter. One that fits between two ticks is not seen.
    """

    def __init__(
        self,
        heartbeats: Callable[[], Iterable[Heartbeat]],
        limit: float,
        wall: Callable[[], float],
        dumps: Dumps,
    ) -> None:
        self.limit = limit
        self._dumps = dumps
        self._heartbeats = heartbeats
        self._wall = wall
        self._hanging: dict[str, Hanging] = {}
        self._over: deque[Stall] = deque(maxlen=KEPT)

    def look(self) -> float:
        """Look at each loop once; return the seconds until the next look is worth it.

        A loop that lives cannot hang before its last beat is too old; one that hangs is looked at often.
        """
        soonest = self.limit
        for heartbeat in self._heartbeats():
            age, beat = heartbeat.age(), heartbeat.last()
            hanging = self._hanging.get(heartbeat.name)
            if hanging is not None and hanging.beat != beat:
                self._end(heartbeat.name, hanging, beat)
                hanging = None
            if age is None or beat is None:
                continue
            left = max(self.limit, 2 * heartbeat.every) - age
            if left < 0:
                self._see(heartbeat, hanging or self._begin(heartbeat.name, beat))
            soonest = min(soonest, left + SOON if left >= 0 else self.limit / LOOKS)
        return soonest

    def list(self) -> list[Stall]:
        """Return the last stalls that are over, oldest first."""
        return list(self._over)

    def profile(self) -> Profile:
        """Return the stalls as a profile: their number and nanoseconds per stack."""
        amounts: dict[Place, Amounts] = {}
        over = self.list()
        for stall in over:
            added(amounts, (stall.stack, (("loop", stall.loop),)), (1, int(stall.seconds * 1e9)))
        began = int(over[0].began * 1e9) if over else 0
        return Profile(KINDS, amounts, began, preferred="delay")

    def _begin(self, name: str, beat: float) -> Hanging:
        self._hanging[name] = Hanging(beat)
        return self._hanging[name]

    def _see(self, heartbeat: Heartbeat, hanging: Hanging) -> None:
        if (block := self._dumps.take().get(heartbeat.thread)) is not None:
            hanging.seen[block] += 1

    def _end(self, name: str, hanging: Hanging, beat: float | None) -> None:
        del self._hanging[name]
        if beat is not None:  # else the loop rests on purpose
            seconds = beat - hanging.beat
            self._over.append(Stall(self._wall() - seconds, name, seconds, hanging.culprit()))
