"""The escalations of all groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from watchkeeper.keeper.alerts.alerting import Additions
from watchkeeper.keeper.alerts.escalation import Act, Policy, Run, Situation, advance, begin
from watchkeeper.keeper.alerts.escalation.policy import Wait
from watchkeeper.keeper.alerts.escalation.run import ASK_AGAIN
from watchkeeper.keeper.alerts.labels import Pairs
from watchkeeper.keeper.alerts.matchers import agree


@dataclass(frozen=True, slots=True)
class Step:
    """A run after its turn, and what it asks for."""

    run: Run
    acts: list[Act]


class Escalations:
    """One run for each group that fires and that a policy is meant for."""

    def __init__(self, additions: Additions, runs: Iterable[Run] = ()) -> None:
        self._additions = additions
        self.runs = {run.group_key: run for run in runs if run.policy in additions.policies}

    def policy_of(self, firing: Iterable[Pairs]) -> Policy | None:
        """Return the policy of the first rule that any alert of a group matches."""
        sets = [dict(labels) for labels in firing]
        for matchers, name in self._additions.escalate:
            if any(agree(matchers, labels) for labels in sets):
                return self._additions.policies[name]
        return None

    def begin(self, ident: str, firing: Iterable[Pairs], now: float) -> Run | None:
        """Begin a run for a group that fires, unless it has one or none is meant for it."""
        if ident in self.runs or not self._additions.escalate:
            return None
        policy = self.policy_of(firing)
        if policy is None:
            return None
        self.runs[ident] = begin(ident, policy, now)
        return self.runs[ident]

    def end(self, ident: str) -> bool:
        """Forget the run of a group that is over; return whether there was one."""
        return self.runs.pop(ident, None) is not None

    def due(self) -> float | None:
        """Return when the next run must be looked at."""
        return min((run.wake_at for run in self.runs.values() if not run.done), default=None)

    def step(self, situations: Mapping[str, Situation], now: float) -> list[Step]:
        """Take the steps that are due; a group without a situation stands still."""
        found = []
        for ident, run in list(self.runs.items()):
            run = self.runs[ident] = set_back(run, self._additions.policies[run.policy], now)
            situation = situations.get(ident)
            if situation is None or run.done or run.wake_at > now:
                continue
            policy = self._additions.policies[run.policy]
            after, acts = advance(run, policy, self._additions.roster, situation, now)
            self.runs[ident] = after
            if after != run or acts:
                found.append(Step(after, acts))
        return found


def set_back(run: Run, policy: Policy, now: float) -> Run:
    """Return a run that waits no longer than its last step asked for: the clock may have been set back."""
    last = policy.steps[run.step - 1] if 0 < run.step <= len(policy.steps) else None
    nearest = now + (last.seconds if isinstance(last, Wait) else ASK_AGAIN)
    return replace(run, wake_at=nearest) if run.wake_at > nearest else run
