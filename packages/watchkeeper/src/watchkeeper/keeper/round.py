"""One round of care: look, write the flips, raise or resolve alerts, tell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from watchkeeper.keeper.alerts import FIRING, Ledger, Turn
from watchkeeper.keeper.alerts.subject import with_bot
from watchkeeper.keeper.judge import Contact, Finding, Flipped, Judge
from watchkeeper.keeper.judge.targets import owners
from watchkeeper.keeper.memory import ALERT
from watchkeeper.keeper.store import Flip, Flips, StoreError

LOG = logging.getLogger("watchkeeper.judge")


class Telling(Protocol):
    """What the changes of alerts are handed to; the diary."""

    async def follow(self) -> None:
        """Hand on the alerts among the rows that were written since the last time."""

    async def unwritten(self, flip: Flip) -> None:
        """Hand on an alert whose row the disk refused."""


@dataclass(slots=True)
class Tally:
    """What is counted of the rounds."""

    rounds: int = 0
    flips: int = 0
    unwritten: int = 0


class Round:
    """Everything is compared with what the rows say, so a round after a crash does what is missing."""

    def __init__(
        self,
        findings: Callable[[list[Contact], Judge, float], list[Finding]],
        judge: Judge,
        ledger: Ledger,
        flips: Flips,
        telling: Telling,
    ) -> None:
        self._findings = findings
        self._judge = judge
        self._ledger = ledger
        self._flips = flips
        self._telling = telling
        self.tally = Tally()

    async def go(self, contacts: list[Contact], now: float) -> None:
        """Do one round; now is Unix seconds."""
        for flip in self._judge.look(now, self._findings(contacts, self._judge, now)):
            self._write(row_of(flip))
            self._judge.apply(flip)
        bots = owners(contacts)
        for turn in self._ledger.turns(self._standings()):
            await self._raise(turn, bots, now)
        await self._telling.follow()
        self.tally.rounds += 1

    def _standings(self) -> list[tuple[str, str, str, str]]:
        held = self._judge.standings.values()
        return [(one.subject, one.state, one.reason, one.severity) for one in held]

    async def _raise(self, turn: Turn, bots: Mapping[str, str], now: float) -> None:
        """Write an alert's change; where the disk refuses the row, tell it at once: silence is worse."""
        begins = turn.after == FIRING
        reason = with_bot(turn.subject, turn.reason, bots.get(turn.subject, "")) if begins else turn.reason
        flip = Flip(now, ALERT + turn.subject, turn.before, turn.after, reason, turn.severity)
        if not self._write(flip):
            await self._telling.unwritten(flip)
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
