"""From one result of an alerting rule to the labels and annotations of its alert."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from watchkeeper.keeper.promql import Engine, Labels, PromqlError, Queryable, Sample
from watchkeeper.keeper.promql.labels import NAME, without
from watchkeeper.keeper.promql.labels import of as labels_of

from . import template
from .errors import RuleFailure
from .rule import AlertingRule, Text

ALERTNAME = "alertname"


@dataclass(frozen=True, slots=True)
class Origin:
    """What templates may say of the keeper: its external labels and its address."""

    labels: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Expansion:
    """The functions that templates have at one time, and whom to tell when one fails."""

    functions: Mapping[str, Callable[..., object]]
    origin: Origin
    failed: Callable[[str], None]

    def text(self, text: Text, labels: Mapping[str, str], value: float) -> str:
        """Expand one text; a failure stands in the text itself, as in Prometheus."""
        if text.template is None:
            return text.text
        data = {
            "Labels": labels,
            "ExternalLabels": dict(self.origin.labels),
            "ExternalURL": self.origin.url,
            "Value": value,
        }
        variables = {
            "$labels": labels,
            "$externalLabels": dict(self.origin.labels),
            "$externalURL": self.origin.url,
            "$value": value,
        }
        try:
            record = template.Record("template.alertTemplateData", data)
            return template.expand(text.template, record, variables, self.functions)
        except template.TemplateError as error:
            self.failed(f"{text.name}: {error}")
            return f"<error expanding template: {error}>"

    def alert(self, rule: AlertingRule, sample: Sample) -> tuple[Labels, Labels]:
        """Return the labels and annotations of the alert that a sample stands for."""
        given = dict(sample.labels)
        labels = dict(without(sample.labels, (NAME,)))
        labels.update({text.name: self.text(text, given, sample.value) for text in rule.labels})
        labels[ALERTNAME] = rule.name
        notes = {text.name: self.text(text, given, sample.value) for text in rule.annotations}
        return labels_of(labels), tuple(sorted(notes.items()))


def expansion(
    engine: Engine, store: Queryable, at: int, origin: Origin, failed: Callable[[str], None]
) -> Expansion:
    """Return the expansion at a time; `query` in templates asks the engine then."""

    def query(expr: str) -> list[tuple[dict[str, str], float]]:
        try:
            return [(dict(sample.labels), sample.value) for sample in vector(engine, store, expr, at)]
        except (PromqlError, RuleFailure) as error:
            raise template.TemplateFailure(str(error)) from error

    return Expansion(template.prometheus(query, origin.url, at), origin, failed)


def vector(engine: Engine, store: Queryable, query: object, at: int) -> list[Sample]:
    """Evaluate at one time; a scalar is one sample without labels. Raises PromqlError, RuleFailure."""
    result = engine.instant(store, query, at)  # type: ignore[arg-type]
    if result.type not in ("vector", "scalar"):
        raise RuleFailure("rule result is not a vector or scalar")
    return result.samples
