"""Put alerts together into incidents and name the likely cause."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.matchers import Matchers, agree


@dataclass(frozen=True, slots=True)
class Dependency:
    """What matches `effect` depends on what matches `cause`, where the `equal` labels are the same."""

    cause: Matchers
    effect: Matchers
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Correlation:
    """When two alerts are one incident.

    They share all `labels` (and have them), or a dependency joins them; and they began within
    `within` seconds of each other or of one that joins them.
    """

    labels: tuple[str, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    within: float = 900.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Alerts that belong together, the oldest first; cause explains most of the others.

    The id is the oldest alert's fingerprint, so it stays while that alert lasts.
    """

    id: str
    began: float
    cause: Alert
    alerts: tuple[Alert, ...]


def incidents(alerts: Iterable[Alert], rule: Correlation) -> list[Incident]:
    """Return the incidents of alerts that fire, the oldest first; an alert alone is one, too."""
    rows = sorted(alerts, key=lambda alert: (alert.starts_at, alert.labels))
    labels = [dict(row.labels) for row in rows]
    parent = list(range(len(rows)))
    causes = [0] * len(rows)
    for group in shared(rows, labels, rule):
        for one, other in pairwise(group):
            if rows[other].starts_at - rows[one].starts_at <= rule.within:
                join(parent, one, other)
    for cause, effect in depending(rows, labels, rule):
        join(parent, cause, effect)
        causes[cause] += 1
    members: dict[int, list[int]] = {}
    for place in range(len(rows)):
        members.setdefault(root(parent, place), []).append(place)
    return [incident(rows, causes, places) for places in members.values()]


def shared(rows: Sequence[Alert], labels: Sequence[dict[str, str]], rule: Correlation) -> list[list[int]]:
    """Return the places of alerts with the same values of the shared labels, the oldest first."""
    found: dict[tuple[str, ...], list[int]] = {}
    for place in range(len(rows)):
        values = values_of(labels[place], rule.labels)
        if values and all(values):
            found.setdefault(values, []).append(place)
    return list(found.values())


def depending(
    rows: Sequence[Alert], labels: Sequence[dict[str, str]], rule: Correlation
) -> list[tuple[int, int]]:
    """Return (cause, effect) for each effect of a dependency, with the cause that is nearest in time."""
    found = []
    for dependency in rule.dependencies:
        causes: dict[tuple[str, ...], list[int]] = {}
        for place in range(len(rows)):
            if agree(dependency.cause, labels[place]):
                causes.setdefault(values_of(labels[place], dependency.equal), []).append(place)
        for place in range(len(rows)):
            if agree(dependency.effect, labels[place]):
                among = causes.get(values_of(labels[place], dependency.equal), [])
                cause = nearest(rows, among, place, rule.within)
                found += [] if cause is None else [(cause, place)]
    return found


def values_of(labels: dict[str, str], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in names)


def nearest(rows: Sequence[Alert], causes: Sequence[int], effect: int, within: float) -> int | None:
    """Return the cause that began nearest to an effect, other than itself; causes are in order of time."""
    at = rows[effect].starts_at
    place = bisect_left(causes, at, key=lambda one: rows[one].starts_at)
    close = [one for one in causes[max(0, place - 2) : place + 2] if one != effect]
    best = min(close, key=lambda one: abs(rows[one].starts_at - at), default=None)
    return best if best is not None and abs(rows[best].starts_at - at) <= within else None


def incident(rows: Sequence[Alert], causes: Sequence[int], places: list[int]) -> Incident:
    chief = max(places, key=lambda place: (causes[place], -place))
    members = tuple(rows[place] for place in places)
    return Incident(members[0].fingerprint, members[0].starts_at, rows[chief], members)


def root(parent: list[int], place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


def join(parent: list[int], one: int, other: int) -> None:
    low, high = sorted((root(parent, one), root(parent, other)))
    parent[high] = low
