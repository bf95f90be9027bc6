"""One round of care: look, write the flips, raise or resolve alerts, tell."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from watchkeeper.keeper.alerts import Ledger, Notice, Turn, notices
from watchkeeper.keeper.judge import Contact, Finding, Flipped, Judge
from watchkeeper.keeper.notify import Delivery, Outbox, Telling
from watchkeeper.keeper.store import Flip, Flips, StoreError

LOG = logging.getLogger("watchkeeper.judge")

ALERT = "alert/"
STORY = 200


def owed(flips: Flips) -> Callable[[int, int], tuple[list[Telling], int]]:
    """Return what reads the tellings beyond a row."""

    def read(after: int, most: int) -> tuple[list[Telling], int]:
        rows = flips.after(after, most)
        tellings = [
            Telling(row, notice_of(flips, flip)) for row, flip in rows if flip.subject.startswith(ALERT)
        ]
        return tellings, rows[-1][0] if rows else after

    return read


def notice_of(flips: Flips, flip: Flip) -> Notice:
    """Return the notice of one alert row; a resolved one takes its start from the rows before it."""
    story = [row for row in flips.of(flip.subject, STORY)[::-1] if row.at <= flip.at and row != flip]
    return notices(plain(row) for row in [*story[-1:], flip])[-1]


def plain(flip: Flip) -> tuple[float, str, str, str, str]:
    return flip.at, flip.subject.removeprefix(ALERT), flip.to_state, flip.reason, flip.severity


@dataclass(slots=True)
class Tally:
    """What is counted of the rounds."""

    rounds: int = 0
    flips: int = 0
    unwritten: int = 0
    sent: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    def count(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            if delivery.error:
                self.failed[delivery.channel] = self.failed.get(delivery.channel, 0) + 1
            elif delivery.first:
                severity = delivery.telling.notice.alert.severity
                self.sent[severity] = self.sent.get(severity, 0) + 1


class Round:
    """Everything is compared with what the rows say, so a round after a crash does what is missing."""

    def __init__(
        self,
        findings: Callable[[list[Contact], Judge, float], list[Finding]],
        judge: Judge,
        ledger: Ledger,
        flips: Flips,
        outbox: Outbox,
    ) -> None:
        self._findings = findings
        self._judge = judge
        self._ledger = ledger
        self._flips = flips
        self._outbox = outbox
        self.tally = Tally()

    async def go(self, contacts: list[Contact], now: float, steady: float) -> None:
        """Do one round; now is Unix seconds, steady any clock that never steps."""
        for flip in self._judge.look(now, self._findings(contacts, self._judge, now)):
            self._write(row_of(flip))
            self._judge.apply(flip)
        for turn in self._ledger.turns(self._standings()):
            await self._raise(turn, now)
        deliveries = await self._outbox.deliver(steady)
        self.tally.count(deliveries)
        self.tally.rounds += 1

    def _standings(self) -> list[tuple[str, str, str, str]]:
        held = self._judge.standings.values()
        return [(one.subject, one.state, one.reason, one.severity) for one in held]

    async def _raise(self, turn: Turn, now: float) -> None:
        """Write an alert's change; where the disk refuses the row, tell it at once: silence is worse."""
        flip = Flip(now, ALERT + turn.subject, turn.before, turn.after, turn.reason, turn.severity)
        if not self._write(flip):
            telling = Telling(0, notices([plain(flip)])[0])
            self.tally.count(await self._outbox.direct(telling))
        self._ledger.apply(turn)

    def _write(self, flip: Flip) -> bool:
        """Write a row before anybody acts on it; a failing disk is counted and said, not fatal."""
        self.tally.flips += 1
        try:
            self._flips.append(flip)
        except StoreError as error:
            self.tally.unwritten += 1
            LOG.error("a change of %s could not be written: %s", flip.subject, error)
            return False
        level = logging.DEBUG if flip.subject.startswith(ALERT) else logging.INFO  # channels tell alerts
        reason = flip.reason.partition("\n")[0]  # what follows is for the notice alone
        LOG.log(level, "%s: %s -> %s %s", flip.subject, flip.from_state or "new", flip.to_state, reason)
        return True


def row_of(flip: Flipped) -> Flip:
    return Flip(flip.at, flip.subject, flip.before, flip.after, flip.reason, flip.severity)
