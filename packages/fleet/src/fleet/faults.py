"""Which faults the demo can inject, when, and which component must notice."""

from __future__ import annotations

import re
from typing import NamedTuple

NOTICED_BY = {
    "feed_drop": "feed",
    "feed_freeze": "feed",
    "feed_duplicate": "feed",
    "feed_gap": "feed",
    "feed_malformed": "feed",
    "rpc_slow": "rpc",
    "rpc_429": "rpc",
    "rpc_down": "rpc",
}
FIRST_AT, LASTING, REST = 12.0, 8.0, 12.0
FORM = re.compile(r"(?P<name>\w+)(@(?P<start>[\d.]+))?(\+(?P<seconds>[\d.]+))?")


class FaultError(ValueError):
    """The fault script cannot be read; the text says what to write."""


class Injection(NamedTuple):
    """One fault: seconds after the start of the demo, and how long."""

    name: str
    start: float
    seconds: float


def read_faults(text: str) -> list[Injection]:
    """Read `name[@start][+seconds]`, separated by commas; `all` stands for every fault in turn.

    A start that is not given follows the fault before, with time to recover. Raises FaultError.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words == ["all"]:
        words = list(NOTICED_BY)
    plan: list[Injection] = []
    free = FIRST_AT
    for word in words:
        injection = read_fault(word, free)
        plan.append(injection)
        free = injection.start + injection.seconds + REST
    return plan


def read_fault(word: str, start: float) -> Injection:
    """Read one fault."""
    match = FORM.fullmatch(word)
    if match is None or match["name"] not in NOTICED_BY:
        raise FaultError(
            f"unknown fault {word!r}: write name[@start][+seconds] or all; names: {', '.join(NOTICED_BY)}"
        )
    return Injection(match["name"], float(match["start"] or start), float(match["seconds"] or LASTING))


def seconds_needed(plan: list[Injection]) -> float:
    """Return how long the demo must run to see every fault come and go."""
    return max((row.start + row.seconds + REST for row in plan), default=0.0)
