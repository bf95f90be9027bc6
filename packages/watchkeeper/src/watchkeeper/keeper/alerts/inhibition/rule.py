"""One inhibition rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.keeper.alerts.matchers import Matchers, agree


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While a source fires, targets whose `equal` labels are the same are mute.

    An alert that matches both sides is not inhibited by another one that does, too; so an alert
    never inhibits itself. A label that is absent on both sides is equal.
    """

    source: Matchers = ()
    target: Matchers = ()
    equal: tuple[str, ...] = ()
    name: str = ""

    def is_source(self, labels: Mapping[str, str]) -> bool:
        return agree(self.source, labels)

    def is_target(self, labels: Mapping[str, str]) -> bool:
        return agree(self.target, labels)

    def shared(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Return the values that a source and a target must have in common."""
        return tuple(labels.get(name, "") for name in self.equal)
