"""The shapes of what is answered."""

from __future__ import annotations

import msgspec

from watchkeeper.keeper.profiles import Flame, Paired


class ProfileRow(msgspec.Struct, frozen=True, kw_only=True):
    """One profile that is kept: Unix seconds, seconds, and the total of its main kind."""

    bot: str
    at: float
    seconds: float
    total: int
    bytes: int


class ProfileRows(msgspec.Struct, frozen=True, kw_only=True):
    """Profiles, newest first; failures says why the last fetch of a bot failed."""

    profiles: list[ProfileRow]
    failures: dict[str, str]


class FlameTold(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of a range; seconds is how much of it was profiled."""

    bot: str
    start: float
    end: float
    seconds: float
    kind: str
    unit: str
    root: Flame


class DiffTold(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of two ranges side by side, in amounts per second."""

    bot: str
    seconds: float
    base_seconds: float
    kind: str
    unit: str
    root: Paired
