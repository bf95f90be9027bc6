"""Which sources fire for each rule, found by the values of its `equal` labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.inhibition.rule import InhibitRule
from watchkeeper.keeper.alerts.labels import Pairs

Sources = dict[tuple[str, ...], dict[Pairs, Alert]]


class Inhibitor:
    """The sources of all rules; looking one up costs no walk over all alerts."""

    def __init__(self, rules: Sequence[InhibitRule]) -> None:
        self.rules = tuple(rules)
        self._sources: list[Sources] = [{} for _ in self.rules]

    def note(self, alert: Alert) -> None:
        """Take note of an alert as it is now."""
        labels = dict(alert.labels) if self.rules else {}
        for rule, sources in zip(self.rules, self._sources, strict=True):
            if rule.is_source(labels):
                sources.setdefault(rule.shared(labels), {})[alert.labels] = alert

    def forget(self, pairs: Pairs) -> None:
        """Forget an alert that is no longer kept."""
        labels = dict(pairs)
        for rule, sources in zip(self.rules, self._sources, strict=True):
            shared = rule.shared(labels)
            bucket = sources.get(shared, {})
            bucket.pop(pairs, None)
            if not bucket:
                sources.pop(shared, None)

    def inhibiting(self, labels: Mapping[str, str], now: float) -> Alert | None:
        """Return an alert that mutes a label set now, or None."""
        for rule, sources in zip(self.rules, self._sources, strict=True):
            if not rule.is_target(labels):
                continue
            both = rule.is_source(labels)
            for source in sources.get(rule.shared(labels), {}).values():
                if source.resolved(now) or (both and rule.is_target(dict(source.labels))):
                    continue
                return source
        return None
