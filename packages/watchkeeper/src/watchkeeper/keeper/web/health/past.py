"""From changes of state to stretches of time; pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from watchkeeper.keeper.judge.finding import GONE
from watchkeeper.keeper.store import Flip
from watchkeeper.keeper.web.health.shapes import Share, Spell

COLUMNS = ("kind", "name", "state", "at", "until", "seconds", "reason", "severity")


def spells_of(flips: Iterable[Flip], end: float) -> list[Spell]:
    """Return the stretches between the changes of each subject, oldest first; those that last end at `end`.

    flips come oldest first, also of several subjects, with times before `end`.
    """
    by_subject: dict[str, list[Flip]] = {}
    for flip in flips:
        by_subject.setdefault(flip.subject, []).append(flip)
    found = [spell for some in by_subject.values() for spell in of_one(some, end)]
    return sorted(found, key=lambda spell: spell.at)


def of_one(flips: list[Flip], end: float) -> Iterator[Spell]:
    """Yield the stretches of one subject; time in which it was not watched is none."""
    kind, name = split(flips[0].subject)
    for flip, after in zip(flips, [*flips[1:], None], strict=True):
        if flip.to_state != GONE:
            yield Spell(
                kind=kind,
                name=name,
                state=flip.to_state,
                at=flip.at,
                until=after.at if after else None,
                seconds=max(0.0, (after.at if after else end) - flip.at),
                reason=flip.reason,
                severity=flip.severity,
            )


def split(subject: str) -> tuple[str, str]:
    """Return kind and name of a subject such as `component/arbbot/feed` or `target/job/host:1`."""
    kind, _, rest = subject.partition("/")
    return kind, rest.partition("/")[2]


def shares_of(spells: Iterable[Spell], start: float, end: float) -> list[Share]:
    """Return how long each subject was in each state inside [start, end)."""
    seconds: dict[tuple[str, str], dict[str, float]] = {}
    changes: dict[tuple[str, str], int] = {}
    for spell in spells:
        key = (spell.kind, spell.name)
        until = end if spell.until is None else min(spell.until, end)
        states = seconds.setdefault(key, {})
        states[spell.state] = states.get(spell.state, 0.0) + max(0.0, until - max(spell.at, start))
        changes[key] = changes.get(key, 0) + (spell.at >= start)
    return [
        Share(kind=kind, name=name, changes=changes[kind, name], seconds=states)
        for (kind, name), states in sorted(seconds.items())
    ]


def as_csv(spells: Iterable[Spell]) -> str:
    """Return stretches as RFC 4180 with a line of names; `until` is empty while one lasts."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for spell in spells:
        row = [getattr(spell, column) for column in COLUMNS]
        writer.writerow([harmless(value) if isinstance(value, str) else value for value in row])
    return text.getvalue()


def harmless(value: str) -> str:
    """Return a text that a spreadsheet takes for no formula: reasons come from bots and their venues."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
