"""Which bots, components and metrics no rule looks at.

A rule covers a series when one of its selectors selects it, directly or through a recording rule whose
result an alert reads; recording alone covers nothing, as nobody is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

from watchkeeper.keeper.promql import Labels, Matcher
from watchkeeper.keeper.promql.labels import NAME, value_of
from watchkeeper.keeper.promql.syntax import Selector

from .rule import AlertingRule, RecordingRule, Rule

# The parts of a family that count as the family.
_PARTS = ("_bucket", "_sum", "_count")
_BOT_LABELS = ("bot", "job")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is looked at and what is not, by name. A component is named `bot/component`."""

    bots: Mapping[str, bool]
    components: Mapping[str, bool]
    metrics: Mapping[str, bool]

    @property
    def gaps(self) -> dict[str, list[str]]:
        """The names that no rule covers, by kind."""
        kinds = {"bots": self.bots, "components": self.components, "metrics": self.metrics}
        return {
            kind: [name for name, covered in found.items() if not covered] for kind, found in kinds.items()
        }

    @property
    def complete(self) -> bool:
        """Whether nothing is left out."""
        return not any(self.gaps.values())


def coverage(rules: Iterable[Rule], series_labels: Iterable[Labels]) -> Coverage:
    """Compare rules with the series that exist; labels are sorted pairs with __name__ among them."""
    selectors = _selectors(list(rules))
    bots: dict[str, bool] = {}
    components: dict[str, bool] = {}
    metrics: dict[str, bool] = {}
    for labels in series_labels:
        if value_of(labels, NAME).startswith("ALERTS"):
            continue
        covered = any(selected(labels, selector) for selector in selectors)
        bot = next((value_of(labels, name) for name in _BOT_LABELS if value_of(labels, name)), "")
        _note(metrics, _family(value_of(labels, NAME)), covered)
        _note(bots, bot, covered)
        component = value_of(labels, "component")
        _note(components, f"{bot}/{component}" if component else "", covered)
    return Coverage(*(dict(sorted(found.items())) for found in (bots, components, metrics)))


def _note(found: dict[str, bool], name: str, covered: bool) -> None:
    if name:
        found[name] = found.get(name, False) or covered


def _family(name: str) -> str:
    part = next((part for part in _PARTS if name.endswith(part)), "")
    return name.removesuffix(part)


def selected(labels: Labels, selector: Sequence[Matcher]) -> bool:
    """Tell whether a selector selects a series."""
    return all(matcher.matches(value_of(labels, matcher.name)) for matcher in selector)


def selectors_of(expr: object) -> list[tuple[Matcher, ...]]:
    """Return the matchers of every selector in an expression, the metric's name among them."""
    if isinstance(expr, Selector):
        named = (Matcher(NAME, "=", expr.name),) if expr.name else ()
        return [(*named, *expr.matchers)]
    if isinstance(expr, tuple):
        return [found for item in expr for found in selectors_of(item)]
    if is_dataclass(expr):
        return [found for field in fields(expr) for found in selectors_of(getattr(expr, field.name))]
    return []


def _selectors(rules: list[Rule]) -> list[tuple[Matcher, ...]]:
    """Return what alerts look at, following recorded names to what they are made of."""
    recorded: dict[str, list[RecordingRule]] = {}
    for rule in rules:
        if isinstance(rule, RecordingRule):
            recorded.setdefault(rule.name, []).append(rule)
    found: list[tuple[Matcher, ...]] = []
    waiting: list[Rule] = [rule for rule in rules if isinstance(rule, AlertingRule)]
    seen: set[int] = set()
    while waiting:
        rule = waiting.pop()
        if id(rule) in seen:
            continue
        seen.add(id(rule))
        for selector in selectors_of(rule.query):
            found.append(selector)
            names = [matcher for matcher in selector if matcher.name == NAME]
            for name, makers in recorded.items():
                if names and all(matcher.matches(name) for matcher in names):
                    waiting += makers
    return found
