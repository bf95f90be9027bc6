"""What an evaluation gives, and what is remembered of it until the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from watchkeeper.keeper.promql import Labels, Sample

from .alert import Alerts, RuleAlert
from .rule import Group, Rule

Health = Literal["unknown", "ok", "err"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that gave nothing, or a template that did not expand (`fatal` false)."""

    rule: str
    line: int
    error: str
    fatal: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one evaluation of a group gave at a time (milliseconds).

    `samples` are those that were handed to `append`, stale markers among them. `alerts` are all alerts of
    the group: pending, firing, and those resolved in the last fifteen minutes.
    """

    group: str
    at: int
    samples: tuple[Sample, ...]
    alerts: tuple[RuleAlert, ...]
    failures: tuple[Failure, ...]

    @property
    def firing(self) -> tuple[RuleAlert, ...]:
        """The alerts that fire."""
        return tuple(alert for alert in self.alerts if alert.state == "firing")


@dataclass(slots=True)
class RuleMemory:
    """What is known of one rule between evaluations; times in milliseconds, durations in seconds."""

    rule: Rule
    alerts: Alerts = field(default_factory=dict)
    written: frozenset[Labels] = frozenset()
    health: Health = "unknown"
    last_error: str = ""
    evaluated_at: int | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class GroupMemory:
    """What is known of a group between evaluations.

    `settling` counts the evaluations left in which restored alerts stay though they are not seen.
    """

    group: Group
    rules: list[RuleMemory]
    settling: int = 0
    evaluated_at: int | None = None
    seconds: float = 0.0
    iterations: int = 0
    missed: int = 0

    @classmethod
    def of(cls, group: Group) -> GroupMemory:
        """Return the memory of a group that was never evaluated."""
        return cls(group, [RuleMemory(rule) for rule in group.rules])

    @property
    def alerts(self) -> tuple[RuleAlert, ...]:
        """All alerts of the group."""
        return tuple(alert for memory in self.rules for alert in memory.alerts.values())


def carried(old: Sequence[GroupMemory], groups: Sequence[Group]) -> tuple[list[GroupMemory], set[Labels]]:
    """Return the memories of changed groups and the series that nobody writes any more.

    A rule keeps its alerts when its group keeps its name and file and the rule its name and labels.
    """
    before = {memory.group.key: memory for memory in old}
    fresh = []
    for group in groups:
        memory = GroupMemory.of(group)
        if group.key in before:
            _carry(before[group.key], memory)
        fresh.append(memory)
    kept = {labels for memory in fresh for rule in memory.rules for labels in rule.written}
    written = {labels for memory in old for rule in memory.rules for labels in rule.written}
    return fresh, written - kept


def _carry(old: GroupMemory, new: GroupMemory) -> None:
    left = list(old.rules)
    new.iterations, new.missed, new.settling = old.iterations, old.missed, old.settling
    for memory in new.rules:
        match = next((one for one in left if _same(one.rule, memory.rule)), None)
        if match is not None:
            left.remove(match)
            memory.alerts, memory.written = match.alerts, match.written


def _same(one: Rule, other: Rule) -> bool:
    return one.kind == other.kind and one.name == other.name and one.labels == other.labels
