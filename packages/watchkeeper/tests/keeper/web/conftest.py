"""A keeper's sight made of plain values, for the web room's tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from watchkeeper.keeper.judge import Contact, Finding, Health, Judge, overall, read_health
from watchkeeper.keeper.store import Flip, Flips, Labels, Matcher, Series, StoreStats
from watchkeeper.keeper.web import Live, Sight

NOW = 1_700_000_000.0


class Shelf:
    """A store of a few series held in a dictionary."""

    def __init__(self) -> None:
        self.held: dict[Labels, tuple[list[int], list[float]]] = {}

    def put(self, labels: dict[str, str], points: Sequence[tuple[float, float]]) -> None:
        """Hold a series; points are (Unix seconds, value)."""
        key = tuple(sorted(labels.items()))
        self.held[key] = ([int(at * 1000) for at, _ in points], [value for _, value in points])

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        found = []
        for labels, (times, values) in sorted(self.held.items()):
            inside = [i for i, at in enumerate(times) if start_ms <= at <= end_ms]
            if inside and all(matches(dict(labels), one) for one in matchers):
                some = np.array([times[i] for i in inside], dtype=np.int64)
                found.append(Series(labels, some, np.array([values[i] for i in inside])))
        return found

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        return [series.labels for series in self.select(matchers, start_ms, end_ms)]

    def stats(self) -> StoreStats:
        numbers = dict.fromkeys(StoreStats.__dataclass_fields__, 0)
        return StoreStats(**(numbers | {"oldest": None, "newest": None, "last_error": None}))  # type: ignore[arg-type]


def matches(labels: dict[str, str], matcher: Matcher) -> bool:
    value = labels.get(matcher.name, "")
    if matcher.op == "!=":
        return value != matcher.value
    return (
        value in matcher.value.replace("\\", "").split("|") if matcher.op == "=~" else value == matcher.value
    )


class Scene:
    """What the sight shows, to be changed by a test."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.shelf = Shelf()
        self.flips = Flips.open(folder)
        self.judge = Judge()
        self.contacts = [Contact("arb", "h:1", "arbbot", True, NOW, 1.0, "", "http://h:1/metrics", 0.002, 50)]
        self.healths: dict[str, Health] = {}
        self.revision = 0

    def look(self, *findings: Finding) -> None:
        for flip in self.judge.look(self.now, findings):
            self.judge.apply(flip)
            self.flip(flip.subject, flip.before, flip.after, flip.reason, flip.severity)

    def flip(
        self, subject: str, before: str, after: str, reason: str = "", severity: str = "critical"
    ) -> None:
        self.flips.append(Flip(self.now, subject, before, after, reason, severity))
        self.revision += 1

    def says(self, bot: str, document: dict[str, object]) -> None:
        self.healths[bot] = read_health(bot, document, self.now)

    async def page(self, path: str, accept: str) -> tuple[int, str, bytes]:
        return 200, "text/plain", f"{path} {accept}".encode()

    def sight(self) -> Sight:
        return Sight(
            version="1",
            started=NOW - 60,
            every=1.0,
            now=lambda: self.now,
            samples=self.shelf,
            flips=self.flips,
            judge=self.judge,
            contacts=lambda: self.contacts,
            healths=lambda: self.healths,
            overall=lambda: overall(self.judge.shown(self.now), self.now),
            own=lambda: {"cpu_percent": 0.25, "memory_bytes": 5e7},
            revision=lambda: self.revision,
            pages=self.page,
        )

    def live(self) -> Live:
        return Live(self.sight())


@pytest.fixture
def scene(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Yield a scene with one bot on one target."""
    made = Scene(tmp_path)
    yield made
    made.flips.close()
