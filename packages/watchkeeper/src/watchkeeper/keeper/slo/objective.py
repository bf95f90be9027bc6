"""An objective: what share of events must be good over a period, and who is told when it is in danger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from watchkeeper.keeper.slo.indicator import Indicator
from watchkeeper.keeper.slo.windows import MONTH

PAGE: Final = "page"
TICKET: Final = "ticket"


@dataclass(frozen=True, slots=True)
class Told:
    """What one severity of alert carries; a disabled one is not written."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Alerting:
    """The alerts of an objective; what is said of both stands beside what is said of each."""

    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    page: Told = field(default_factory=Told)
    ticket: Told = field(default_factory=Told)

    def of(self, severity: str) -> Told:
        return self.page if severity == PAGE else self.ticket


@dataclass(frozen=True, slots=True)
class Guard:
    """What the long window of an alert must hold before it may fire; 0 asks for nothing.

    failures keeps one failed event in a quiet hour from paging, and lets an hour in which all of six
    events failed page; events asks for traffic, whatever became of it; minutes is the least bad time,
    for what cannot be counted, so that a short history with one bad moment does not page.
    """

    failures: int = 0
    events: int = 0
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class BurnPolicy:
    """An alert of its own: burning faster than `factor` over `window` seconds, for `hold` seconds."""

    name: str
    severity: str
    factor: float
    window: int
    hold: int = 0
    op: str = ">"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective; target is the percentage of good events, period its length in seconds.

    `by` are labels that every expression keeps, so that each value has a budget of its own. Where
    `rolling` is false the period follows the calendar of `zone`. `lean` lets the long windows be
    computed from the recorded short one, which costs a fraction; Sloth computes each from the raw series.
    How often the rules are looked at is `interval`, or that of the kind of group in `intervals`.
    """

    service: str
    name: str
    target: float
    indicator: Indicator
    description: str = ""
    period: int = MONTH
    labels: Mapping[str, str] = field(default_factory=dict)
    info: Mapping[str, str] = field(default_factory=dict)
    alerting: Alerting = field(default_factory=Alerting)
    guard: Guard = field(default_factory=Guard)
    policies: tuple[BurnPolicy, ...] = ()
    by: tuple[str, ...] = ()
    spec: str = "watchkeeper/v1"
    interval: str = ""
    intervals: Mapping[str, str] = field(default_factory=dict)
    correction: bool = False
    lean: bool = False
    rolling: bool = True
    calendar: str = ""
    zone: str = "UTC"
    checked: bool = True

    @property
    def id(self) -> str:
        return f"{self.service}-{self.name}"

    @property
    def budget(self) -> float:
        """Return the share of events that may be bad."""
        return (100 - self.target) / 100


def alert_name(name: str) -> str:
    """Return the alerts' name where the author gives none: of `feed-up` it is FeedUpBudgetBurns."""
    words = "".join(rune if rune.isalnum() else " " for rune in name).split()
    return "".join(word[:1].upper() + word[1:] for word in words) + "BudgetBurns"
