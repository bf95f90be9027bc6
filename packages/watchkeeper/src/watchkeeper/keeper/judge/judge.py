"""Settle findings into standings, and say what flipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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

    def known(self, prefix: str) -> list[tuple[str, str]]:
        """Return (subject, severity) of the standings whose subject starts with a prefix."""
        return [(s.subject, s.severity) for s in self.standings.values() if s.subject.startswith(prefix)]

    def _settle(self, now: float, finding: Finding) -> Flipped | None:
        held = self.standings.get(finding.subject)
        before = held.state if held else ""
        if finding.state == before:
            self._pending.pop(finding.subject, None)
            return None
        if finding.state in BAD and not self._lasted(now, finding):
            return None if held else self._flip(now, finding, before, UNKNOWN)
        if finding.state not in BAD:
            self._pending.pop(finding.subject, None)
        return self._flip(now, finding, before, finding.state)

    def _lasted(self, now: float, finding: Finding) -> bool:
        """Return whether a bad state has lasted its hold. A clock set back starts the hold again."""
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
