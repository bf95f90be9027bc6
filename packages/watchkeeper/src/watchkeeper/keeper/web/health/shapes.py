"""The shapes of what is answered."""

from __future__ import annotations

import msgspec


class Spell(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of time in which a subject was in one state; Unix seconds and seconds.

    kind is component, silence or target; until is null while it lasts. A stretch that began before the
    range keeps its true beginning.
    """

    kind: str
    name: str
    state: str
    at: float
    until: float | None
    seconds: float
    reason: str
    severity: str


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How long a subject was in each state inside the range, and how often that changed."""

    kind: str
    name: str
    changes: int
    seconds: dict[str, float]


class PastTold(msgspec.Struct, frozen=True, kw_only=True):
    """The past of a bot: stretches oldest first, and the sums over them."""

    bot: str
    start: float
    end: float
    spells: list[Spell]
    shares: list[Share]
