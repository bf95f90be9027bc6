"""When a run of outcomes becomes a change of state; pure, time is an argument.

Law: a worse state is entered after `failures` consecutive outcomes that are worse than the present state, and
then as bad as the mildest of them; a better one after `recoveries` consecutive better outcomes, and then as
good as the worst of them. Bad outcomes during the warm-up count for nothing.
"""

from dataclasses import dataclass, replace

from watchkeeper.agent.health.outcome import Outcome, Status


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Consecutive outcomes that change the state; `warmup` in seconds from the component's birth."""

    failures: int = 1
    recoveries: int = 1
    warmup: float = 0.0

    def __post_init__(self) -> None:
        if self.failures < 1 or self.recoveries < 1 or not self.warmup >= 0:
            raise ValueError(f"failures and recoveries are at least 1, warmup at least 0: {self}")


@dataclass(frozen=True, slots=True)
class State:
    """A component's own state, its dependencies left aside; times in seconds of one clock."""

    outcome: Outcome
    since: float
    born: float
    worse: tuple[Outcome, ...] = ()  # the present run of outcomes worse than the state
    better: tuple[Outcome, ...] = ()  # the present run of better ones


def unborn(now: float) -> State:
    """Return the state before the first outcome."""
    return State(Outcome(Status.UNKNOWN, "not checked yet"), since=now, born=now)


def stepped(state: State, outcome: Outcome, now: float, thresholds: Thresholds) -> State:
    """Return the state after one more outcome."""
    if outcome.status.rank == state.outcome.status.rank:
        return replace(state, outcome=outcome, worse=(), better=())
    if state.outcome.status is Status.UNKNOWN and outcome.status is Status.HEALTHY:
        return _entered(state, outcome, now)
    if outcome.status.rank > state.outcome.status.rank:
        return _worsened(state, outcome, now, thresholds)
    return _improved(state, outcome, now, thresholds)


def _worsened(state: State, outcome: Outcome, now: float, thresholds: Thresholds) -> State:
    if now - state.born < thresholds.warmup:
        return replace(state, worse=(), better=())
    run = (*state.worse, outcome)
    if len(run) < thresholds.failures:
        return replace(state, worse=run, better=())
    mildest = min(run, key=lambda one: one.status.rank)
    return _entered(state, outcome if outcome.status is mildest.status else mildest, now)


def _improved(state: State, outcome: Outcome, now: float, thresholds: Thresholds) -> State:
    run = (*state.better, outcome)
    if len(run) < thresholds.recoveries:
        return replace(state, better=run, worse=())
    worst = max(run, key=lambda one: one.status.rank)
    return _entered(state, outcome if outcome.status is worst.status else worst, now)


def _entered(state: State, outcome: Outcome, now: float) -> State:
    return State(outcome, since=now, born=state.born)
