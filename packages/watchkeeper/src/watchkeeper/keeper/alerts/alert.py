"""The alert value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from watchkeeper.keeper.alerts.fingerprints import fingerprint
from watchkeeper.keeper.alerts.labels import Pairs

Status = Literal["firing", "resolved"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. Times are Unix seconds.

    As kept, ends_at is the time at which it counts as resolved unless it is posted again, and
    `timed` tells that nobody but resolve_timeout set it. As told, ends_at is None while it fires.
    """

    labels: Pairs
    annotations: Pairs
    starts_at: float
    ends_at: float | None = None
    generator_url: str = ""
    updated_at: float = 0.0
    timed: bool = False

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.labels)

    @property
    def status(self) -> Status:
        """Return the state of an alert as told."""
        return "firing" if self.ends_at is None else "resolved"

    @property
    def severity(self) -> str:
        return dict(self.labels).get("severity", "none")

    @property
    def name(self) -> str:
        return dict(self.labels).get("alertname", "")

    def resolved(self, now: float) -> bool:
        """Return whether it is over at a Unix time."""
        return self.ends_at is not None and self.ends_at <= now

    def told(self, now: float) -> Alert:
        """Return it as people are told of it now."""
        if self.ends_at is None or self.resolved(now):
            return self
        return replace(self, ends_at=None)
