"""Which faults the demo can inject, when, at which bot's venue, and which component must notice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from fleet.wish import BOTS


class Notice(NamedTuple):
    """Who notices a fault: a component of a bot; how long it lasts; seconds allowed after its end.

    The seconds allowed are those of the component's own memory, and some for a slow machine.
    """

    bot: str
    component: str
    seconds: float = 8.0
    patience: float = 15.0

    @property
    def subject(self) -> str:
        """Return bot/component."""
        return f"{self.bot}/{self.component}"


NOTICED_BY = {
    "feed_drop": Notice("arbbot", "feed"),
    "feed_freeze": Notice("arbbot", "feed"),
    "feed_duplicate": Notice("arbbot", "feed"),
    "feed_gap": Notice("arbbot", "feed"),
    "feed_malformed": Notice("arbbot", "feed"),
    "rpc_slow": Notice("arbbot", "rpc"),
    "rpc_429": Notice("arbbot", "rpc"),
    "rpc_down": Notice("arbbot", "rpc"),
    "http_429": Notice("copybot", "api", 10.0, 30.0),
    "http_500": Notice("copybot", "wallet_monitor", 8.0, 30.0),
    "http_throttle": Notice("copybot", "api", 12.0, 30.0),
    "clob_restart": Notice("copybot", "executor", 20.0, 60.0),
    "clob_cancel_only": Notice("copybot", "executor", 20.0, 40.0),
    "clob_disabled": Notice("copybot", "executor", 20.0, 40.0),
    "order_lost": Notice("copybot", "executor", 20.0, 40.0),
    "order_slow": Notice("copybot", "executor", 20.0, 60.0),
    "ghost_fills": Notice("copybot", "executor", 15.0, 100.0),
    "late_fills": Notice("copybot", "positions", 15.0, 60.0),
    "market_silent": Notice("copybot", "scanner", 15.0, 30.0),
    "rtds_freeze": Notice("copybot", "wallet_monitor", 15.0, 30.0),
    "ws_close": Notice("copybot", "wallet_monitor", 8.0, 40.0),
    "ws_malformed": Notice("copybot", "wallet_monitor", 8.0, 30.0),
}
FIRST_AT, REST = 12.0, 12.0
FORM = re.compile(r"(?P<name>\w+)(@(?P<start>\d+(\.\d+)?))?(\+(?P<seconds>\d+(\.\d+)?))?", re.ASCII)


class FaultError(ValueError):
    """The fault script cannot be read; the text says what to write."""


class Injection(NamedTuple):
    """One fault: seconds after the start of the demo, and how long."""

    name: str
    start: float
    seconds: float


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """One injected fault and how the keeper told of it; seconds, None where it never did."""

    name: str
    component: str
    noticed_after: float | None
    recovered_after: float | None
    reason: str

    @property
    def well(self) -> bool:
        """Tell whether the component noticed and recovered."""
        return self.noticed_after is not None and self.recovered_after is not None

    def told(self) -> str:
        """Say how the fault was noticed."""
        if self.noticed_after is None:
            return f"{self.component}: never noticed"
        back = "never" if self.recovered_after is None else f"{self.recovered_after:.1f} s after its end"
        return f"{self.component}: noticed after {self.noticed_after:.1f} s ({self.reason}), recovered {back}"

    def as_json(self) -> dict[str, Any]:
        """Return it for DEMO_SUMMARY."""
        return asdict(self)


def names_for(bots: Sequence[str]) -> list[str]:
    """Return the faults that strike the venues of these bots."""
    return [name for name, notice in NOTICED_BY.items() if notice.bot in bots]


def read_faults(text: str, bots: Sequence[str] = BOTS) -> list[Injection]:
    """Read `name[@start][+seconds]`, separated by commas; `all` stands for every fault of these bots in turn.

    A start that is not given follows the fault before, with time to recover. Raises FaultError.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words == ["all"]:
        words = names_for(bots)
    plan: list[Injection] = []
    free = FIRST_AT
    for word in words:
        injection = read_fault(word, free, bots)
        plan.append(injection)
        free = injection.start + injection.seconds + REST
    return plan


def read_fault(word: str, start: float, bots: Sequence[str] = BOTS) -> Injection:
    """Read one fault."""
    match = FORM.fullmatch(word)
    if match is None or match["name"] not in names_for(bots):
        choices = ", ".join(names_for(bots))
        raise FaultError(f"unknown fault {word!r}: write name[@start][+seconds] or all; names: {choices}")
    seconds = match["seconds"] or NOTICED_BY[match["name"]].seconds
    return Injection(match["name"], float(match["start"] or start), float(seconds))


def seconds_needed(plan: list[Injection]) -> float:
    """Return how long the demo must run to see every fault come and go."""
    return max((row.start + row.seconds + REST for row in plan), default=0.0)
