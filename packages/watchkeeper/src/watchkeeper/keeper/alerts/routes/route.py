"""One node of the route tree.

Source of the rules: Alertmanager, dispatch/route.go and its table of cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from watchkeeper.keeper.alerts.labels import Pairs
from watchkeeper.keeper.alerts.matchers import Matchers, agree, matchers_text


@dataclass(frozen=True, slots=True)
class Terms:
    """What a route says of its groups; lengths in seconds; group_by None is by all labels."""

    receiver: str = ""
    group_by: frozenset[str] | None = frozenset()
    group_wait: float = 30.0
    group_interval: float = 300.0
    repeat_interval: float = 14400.0
    mute_intervals: tuple[str, ...] = ()
    active_intervals: tuple[str, ...] = ()


DEFAULTS = Terms()


@dataclass(frozen=True, slots=True)
class Draft:
    """A route as a configuration tells it; what is None is the parent's."""

    receiver: str | None = None
    group_by: frozenset[str] | None = None
    by_all: bool = False
    group_wait: float | None = None
    group_interval: float | None = None
    repeat_interval: float | None = None
    mute_intervals: tuple[str, ...] = ()
    active_intervals: tuple[str, ...] = ()
    matchers: Matchers = ()
    goes_on: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Draft, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A node that is ready for use: `key` names it in group keys, `id` is its own in the tree."""

    key: str
    id: str
    matchers: Matchers
    goes_on: bool
    terms: Terms
    labels: Mapping[str, str]
    children: tuple[Route, ...]

    def match(self, labels: Mapping[str, str]) -> list[Route]:
        """Return the routes of a label set, in the order of the tree; none where it does not match."""
        if not agree(self.matchers, labels):
            return []
        found: list[Route] = []
        for child in self.children:
            matched = child.match(labels)
            found += matched
            if matched and not child.goes_on:
                break
        return found or [self]

    def grouping(self, labels: Pairs) -> Pairs:
        """Return the labels that name an alert's group."""
        by = self.terms.group_by
        return labels if by is None else tuple(pair for pair in labels if pair[0] in by)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Route]]:
        """Return every node below with its depth, parents first."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def build(draft: Draft, parent: Route | None = None, place: int = 0) -> Route:
    """Make the tree of a draft; children inherit what they do not tell."""
    name = matchers_text(draft.matchers)
    key = f"{parent.key}/{name}" if parent else name
    own = f"{parent.id}/{name}/{place}" if parent else name
    labels = {**(parent.labels if parent else {}), **draft.labels}
    bare = Route(key, own, draft.matchers, draft.goes_on, terms(draft, parent), labels, ())
    children = tuple(build(child, bare, at) for at, child in enumerate(draft.children))
    return Route(key, own, draft.matchers, draft.goes_on, bare.terms, labels, children)


def terms(draft: Draft, parent: Route | None) -> Terms:
    """Return the terms of a draft; mute and active intervals are never inherited."""
    above = parent.terms if parent else DEFAULTS
    group_by = above.group_by if draft.group_by is None else draft.group_by
    return Terms(
        receiver=draft.receiver or above.receiver,
        group_by=None if draft.by_all else group_by,
        group_wait=above.group_wait if draft.group_wait is None else draft.group_wait,
        group_interval=above.group_interval if draft.group_interval is None else draft.group_interval,
        repeat_interval=above.repeat_interval if draft.repeat_interval is None else draft.repeat_interval,
        mute_intervals=draft.mute_intervals,
        active_intervals=draft.active_intervals,
    )
