"""Rules and groups as they stand in a file. Times are milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from watchkeeper.keeper.promql import Expr, Labels

from .template import Template


@dataclass(frozen=True, slots=True)
class Text:
    """A label's or annotation's text and the template that it is, None where it is a plain text."""

    name: str
    text: str
    template: Template | None


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """Store the result of an expression under a new name; `labels` include those of the group."""

    name: str
    expr: str
    query: Expr
    labels: Labels
    line: int

    kind = "recording"


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """Raise an alert for each result of an expression that holds for `hold` milliseconds."""

    name: str
    expr: str
    query: Expr
    hold: int
    keep_firing: int
    labels: tuple[Text, ...]
    annotations: tuple[Text, ...]
    line: int

    kind = "alerting"


Rule = RecordingRule | AlertingRule


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after another at one interval.

    `interval` and `query_offset` are None where the file leaves them to the keeper; `limit` is the most
    series or alerts of one rule, 0 for no limit.
    """

    name: str
    file: str
    interval: int | None
    query_offset: int | None
    limit: int
    rules: tuple[Rule, ...]

    @property
    def key(self) -> str:
        """What tells this group from every other."""
        return f"{self.file};{self.name}"


@dataclass(frozen=True, slots=True)
class RuleFile:
    """What one file holds; `lint` are doubtful things that do not keep it from being used."""

    path: str
    groups: tuple[Group, ...]
    lint: tuple[Lint, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules in the order of the file."""
        return tuple(rule for group in self.groups for rule in group.rules)


@dataclass(frozen=True, slots=True)
class Lint:
    """A doubtful thing: its line and what is doubtful."""

    kind: Literal["duplicate-rules"]
    line: int
    text: str


def label_identity(rule: Rule) -> tuple[str, Labels]:
    """Return the name and the labels as written; two rules that share them write the same series."""
    if isinstance(rule, RecordingRule):
        return rule.name, rule.labels
    return rule.name, tuple((label.name, label.text) for label in rule.labels)
