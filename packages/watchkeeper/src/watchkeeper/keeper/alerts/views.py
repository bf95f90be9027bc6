"""What may be shown of alerts and groups at a time."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.keeper.alerts.acknowledgement import Acknowledgement
from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.changes import State
from watchkeeper.keeper.alerts.labels import Pairs


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert with all that is known of it.

    suppressed_by are ids of silences, fingerprints of inhibiting alerts and names of intervals.
    """

    alert: Alert
    state: State
    since: float
    receivers: tuple[str, ...]
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    muted_by: tuple[str, ...] = ()
    acknowledgement: Acknowledgement | None = None

    @property
    def suppressed(self) -> bool:
        return bool(self.silenced_by or self.inhibited_by or self.muted_by)

    @property
    def status(self) -> str:
        """Return Alertmanager's word: unprocessed, active or suppressed."""
        if self.suppressed:
            return "suppressed"
        return "unprocessed" if self.state == "pending" else "active"


@dataclass(frozen=True, slots=True)
class EscalationView:
    """How far a group's escalation is.

    step is the place of the step that comes next, next_at its time: None where all steps were taken or
    where the run stands still, because people have taken the alerts on or something mutes them. told are
    the receivers that it has told.
    """

    policy: str
    steps: tuple[str, ...]
    step: int
    rounds: int
    started_at: float
    next_at: float | None
    done: bool
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group and its alerts; due is when it is looked at next (Unix seconds)."""

    key: str
    route_id: str
    route_labels: Pairs
    labels: Pairs
    receiver: str
    due: float
    alerts: tuple[AlertView, ...]
    escalation: EscalationView | None = None
