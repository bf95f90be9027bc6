"""Which alerts fire, and what a subject's new standing changes in that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

FIRING: Final = "firing"
RESOLVED: Final = "resolved"

BAD = frozenset({"unhealthy", "down"})
# Not knowing changes nothing: an alert that fires goes on, one that does not is not raised.
UNDECIDED = frozenset({"unknown"})


@dataclass(frozen=True, slots=True)
class Turn:
    """One change of an alert: it fires or resolves."""

    subject: str
    before: str
    after: str
    reason: str
    severity: str


class Ledger:
    """The subjects whose alerts fire, each with its severity.

    It compares what is with what should be, so it can be asked again after a crash at any point
    and gives the changes that are still missing.
    """

    def __init__(self, firing: Mapping[str, str] = {}) -> None:
        self.firing = dict(firing)

    def turns(self, standings: Iterable[tuple[str, str, str, str]]) -> list[Turn]:
        """Return the changes that make the alerts follow the standings, without applying them.

        Each standing is (subject, state, reason, severity); a subject that fires and is not among
        them is gone, and its alert resolves.
        """
        seen = set()
        found = []
        for subject, state, reason, severity in standings:
            seen.add(subject)
            turn = self.turn(subject, state, reason, severity)
            if turn:
                found.append(turn)
        gone = [subject for subject in self.firing if subject not in seen]
        found += [self.resolve(subject, "no longer watched") for subject in gone]
        return found

    def turn(self, subject: str, state: str, reason: str, severity: str) -> Turn | None:
        """Return the change that one standing asks for, or None."""
        if state in UNDECIDED:
            return None
        if state in BAD and subject not in self.firing:
            return Turn(subject, RESOLVED, FIRING, reason, severity)
        if state not in BAD and subject in self.firing:
            return self.resolve(subject, reason)
        return None

    def resolve(self, subject: str, reason: str) -> Turn:
        return Turn(subject, FIRING, RESOLVED, reason, self.firing[subject])

    def apply(self, turn: Turn) -> None:
        """Take note of a change that has been written."""
        if turn.after == FIRING:
            self.firing[turn.subject] = turn.severity
        else:
            self.firing.pop(turn.subject, None)
