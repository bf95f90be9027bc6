"""From the rows of alert changes to what channels tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watchkeeper.keeper.alerts.alert import Alert, Status
from watchkeeper.keeper.alerts.ledger import FIRING
from watchkeeper.keeper.alerts.subject import annotations_of, bot_of, labels_of


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell: an alert as it stands after the change made at `at` (Unix seconds)."""

    at: float
    subject: str
    alert: Alert

    @property
    def status(self) -> Status:
        return self.alert.status


def notices(rows: Iterable[tuple[float, str, str, str, str]]) -> list[Notice]:
    """Return one notice for each row, in the order of the rows, oldest first.

    Each row is (at, subject, state after, reason, severity). A resolved notice carries the start of
    the firing row before it; where that row is no longer kept, its own time.
    """
    started: dict[str, tuple[float, str]] = {}
    found = []
    for at, subject, after, reason, severity in rows:
        if after == FIRING:
            started[subject] = (at, reason)
            found.append(notice(at, subject, severity, at, None, reason))
        else:
            start, cause = started.pop(subject, (at, reason))
            found.append(notice(at, subject, severity, start, at, reason, cause))
    return found


def notice(
    at: float, subject: str, severity: str, start: float, end: float | None, reason: str, cause: str = ""
) -> Notice:
    """Return the notice of one change; cause is the reason it fired with, told again on resolve."""
    annotations = annotations_of(subject, cause or reason)
    if end is not None:
        annotations["resolved_by"] = reason
    labels = labels_of(subject, severity, bot_of(subject, cause or reason))
    return Notice(at, subject, Alert(labels, tuple(sorted(annotations.items())), start, end))
