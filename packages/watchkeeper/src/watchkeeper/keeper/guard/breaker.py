"""The breaker: pressure and time in, a state out; pure.

Source of the numbers: the product's own promise (trip above 90 % of the processor or 85 % of the memory,
try each 60 s, recover below 72 % and 68 %, at most 3 tries, then by hand).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

Name = Literal["closed", "open", "locked"]
CLOSED: Final = "closed"
OPEN: Final = "open"
LOCKED: Final = "locked"


@dataclass(frozen=True, slots=True)
class Pressure:
    """How busy the machine is, in percent.

    stalled is the share of time in which every task waited for memory, 0 where the system does not tell.
    """

    cpu: float
    memory: float
    stalled: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Percentages at which the breaker trips and recovers; lengths in seconds; 0 never trips.

    hold is how long the pressure must last before it trips: a moment of work is no stress.
    """

    cpu_trip: float = 90.0
    memory_trip: float = 85.0
    stalled_trip: float = 50.0
    cpu_recover: float = 72.0
    memory_recover: float = 68.0
    stalled_recover: float = 20.0
    hold: float = 10.0
    retry: float = 60.0
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state, since when, why; tries failed since it opened; since when the pressure is too high."""

    name: Name = CLOSED
    since: float = 0.0
    reason: str = ""
    attempts: int = 0
    next_try: float = 0.0
    pressed_since: float | None = None

    @property
    def tripped(self) -> bool:
        return self.name != CLOSED


def step(breaker: Breaker, pressure: Pressure, now: float, limits: Limits) -> Breaker:
    """Return the breaker after one look at the pressure (now in Unix seconds)."""
    if breaker.name == CLOSED:
        return watch(breaker, pressure, now, limits)
    if breaker.name == OPEN and now >= breaker.next_try:
        return attempt(breaker, pressure, now, limits)
    return breaker


def watch(breaker: Breaker, pressure: Pressure, now: float, limits: Limits) -> Breaker:
    """Trip once the pressure has lasted; a clock set back begins the hold again."""
    why = over(pressure, limits)
    if not why:
        return replace(breaker, pressed_since=None)
    since = breaker.pressed_since
    if since is None or since > now:
        since = now
    if now - since < limits.hold:
        return replace(breaker, pressed_since=since)
    return Breaker(OPEN, now, why, 0, now + limits.retry)


def attempt(breaker: Breaker, pressure: Pressure, now: float, limits: Limits) -> Breaker:
    """Try to recover; after the last failed try only a person closes the breaker."""
    why = above(pressure, limits)
    if not why:
        return Breaker(CLOSED, now, "recovered")
    attempts = breaker.attempts + 1
    if attempts >= limits.attempts:
        text = f"{attempts} tries to recover failed, the last with {why}; reset it by hand"
        return Breaker(LOCKED, now, text, attempts)
    return replace(breaker, attempts=attempts, next_try=now + limits.retry)


def reset(breaker: Breaker, now: float, who: str) -> Breaker:
    """Close the breaker by somebody's word."""
    return Breaker(CLOSED, now, f"reset by {who}") if breaker.tripped else breaker


def over(pressure: Pressure, limits: Limits) -> str:
    """Return what is above its limit for tripping, empty for nothing."""
    return told(pressure, limits.cpu_trip, limits.memory_trip, limits.stalled_trip)


def above(pressure: Pressure, limits: Limits) -> str:
    """Return what is not below its limit for recovering, empty for nothing."""
    tiny = 1e-9  # below means below: the limit itself is not recovered
    return told(
        pressure, limits.cpu_recover - tiny, limits.memory_recover - tiny, limits.stalled_recover - tiny
    )


def told(pressure: Pressure, cpu: float, memory: float, stalled: float) -> str:
    looks = (
        ("processor", pressure.cpu, cpu),
        ("memory", pressure.memory, memory),
        ("waiting for memory", pressure.stalled, stalled),
    )
    return ", ".join(f"{what} {value:.0f} %" for what, value, limit in looks if limit > 0 and value > limit)
