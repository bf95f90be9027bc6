"""What must be written down: each value is one row to keep or to drop.

The dispatcher collects them in the order in which they came to be; whoever stores them writes them in
that order, in one transaction, before anybody acts on what the dispatcher asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from watchkeeper.keeper.alerts.acknowledgement import Acknowledgement
from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.escalation import Run
from watchkeeper.keeper.alerts.groups import Entry, Slot
from watchkeeper.keeper.alerts.labels import Pairs
from watchkeeper.keeper.alerts.silences import Silence

State = Literal["pending", "firing", "acknowledged", "resolved"]
PENDING: Final = "pending"
FIRING: Final = "firing"
ACKNOWLEDGED: Final = "acknowledged"
RESOLVED: Final = "resolved"


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert as it is kept: its state, since when, and when it was last told as firing.

    settled tells that it is over and that its groups are done with it.
    """

    alert: Alert
    state: State
    since: float
    told_at: float = 0.0
    settled: bool = False


@dataclass(frozen=True, slots=True)
class AlertKept:
    standing: Standing


@dataclass(frozen=True, slots=True)
class AlertDropped:
    labels: Pairs


@dataclass(frozen=True, slots=True)
class GroupKept:
    route_id: str
    labels: Pairs
    due: float
    flushed: bool


@dataclass(frozen=True, slots=True)
class GroupDropped:
    route_id: str
    labels: Pairs


@dataclass(frozen=True, slots=True)
class Logged:
    slot: Slot
    entry: Entry


@dataclass(frozen=True, slots=True)
class LogDropped:
    slot: Slot


@dataclass(frozen=True, slots=True)
class SilenceKept:
    silence: Silence


@dataclass(frozen=True, slots=True)
class SilenceDropped:
    id: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    acknowledgement: Acknowledgement


@dataclass(frozen=True, slots=True)
class AcknowledgementDropped:
    fingerprint: str


@dataclass(frozen=True, slots=True)
class RunKept:
    run: Run


@dataclass(frozen=True, slots=True)
class RunDropped:
    group_key: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an alert's timeline.

    kind is state (detail `before -> after`), told, acknowledged, unacknowledged or escalated.
    """

    at: float
    fingerprint: str
    kind: str
    detail: str
    who: str = ""


Change = (
    AlertKept
    | AlertDropped
    | GroupKept
    | GroupDropped
    | Logged
    | LogDropped
    | SilenceKept
    | SilenceDropped
    | Acknowledged
    | AcknowledgementDropped
    | RunKept
    | RunDropped
    | Event
)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the rows said at the start; at is when the last of them was written (Unix seconds).

    swept is when empty groups were last dropped, None where that is not known.
    """

    standings: tuple[Standing, ...] = ()
    groups: tuple[GroupKept, ...] = ()
    log: Mapping[Slot, Entry] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    runs: tuple[Run, ...] = ()
    at: float = 0.0
    swept: float | None = None
