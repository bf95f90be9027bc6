"""The steps of a policy in words, for people who look."""

from __future__ import annotations

from collections.abc import Iterable

from watchkeeper.keeper.alerts.escalation.policy import (
    Between,
    IfMore,
    NotifyChannel,
    NotifyNext,
    NotifyPeople,
    NotifySchedule,
    NotifyTeam,
    Repeat,
    Resolve,
    Step,
    Urgency,
    Wait,
    Webhook,
)


def step_words(step: Step) -> str:
    """Return what a step does, as a phrase."""
    match step:
        case NotifyPeople() | NotifyTeam() | NotifySchedule() | NotifyNext() | NotifyChannel() | Webhook():
            return telling_words(step)
        case Wait(seconds):
            return f"wait {length(seconds)}"
        case Between():
            return "go on within the hours that are set"
        case IfMore(alerts, seconds):
            return f"go on once more than {alerts} alerts began within {length(seconds)}"
        case Resolve():
            return "end the alerts"
        case Repeat(times):
            return f"begin anew, at most {times} times"


def telling_words(
    step: NotifyPeople | NotifyTeam | NotifySchedule | NotifyNext | NotifyChannel | Webhook,
) -> str:
    """Return whom a step tells."""
    match step:
        case NotifyPeople(people, urgency):
            return f"tell {either(people, 'and')}{pressing(urgency)}"
        case NotifyTeam(team, urgency):
            return f"tell the team {team}{pressing(urgency)}"
        case NotifySchedule(schedule, urgency):
            return f"tell who is on call in {schedule}{pressing(urgency)}"
        case NotifyNext(people, urgency):
            return f"tell the next of {either(people, 'or')}{pressing(urgency)}"
        case NotifyChannel(receiver):
            return f"tell {receiver}"
        case Webhook(receiver):
            return f"call the webhook {receiver}"


def either(names: Iterable[str], word: str) -> str:
    """Return names as people list them."""
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last


def pressing(urgency: Urgency) -> str:
    return ", important" if urgency == "important" else ""


def length(seconds: float) -> str:
    """Return a length of time: `1 h 30 m`, `45 s`."""
    whole = round(seconds)
    parts = ((whole // 3600, "h"), (whole // 60 % 60, "m"), (whole % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or f"{seconds:g} s"
