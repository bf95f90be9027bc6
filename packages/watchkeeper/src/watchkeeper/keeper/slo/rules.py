"""Rules as values, on their way to a rule file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Recording:
    record: str
    expr: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Alert:
    alert: str
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    hold: str = ""


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are evaluated together; without an interval at the engine's own."""

    name: str
    rules: tuple[Recording | Alert, ...]
    interval: str = ""
