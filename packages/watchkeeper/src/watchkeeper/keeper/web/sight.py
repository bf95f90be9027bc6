"""What the web room sees of the keeper; it changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from watchkeeper.keeper.alerts import FIRING
from watchkeeper.keeper.judge import Contact, Health, Judge, Overall
from watchkeeper.keeper.store import Flip, Flips, Labels, Matcher, Series, StoreStats


class Samples(Protocol):
    """The readable side of the store."""

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        """Return the matching series with their samples in [start, end]."""

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """Return the labels of the matching series that have samples in [start, end]."""

    def stats(self) -> StoreStats:
        """Count what is kept."""


Pages = Callable[[str, str], Awaitable[tuple[int, str, bytes]]]
"""(path, Accept header) -> (status, content type, body): the doors of the keeper's own agent."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Read-only access to what the keeper knows; times are Unix seconds.

    revision changes whenever a row was written, so that readers may keep what they read.
    """

    version: str
    started: float
    every: float
    now: Callable[[], float]
    samples: Samples
    flips: Flips
    judge: Judge
    contacts: Callable[[], list[Contact]]
    healths: Callable[[], Mapping[str, Health]]
    overall: Callable[[], Overall]
    own: Callable[[], Mapping[str, float]]
    revision: Callable[[], int]
    pages: Pages

    def scope(self, bot: str) -> list[Matcher]:
        """Return the matchers of a bot's series: those of its targets; none match an unknown bot."""
        mine = [contact for contact in self.contacts() if contact.bot == bot]
        jobs = sorted({contact.job for contact in mine})
        instances = sorted({contact.instance for contact in mine})
        return [alternatives("job", jobs), alternatives("instance", instances)]

    def recent(self, count: int, alerts: bool) -> list[Flip]:
        """Return the newest rows of alerts, or of everything else, newest first."""
        return self.flips.alerts(count) if alerts else self.flips.changes(count)

    def episodes(self, count: int) -> list[Flip]:
        """Return the rows of the newest episodes of alerts, newest first, each with the row it began with."""
        rows = self.recent(2 * count, alerts=True)
        oldest = {row.subject: row for row in rows}
        seen = Counter(row.subject for row in rows)
        headless = [subject for subject, row in oldest.items() if row.to_state != FIRING]
        return rows + [
            begun
            for subject in headless
            for begun in self.flips.of(subject, seen[subject] + 1)[seen[subject] :]
        ]


def alternatives(name: str, values: list[str]) -> Matcher:
    """Return a matcher for one of several exact values."""
    if len(values) == 1:
        return Matcher(name, "=", values[0])
    return Matcher(name, "=~", "|".join(escaped(value) for value in values) or "[^\\s\\S]")


def escaped(value: str) -> str:
    """Escape for RE2-like expressions, where re.escape would write too much."""
    return "".join("\\" + char if char in "\\.+*?()|[]{}^$" else char for char in value)
