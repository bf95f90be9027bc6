"""The steps of an escalation policy, and the people that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from watchkeeper.keeper.alerts.intervals import Interval
from watchkeeper.keeper.alerts.schedules import Schedule

Urgency = Literal["default", "important"]


@dataclass(frozen=True, slots=True)
class Wait:
    """Give people so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class NotifyPeople:
    people: tuple[str, ...]
    urgency: Urgency = "default"


@dataclass(frozen=True, slots=True)
class NotifyTeam:
    team: str
    urgency: Urgency = "default"


@dataclass(frozen=True, slots=True)
class NotifySchedule:
    """Notify who is on call then."""

    schedule: str
    urgency: Urgency = "default"


@dataclass(frozen=True, slots=True)
class NotifyNext:
    """Notify one of a queue, the next one each time that the step comes."""

    people: tuple[str, ...]
    urgency: Urgency = "default"


@dataclass(frozen=True, slots=True)
class NotifyChannel:
    receiver: str


@dataclass(frozen=True, slots=True)
class Webhook:
    receiver: str


@dataclass(frozen=True, slots=True)
class Between:
    """Go on only within the intervals; else wait for them."""

    intervals: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class IfMore:
    """Go on only once more than so many alerts began within so many seconds."""

    alerts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Resolve:
    """End the alerts of the group."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Begin anew, at most so many times."""

    times: int


Step = (
    Wait
    | NotifyPeople
    | NotifyTeam
    | NotifySchedule
    | NotifyNext
    | NotifyChannel
    | Webhook
    | Between
    | IfMore
    | Resolve
    | Repeat
)


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """Who can be told, and by which receivers: {person: {urgency: receivers}}."""

    people: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)

    def receivers(self, people: Iterable[str], urgency: Urgency) -> dict[str, tuple[str, ...]]:
        """Return the receivers that reach people, each with whom; important falls back to default."""
        found: dict[str, tuple[str, ...]] = {}
        for person in people:
            ways = self.people.get(person, {})
            for receiver in ways.get(urgency) or ways.get("default", ()):
                found[receiver] = (*found.get(receiver, ()), person)
        return found
