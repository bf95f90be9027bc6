"""The components of one process: their states, what changed and when."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from watchkeeper.agent.clock import Clock
from watchkeeper.agent.errors import DuplicateName, InvalidName
from watchkeeper.agent.health.dependencies import checked_order, effective
from watchkeeper.agent.health.outcome import Outcome, Status
from watchkeeper.agent.health.thresholds import State, Thresholds, stepped, unborn
from watchkeeper.agent.health.trend import Run, Trend, trend

RUNS_KEPT = 60
ONCE = Thresholds()
EVENTS_KEPT = 500


@dataclass(frozen=True, slots=True)
class Check:
    """What is checked, how often and what counts.

    function: answers as `outcome_of` reads it, plain or a coroutine function; every, timeout: seconds;
    memory: reads the component's bytes, judged against `memory_limit`.
    """

    name: str
    function: Callable[[], object]
    every: float = 5.0
    timeout: float = 2.0
    thresholds: Thresholds = ONCE
    depends: tuple[str, ...] = ()
    critical: bool = False
    memory: Callable[[], float] | None = None
    memory_limit: float | None = None

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name:
            raise InvalidName(f"component name {self.name!r} is empty or contains a slash")
        # Not a number is due neither before nor after anything: it would hold up every other check.
        if not (0 < self.every < inf and 0 < self.timeout < inf):
            raise ValueError(f"component {self.name!r}: every and timeout must be above 0 and finite")


@dataclass(frozen=True, slots=True)
class Event:
    """A component's change of status; `at` in Unix seconds."""

    at: float
    component: str
    before: Status
    after: Status
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for one component now, its dependencies taken into account; times in Unix seconds."""

    check: Check
    outcome: Outcome
    since: float
    checked: float | None
    duration: float | None
    trend: Trend
    memory: float | None


class Component:
    """One component's own record."""

    __slots__ = ("check", "memory", "runs", "since", "state", "told")

    def __init__(self, check: Check, clock: Clock) -> None:
        self.check = check
        self.state: State = unborn(clock.steady())
        self.told: Outcome = self.state.outcome
        self.since = clock.wall()
        self.runs: deque[Run] = deque(maxlen=RUNS_KEPT)
        self.memory: float | None = None

    def standing(self) -> Standing:
        """Return what holds now."""
        last = self.runs[-1] if self.runs else None
        return Standing(
            self.check,
            self.told,
            self.since,
            last.at if last else None,
            last.duration if last else None,
            trend(tuple(self.runs)),
            self.memory,
        )


class Board:
    """All components; written by the agent's thread alone, read by anybody."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._components: dict[str, Component] = {}
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._graph: dict[str, tuple[str, ...]] = {}
        self._order: list[str] | None = None

    def add(self, check: Check) -> None:
        """Add a component; raise `DuplicateName`."""
        if check.name in self._components:
            raise DuplicateName(f"component {check.name!r} is already registered")
        self._components[check.name] = Component(check, self._clock)
        self._graph = {**self._graph, check.name: check.depends}
        self._order = None

    def settle(self) -> None:
        """Order the dependencies; raise `UnknownDependency`, `DependencyCycle`."""
        self._order = checked_order(self._graph)

    def record(self, name: str, outcome: Outcome, duration: float, memory: float | None = None) -> None:
        """Take one outcome: step the component's state, then tell what changed for it and its dependants."""
        component = self._components[name]
        component.runs.append(Run(self._clock.wall(), duration, outcome.status, outcome.reason))
        component.memory = memory
        before = component.state.outcome
        component.state = stepped(component.state, outcome, self._clock.steady(), component.check.thresholds)
        if component.state.outcome != before or self._order is None:
            self._tell()

    def checks(self) -> list[Check]:
        """Return the checks in order of registration."""
        return [component.check for component in tuple(self._components.values())]

    def standings(self) -> list[Standing]:
        """Return what holds for each component."""
        return [component.standing() for component in tuple(self._components.values())]

    def standing(self, name: str) -> Standing | None:
        """Return what holds for one component; None when nobody registered it."""
        component = self._components.get(name)
        return component.standing() if component else None

    def events(self) -> list[Event]:
        """Return the last changes of status, oldest first."""
        return list(self._events)

    def runs(self) -> dict[str, list[Run]]:
        """Return the last 60 runs of each component, oldest first."""
        return {name: list(component.runs.copy()) for name, component in self._components.copy().items()}

    def _tell(self) -> None:
        if self._order is None:
            self.settle()
        own = {name: component.state.outcome for name, component in self._components.items()}
        for name, outcome in effective(self._graph, own, self._order or ()).items():
            self._tell_one(self._components[name], outcome)

    def _tell_one(self, component: Component, outcome: Outcome) -> None:
        before = component.told
        if before.status is not outcome.status:
            component.since = self._clock.wall()
            self._events.append(
                Event(component.since, component.check.name, before.status, outcome.status, outcome.reason)
            )
        component.told = outcome
