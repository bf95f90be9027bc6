"""Everything that a configuration says of alerting, ready for use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from watchkeeper.keeper.alerts.escalation import Policy, Roster
from watchkeeper.keeper.alerts.groups import Integration, Pace
from watchkeeper.keeper.alerts.incidents import Correlation
from watchkeeper.keeper.alerts.inhibition import InhibitRule
from watchkeeper.keeper.alerts.intervals import Interval
from watchkeeper.keeper.alerts.labels import Pairs
from watchkeeper.keeper.alerts.matchers import Matchers
from watchkeeper.keeper.alerts.routes import Draft, Route, build

RESOLVE_TIMEOUT = 300.0


@dataclass(frozen=True, slots=True)
class IntegrationSettings:
    """One entry of a receiver, with the settings of `global` filled in where it has none."""

    integration: Integration
    settings: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Receiver:
    name: str
    integrations: tuple[IntegrationSettings, ...] = ()
    labels: Pairs = ()


@dataclass(frozen=True, slots=True)
class Environments:
    """Which alerts are production's; others go to the receiver `elsewhere` alone, or to nobody.

    An alert without the label is production's: better one page too many than one too few.
    """

    label: str = "environment"
    production: frozenset[str] = frozenset()
    elsewhere: str = ""

    def apart(self, labels: Mapping[str, str]) -> bool:
        """Return whether a label set is kept apart from production."""
        value = labels.get(self.label, "")
        return bool(self.production) and bool(value) and value not in self.production


@dataclass(frozen=True, slots=True)
class Additions:
    """What Alertmanager's configuration has no words for.

    channels are settings of ours by kind of channel, for each entry that does not say otherwise.
    """

    pace: Pace = field(default_factory=Pace)
    roster: Roster = field(default_factory=Roster)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    escalate: tuple[tuple[Matchers, str], ...] = ()
    correlation: Correlation = field(default_factory=Correlation)
    environments: Environments = field(default_factory=Environments)
    acknowledge_for: float | None = None
    channels: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alerting:
    """The frozen tree of alerting; lengths in seconds."""

    route: Route
    receivers: Mapping[str, Receiver]
    inhibit_rules: tuple[InhibitRule, ...] = ()
    intervals: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    resolve_timeout: float = RESOLVE_TIMEOUT
    additions: Additions = field(default_factory=Additions)
    original: str = ""

    def integrations(self, receiver: str) -> tuple[Integration, ...]:
        """Return what a receiver is made of; one that nobody knows is nothing."""
        known = self.receivers.get(receiver)
        return tuple(one.integration for one in known.integrations) if known else ()

    def routes(self, labels: Mapping[str, str]) -> list[Route]:
        """Return the routes of a label set; one kept apart from production has its own."""
        if self.additions.environments.apart(labels):
            elsewhere = self.additions.environments.elsewhere
            return [build(Draft(receiver=elsewhere), self.route, -1)] if elsewhere else []
        return self.route.match(labels)
