"""What the rows say from before: standings and firing alerts, so that start is recovery."""

from __future__ import annotations

from watchkeeper.keeper.alerts import FIRING, Ledger
from watchkeeper.keeper.judge import Judge, Standing
from watchkeeper.keeper.judge.finding import GONE
from watchkeeper.keeper.store import Flips

ALERT = "alert/"


def recalled(flips: Flips) -> tuple[Judge, Ledger]:
    """Return the judge and the ledger as they were when the last row was written."""
    state = flips.state()
    standings = {
        subject: Standing(subject, flip.to_state, flip.at, flip.reason, flip.severity)
        for subject, flip in state.items()
        if not subject.startswith(ALERT) and flip.to_state != GONE
    }
    firing = {
        subject.removeprefix(ALERT): flip.severity
        for subject, flip in state.items()
        if subject.startswith(ALERT) and flip.to_state == FIRING
    }
    return Judge(standings), Ledger(firing)


def last_row(flips: Flips) -> int:
    """Return the number of the newest row, 0 where there is none."""
    row = 0
    while rows := flips.after(row, 1000):
        row = rows[-1][0]
    return row
