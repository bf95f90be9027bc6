"""What keeps an alert from being told now."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.keeper.alerts.inhibition import Inhibitor
from watchkeeper.keeper.alerts.intervals import Interval, holds
from watchkeeper.keeper.alerts.routes import Terms
from watchkeeper.keeper.alerts.silences import Silences

Muted = tuple[tuple[str, ...], tuple[str, ...]]


class Muting:
    """Silences and inhibition for alerts, intervals for routes."""

    def __init__(
        self, silences: Silences, inhibitor: Inhibitor, intervals: Mapping[str, tuple[Interval, ...]]
    ) -> None:
        self.silences = silences
        self.inhibitor = inhibitor
        self._intervals = intervals

    def of(self, labels: Mapping[str, str], now: float) -> Muted:
        """Return (ids of silences, fingerprints of inhibiting alerts) that mute a label set."""
        inhibiting = self.inhibitor.inhibiting(labels, now)
        silencing = tuple(self.silences.muting(labels, now))
        return silencing, (inhibiting.fingerprint,) if inhibiting else ()

    def mutes(self, labels: Mapping[str, str], now: float) -> bool:
        """Return whether anything mutes a label set."""
        return self.inhibitor.inhibiting(labels, now) is not None or bool(self.silences.muting(labels, now))

    def by_time(self, terms: Terms, now: float) -> tuple[str, ...]:
        """Return the names of the intervals that mute a route now."""
        active = terms.active_intervals
        if active and not any(self._within(name, now) for name in active):
            return active
        return tuple(name for name in terms.mute_intervals if self._within(name, now))

    def _within(self, name: str, now: float) -> bool:
        return holds(self._intervals.get(name, ()), now)
