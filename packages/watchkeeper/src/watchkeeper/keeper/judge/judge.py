"""Settle findings into standings, and say what flipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from watchkeeper.keeper.judge.finding import BAD, GONE, UNKNOWN, Finding, Flipped, Standing


class Judge:
    """One standing for each subject.

    `look` compares findings with the standings and returns the flips; `apply` takes note of a flip
    after it was written. So a flip that could not be written is found again at the next look.
    `latest` holds the findings of the last look by subject.
    """

    def __init__(self, standings: Mapping[str, Standing] = {}) -> None:
        self.standings = dict(standings)
        self.latest: dict[str, Finding] = {}
        self._pending: dict[str, float] = {}

    def look(self, now: float, findings: Iterable[Finding]) -> list[Flipped]:
        """Return the flips that the findings ask for; a subject without a finding is gone."""
        self.latest = {finding.subject: finding for finding in findings}
        settled = [self._settle(now, finding) for finding in self.latest.values()]
        gone = [self._gone(now, subject) for subject in self.standings if subject not in self.latest]
        return [flip for flip in settled if flip] + gone

    def apply(self, flip: Flipped) -> None:
        """Take note of a flip that has been written."""
        self._pending.pop(flip.subject, None)
        if flip.after == GONE:
            self.standings.pop(flip.subject, None)
            return
        self.standings[flip.subject] = Standing(flip.subject, flip.after, flip.at, flip.reason, flip.severity)

    def shown(self, now: float) -> list[Standing]:
        """Return what may honestly be said now: the standings, unknown where the last look was."""
        return [self._shown(standing, now) for standing in self.standings.values()]

    def _shown(self, standing: Standing, now: float) -> Standing:
        finding = self.latest.get(standing.subject)
        if finding is None:
            return replace(standing, state=UNKNOWN, since=now, reason="not looked at yet")
        if finding.state == UNKNOWN and standing.state != UNKNOWN:
            since = self._pending.get(standing.subject, now)
            return replace(standing, state=UNKNOWN, since=since, reason=finding.reason)
        if finding.state == standing.state and finding.reason:
            return replace(standing, reason=finding.reason)
        return standing

    def known(self, prefix: str) -> list[tuple[str, str]]:
        """Return (subject, severity) of the standings whose subject starts with a prefix."""
        return [(s.subject, s.severity) for s in self.standings.values() if s.subject.startswith(prefix)]

    def _settle(self, now: float, finding: Finding) -> Flipped | None:
        held = self.standings.get(finding.subject)
        before = held.state if held else ""
        if finding.state == before:
            self._pending.pop(finding.subject, None)
            return None
        if finding.state not in BAD and finding.state != UNKNOWN:
            self._pending.pop(finding.subject, None)
        elif not self._lasted(now, finding):
            return None if held else self._flip(now, finding, before, UNKNOWN)
        return self._flip(now, finding, before, finding.state)

    def _lasted(self, now: float, finding: Finding) -> bool:
        """Return whether a state has lasted its hold; a clock set back starts the hold again."""
        since = self._pending.setdefault(finding.subject, now)
        if since > now:
            since = self._pending[finding.subject] = now
        return now - since >= finding.hold

    @staticmethod
    def _flip(now: float, finding: Finding, before: str, after: str) -> Flipped:
        return Flipped(now, finding.subject, before, after, finding.reason, finding.severity)

    def _gone(self, now: float, subject: str) -> Flipped:
        held = self.standings[subject]
        return Flipped(now, subject, held.state, GONE, "no longer watched", held.severity)
