"""Who is on call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from watchkeeper.keeper.alerts.intervals import Interval
from watchkeeper.keeper.alerts.intervals.interval import moment


@dataclass(frozen=True, slots=True)
class Rotation:
    """People who take turns.

    A turn is so many days from `start`, handed over at a minute of the day on the clock of the
    location, so a change to summer time moves no handover. Each turn is one or more people. Where
    `during` is given, nobody of this rotation is on call outside of it.
    """

    turns: tuple[tuple[str, ...], ...]
    start: date
    days: int = 7
    handover: int = 0
    location: str = ""
    during: tuple[Interval, ...] = ()

    def on_call(self, at: float) -> tuple[str, ...]:
        """Return who is on call at a Unix time; nobody before the start."""
        if self.during and not any(interval.contains(at) for interval in self.during):
            return ()
        local = moment(at, self.location).replace(tzinfo=None) - timedelta(minutes=self.handover)
        elapsed = (local.date() - self.start).days
        return self.turns[elapsed // self.days % len(self.turns)] if elapsed >= 0 else ()


@dataclass(frozen=True, slots=True)
class Override:
    """People who stand in from one Unix time to another, the end exclusive."""

    start: float
    end: float
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Rotations in layers; a later one goes before the earlier, an override before all."""

    name: str
    layers: tuple[Rotation, ...]
    overrides: tuple[Override, ...] = ()

    def on_call(self, at: float) -> tuple[str, ...]:
        """Return who is on call at a Unix time."""
        for override in reversed(self.overrides):
            if override.start <= at < override.end:
                return override.people
        for layer in reversed(self.layers):
            people = layer.on_call(at)
            if people:
                return people
        return ()
