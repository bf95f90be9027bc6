"""Dead-man's switch, inwards: bots that must ping; a ping that does not come is found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from watchkeeper.keeper.judge import Finding
from watchkeeper.keeper.judge.finding import CRITICAL, HEALTHY, UNHEALTHY

KIND = "ping"


@dataclass(frozen=True, slots=True)
class Expected:
    """A ping that must come each `every` seconds, and may be `grace` seconds late."""

    name: str
    every: float
    grace: float = 0.0
    severity: str = CRITICAL

    @property
    def subject(self) -> str:
        return f"{KIND}/{self.name}/heartbeat"


@dataclass(frozen=True, slots=True)
class Ping:
    """The last word of a bot: when (Unix seconds), whether it said that all is well, what it said."""

    at: float
    good: bool = True
    said: str = ""


@dataclass(slots=True)
class Expectations:
    """All expected pings and the last of each; a name that never pinged counts from the start."""

    expected: Mapping[str, Expected]
    started: float
    pings: dict[str, Ping] = field(default_factory=dict)

    @classmethod
    def of(cls, expected: Iterable[Expected], started: float, pings: Mapping[str, Ping] = {}) -> Expectations:
        known = {one.name: one for one in expected}
        return cls(known, started, {name: ping for name, ping in pings.items() if name in known})

    def take(self, name: str, ping: Ping) -> bool:
        """Take a ping in; return whether anybody expects it."""
        if name not in self.expected:
            return False
        self.pings[name] = ping
        return True

    def findings(self, now: float) -> list[Finding]:
        """Return one finding for each expected ping.

        What was heard in the future, by a clock that was set back since, was heard just now.
        """
        self.started = min(self.started, now)
        for name, ping in self.pings.items():
            if ping.at > now:
                self.pings[name] = replace(ping, at=now)
        return [self._finding(one, now) for one in self.expected.values()]

    def _finding(self, one: Expected, now: float) -> Finding:
        ping = self.pings.get(one.name)
        if ping is not None and not ping.good:
            said = f": {ping.said}" if ping.said else ""
            return Finding(one.subject, UNHEALTHY, f"{one.name} says that it failed{said}", one.severity)
        # The time that nobody listened is no silence of the bot.
        heard = max(ping.at if ping else 0.0, self.started)
        late = now - heard - one.every - one.grace
        if late <= 0:
            return Finding(one.subject, HEALTHY, "", one.severity)
        last = "never" if ping is None else f"{now - ping.at:.0f} s ago"
        return Finding(
            one.subject, UNHEALTHY, f"no ping for {now - heard:.0f} s (the last {last})", one.severity
        )
