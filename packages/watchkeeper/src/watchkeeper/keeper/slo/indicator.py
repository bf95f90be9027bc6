"""Indicators: what share of the events of a window was bad, as a PromQL expression.

A window is written into a query in the place of `{{.window}}`, as in Sloth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from watchkeeper.keeper.slo.lengths import seconds

PLACE = re.compile(r"\{\{\s*\.window\s*\}\}")


def filled(query: str, window: str) -> str:
    """Return a query with the window in its places."""
    return PLACE.sub(window, query)


class Indicator(Protocol):
    """Any indicator."""

    def ratio(self, window: str) -> str:
        """Return the expression for the share of bad events over a window."""
        ...

    def bad_rate(self, window: str) -> str | None:
        """Return the expression for bad events per second, None where events cannot be counted."""
        ...

    def rate(self, window: str) -> str | None:
        """Return the expression for events per second, None where events cannot be counted."""
        ...


@dataclass(frozen=True, slots=True)
class Events:
    """Bad events over all events, by two queries."""

    bad: str
    total: str

    def ratio(self, window: str) -> str:
        return f"({filled(self.bad, window)})\n/\n({filled(self.total, window)})\n"

    def bad_rate(self, window: str) -> str | None:
        return per_second(self.bad, window)

    def rate(self, window: str) -> str | None:
        return per_second(self.total, window)


@dataclass(frozen=True, slots=True)
class Share:
    """The share of bad events by one query; events cannot be counted."""

    bad: str

    def ratio(self, window: str) -> str:
        return f"({filled(self.bad, window)})"

    def bad_rate(self, window: str) -> str | None:
        return None

    def rate(self, window: str) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class Counted:
    """Bad events over all events, by two queries of rates.

    A time without any event has no ratio rather than the NaN of nought over nought, which would spoil
    every sum over time. Where `sparse` holds, a label set without bad events has no bad series, and
    counts as having none; else a missing series is a mistake, and gives no ratio at all.
    """

    bad: str
    total: str
    sparse: bool = True

    def ratio(self, window: str) -> str:
        return f"({self.bad_rate(window)})\n/\n({self.rate(window)} > 0)\n"

    def bad_rate(self, window: str) -> str:
        bad = filled(self.bad, window)
        return f"{bad} or 0 * {self.rate(window)}" if self.sparse else bad

    def rate(self, window: str) -> str:
        return filled(self.total, window)


def per_second(query: str, window: str) -> str | None:
    """Return a query of rates as it stands, one of increases divided; None where neither is said."""
    if "rate(" in query:
        return filled(query, window)
    if "increase(" in query:
        return f"({filled(query, window)}) / {seconds(window)}"
    return None
