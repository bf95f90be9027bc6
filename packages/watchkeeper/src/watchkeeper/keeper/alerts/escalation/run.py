"""One run through a policy for one group: (run, situation, now) -> (run, acts)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watchkeeper.keeper.alerts.escalation.policy import (
    Between,
    IfMore,
    NotifyChannel,
    NotifyNext,
    NotifyPeople,
    NotifySchedule,
    NotifyTeam,
    Policy,
    Repeat,
    Resolve,
    Roster,
    Step,
    Urgency,
    Wait,
    Webhook,
)

# How soon a condition that does not hold yet is asked again (seconds).
ASK_AGAIN = 30.0


@dataclass(frozen=True, slots=True)
class Run:
    """How far an escalation is: the step that comes next, and when (Unix seconds); whom it has told."""

    group_key: str
    policy: str
    started_at: float
    step: int = 0
    wake_at: float = 0.0
    rounds: int = 0
    queue: int = 0
    done: bool = False
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """What a run looks at: has somebody taken all on, and when the group's alerts began."""

    acknowledged: bool
    began: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell a receiver of the group, on behalf of people, if it is about people."""

    receiver: str
    urgency: str
    people: tuple[str, ...]
    step: int


@dataclass(frozen=True, slots=True)
class End:
    """End the alerts of the group."""

    step: int


Act = Tell | End


def begin(group_key: str, policy: Policy, now: float) -> Run:
    """Return a run that is about to take its first step."""
    return Run(group_key, policy.name, started_at=now, wake_at=now)


def advance(
    run: Run, policy: Policy, roster: Roster, situation: Situation, now: float
) -> tuple[Run, list[Act]]:
    """Take every step that is due; an acknowledged group stands still.

    A run that has taken its last step is done and stays so until its group is over.
    """
    acts: list[Act] = []
    while not run.done and not situation.acknowledged and run.wake_at <= now:
        if run.step >= len(policy.steps):
            return replace(run, done=True), acts
        step = policy.steps[run.step]
        more, fresh = taken(run, step, roster, now)
        if waits(step, situation, now):
            return replace(run, wake_at=now + ASK_AGAIN), acts
        acts += more
        run = heard(fresh, more)
    return run, acts


def heard(run: Run, acts: Sequence[Act]) -> Run:
    """Take note of the receivers that were told, who will be told of the end, too."""
    fresh = {act.receiver: None for act in acts if isinstance(act, Tell)}
    told = tuple(dict.fromkeys((*run.told, *fresh)))
    return run if told == run.told else replace(run, told=told)


def waits(step: Step, situation: Situation, now: float) -> bool:
    """Return whether a condition does not hold yet."""
    if isinstance(step, Between):
        return not any(interval.contains(now) for interval in step.intervals)
    if isinstance(step, IfMore):
        return sum(at > now - step.seconds for at in situation.began) <= step.alerts
    return False


def taken(run: Run, step: Step, roster: Roster, now: float) -> tuple[list[Act], Run]:
    """Return what a step does, and the run after it."""
    after = replace(run, step=run.step + 1)
    match step:
        case Wait(seconds):
            return [], replace(after, wake_at=now + seconds)
        case Repeat(times):
            again = run.rounds < times
            return [], replace(run, step=0, rounds=run.rounds + 1) if again else after
        case NotifyNext(people, urgency):
            turn = [people[run.queue % len(people)]]
            return told(roster, turn, urgency, run.step), replace(after, queue=run.queue + 1)
        case NotifyPeople() | NotifyTeam() | NotifySchedule():
            return told(roster, whom(step, roster, now), step.urgency, run.step), after
        case NotifyChannel(receiver) | Webhook(receiver):
            return [Tell(receiver, "default", (), run.step)], after
        case Resolve():
            return [End(run.step)], after
        case _:
            return [], after


def whom(step: NotifyPeople | NotifyTeam | NotifySchedule, roster: Roster, now: float) -> Sequence[str]:
    """Return the people that a step means now."""
    match step:
        case NotifyPeople(people):
            return people
        case NotifyTeam(team):
            return roster.teams.get(team, ())
        case NotifySchedule(name):
            schedule = roster.schedules.get(name)
            return schedule.on_call(now) if schedule else ()


def told(roster: Roster, people: Sequence[str], urgency: Urgency, step: int) -> list[Act]:
    ways = roster.receivers(people, urgency)
    return [Tell(receiver, urgency, whom, step) for receiver, whom in ways.items()]
