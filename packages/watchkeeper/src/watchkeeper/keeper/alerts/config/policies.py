"""People, teams, schedules and escalation policies of the section `watchkeeper`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from typing import cast

from watchkeeper.keeper.alerts.config.document import (
    Raw,
    fields,
    flag,
    length,
    mapping,
    nearest,
    rows,
    text,
    texts,
    whole,
)
from watchkeeper.keeper.alerts.config.routing import interval
from watchkeeper.keeper.alerts.errors import AlertingInvalid, IntervalInvalid
from watchkeeper.keeper.alerts.escalation import (
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
from watchkeeper.keeper.alerts.intervals import clock_minutes
from watchkeeper.keeper.alerts.intervals.interval import moment
from watchkeeper.keeper.alerts.intervals.reading import location
from watchkeeper.keeper.alerts.schedules import Override, Rotation, Schedule

# OnCall repeats a chain five times at most; more is a pager that never stops.
MOST_REPEATS = 5
NOTIFY = {
    "people": "texts",
    "team": "text",
    "schedule": "text",
    "channel": "text",
    "next_of": "texts",
    "urgency": "text",
}
ROTATION = {
    "turns": "any",
    "start": "text",
    "days": "int",
    "handover": "text",
    "location": "text",
    "during": "any",
}


def read_roster(path: str, found: Mapping[str, Raw], receivers: Collection[str]) -> Roster:
    """Read people, teams and schedules; whoever is named must exist. Raise AlertingInvalid."""
    people = {
        name: read_ways(f"{path}.people.{name}", raw, receivers)
        for name, raw in mapping(f"{path}.people", found.get("people") or {}).items()
    }
    teams = {
        name: texts(f"{path}.teams.{name}", raw)
        for name, raw in mapping(f"{path}.teams", found.get("teams") or {}).items()
    }
    for team, members in teams.items():
        known(f"{path}.teams.{team}", "person", members, people)
    schedules = [
        read_schedule(where, item, people)
        for where, item in rows(f"{path}.schedules", found.get("schedules"))
    ]
    return Roster(people, teams, {one.name: one for one in schedules})


def known(path: str, what: str, names: Iterable[str], among: Collection[str]) -> None:
    for name in names:
        if name not in among:
            raise AlertingInvalid(path, f'undefined {what} "{name}"; {nearest(name, among)}')


def read_ways(path: str, raw: Raw, receivers: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Read the receivers that reach a person, by urgency."""
    ways = fields(path, raw, {"default": "texts", "important": "texts"})
    for names in ways.values():
        known(path, "receiver", names, receivers)
    return ways


def read_schedule(path: str, raw: Raw, people: Collection[str]) -> Schedule:
    found = fields(path, raw, {"name": "text", "layers": "any", "overrides": "any"})
    if not found.get("name"):
        raise AlertingInvalid(f"{path}.name", "missing name in schedule")
    return Schedule(
        name=found["name"],
        layers=tuple(
            read_rotation(where, item, people) for where, item in rows(f"{path}.layers", found.get("layers"))
        ),
        overrides=tuple(
            read_override(where, item, people)
            for where, item in rows(f"{path}.overrides", found.get("overrides"))
        ),
    )


def read_rotation(path: str, raw: Raw, people: Collection[str]) -> Rotation:
    found = fields(path, raw, ROTATION)
    turns = tuple(
        (item,) if isinstance(item, str) else texts(where, item)
        for where, item in rows(f"{path}.turns", found.get("turns"))
    )
    if not turns or not all(turns):
        raise AlertingInvalid(f"{path}.turns", "a rotation needs people")
    known(f"{path}.turns", "person", (one for turn in turns for one in turn), people)
    days = found.get("days", 7)
    if days < 1:
        raise AlertingInvalid(f"{path}.days", "a turn lasts one day at least")
    try:
        return Rotation(
            turns=turns,
            start=date.fromisoformat(found.get("start", "1970-01-05")),
            days=days,
            handover=clock_minutes(found.get("handover", "00:00")),
            location=location(found.get("location")),
            during=tuple(interval(where, one) for where, one in rows(f"{path}.during", found.get("during"))),
        )
    except (ValueError, IntervalInvalid) as error:
        raise AlertingInvalid(path, str(error)) from None


def read_override(path: str, raw: Raw, people: Collection[str]) -> Override:
    found = fields(path, raw, {"start": "text", "end": "text", "people": "texts"})
    known(f"{path}.people", "person", found.get("people", ()), people)
    try:
        start, end = (instant(found.get(key, "")) for key in ("start", "end"))
    except ValueError as error:
        raise AlertingInvalid(path, f"expected start and end as RFC 3339: {error}") from None
    if end <= start:
        raise AlertingInvalid(f"{path}.end", "end must be after start")
    return Override(start, end, found.get("people", ()))


def instant(word: str) -> float:
    """Return the Unix time of an RFC 3339 text; without an offset it is UTC."""
    at = datetime.fromisoformat(word)
    return (at if at.tzinfo else at.replace(tzinfo=moment(0).tzinfo)).timestamp()


def read_policy(path: str, raw: Raw, roster: Roster, receivers: Collection[str]) -> tuple[str, Policy]:
    """Read a policy; whoever its steps name must exist. Raise AlertingInvalid."""
    found = fields(path, raw, {"name": "text", "steps": "any"})
    name = found.get("name", "")
    if not name:
        raise AlertingInvalid(f"{path}.name", "missing name in policy")
    steps = tuple(
        read_step(where, item, roster, receivers) for where, item in rows(f"{path}.steps", found.get("steps"))
    )
    waits = any(isinstance(step, Wait) and step.seconds > 0 for step in steps)
    if any(isinstance(step, Repeat) for step in steps) and not waits:
        raise AlertingInvalid(f"{path}.steps", "a policy that repeats must wait somewhere")
    return name, Policy(name, steps)


def read_step(path: str, raw: Raw, roster: Roster, receivers: Collection[str]) -> Step:
    told = {"resolve": "true"} if raw == "resolve" else mapping(path, raw)
    if len(told) != 1:
        raise AlertingInvalid(path, "a step is one key: " + ", ".join(sorted([*STEPS, "notify", "webhook"])))
    key, value = next(iter(told.items()))
    where = f"{path}.{key}"
    if key == "notify":
        return read_notify(where, value, roster, receivers)
    if key == "webhook":
        known(where, "receiver", [text(where, value)], receivers)
        return Webhook(value)
    if key not in STEPS:
        raise AlertingInvalid(where, f"unknown step; {nearest(key, [*STEPS, 'notify', 'webhook'])}")
    return STEPS[key](where, value)


def read_notify(path: str, raw: Raw, roster: Roster, receivers: Collection[str]) -> Step:
    found = fields(path, raw, NOTIFY)
    urgency = found.pop("urgency", "default")
    if urgency not in ("default", "important"):
        raise AlertingInvalid(f"{path}.urgency", "expected default or important")
    urgent = cast(Urgency, urgency)
    if len(found) != 1:
        raise AlertingInvalid(path, "name one of people, team, schedule, channel, next_of")
    key, value = next(iter(found.items()))
    if key in ("people", "next_of"):
        if not value:
            raise AlertingInvalid(f"{path}.{key}", "nobody is named")
        known(f"{path}.{key}", "person", value, roster.people)
        return NotifyPeople(value, urgent) if key == "people" else NotifyNext(value, urgent)
    among: Collection[str] = {"team": roster.teams, "schedule": roster.schedules, "channel": receivers}[key]
    known(f"{path}.{key}", "receiver" if key == "channel" else key, [value], among)
    if key == "team":
        return NotifyTeam(value, urgent)
    return NotifySchedule(value, urgent) if key == "schedule" else NotifyChannel(value)


def read_between(path: str, raw: Raw) -> Step:
    """Read `{start_time, end_time}` or whole intervals."""
    if isinstance(raw, dict) and "start_time" in raw:
        times = {key: raw[key] for key in ("start_time", "end_time") if key in raw}
        rest = {key: value for key, value in raw.items() if key not in times}
        return Between((interval(path, {**rest, "times": [times]}),))
    return Between(tuple(interval(where, one) for where, one in rows(path, raw)))


def read_if_more(path: str, raw: Raw) -> Step:
    found = fields(path, raw, {"alerts": "int", "within": "length"})
    if "alerts" not in found or not found.get("within"):
        raise AlertingInvalid(path, "both alerts and within must be told")
    return IfMore(found["alerts"], found["within"])


def read_resolve(path: str, raw: Raw) -> Step:
    if not flag(path, raw):
        raise AlertingInvalid(path, "leave the step out instead")
    return Resolve()


def read_repeat(path: str, raw: Raw) -> Step:
    times = whole(path, raw)
    if not 1 <= times <= MOST_REPEATS:
        raise AlertingInvalid(path, f"expected 1 to {MOST_REPEATS} times")
    return Repeat(times)


STEPS: dict[str, Callable[[str, Raw], Step]] = {
    "wait": lambda path, raw: Wait(length(path, raw)),
    "only_between": read_between,
    "only_if_more": read_if_more,
    "resolve": read_resolve,
    "repeat": read_repeat,
}
