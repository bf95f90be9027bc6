"""One profile of a range of time, from those that were kept."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.agent.profiling.profile import Profile, merged
from watchkeeper.agent.profiling.reading import read
from watchkeeper.keeper.profiles.errors import NoProfile
from watchkeeper.keeper.profiles.shelf import ProfileShelf

# A day of minutes; more would take seconds of a core and tens of megabytes.
MOST_MERGED = 1440


@dataclass(frozen=True, slots=True)
class Range:
    """A bot and a time, in Unix seconds."""

    bot: str
    start: float
    end: float


def nanoseconds(seconds: float) -> int:
    """Return a time in nanoseconds, within what a row can hold."""
    return min(int(seconds * 1e9), 2**63 - 1)


def merged_range(shelf: ProfileShelf, range: Range) -> Profile:
    """Return the sum of the profiles that touch a range, at most a day of them, the newest.

    Profiles of other kinds than the newest one (of another version of the agent) are left out. Raises
    NoProfile.
    """
    bodies = shelf.bodies(range.bot, nanoseconds(range.start), nanoseconds(range.end), MOST_MERGED)
    profiles = [read(body) for body in bodies]
    if not profiles:
        raise NoProfile(f"no profile of {range.bot[:80]!r} was kept in this time")
    return merged(one for one in profiles if one.kinds == profiles[0].kinds)
