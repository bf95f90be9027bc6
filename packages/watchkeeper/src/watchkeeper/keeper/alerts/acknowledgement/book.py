"""Who has taken which alert on, since when, until when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One person's word on one alert; until None is until the alert is over (Unix seconds)."""

    fingerprint: str
    who: str
    at: float
    until: float | None = None
    note: str = ""

    def holds(self, now: float) -> bool:
        return self.until is None or now < self.until


class Acknowledgements:
    """The last acknowledgement of each alert."""

    def __init__(self, kept: Iterable[Acknowledgement] = ()) -> None:
        self._kept = {one.fingerprint: one for one in kept}

    def __iter__(self) -> Iterator[Acknowledgement]:
        return iter(self._kept.values())

    def of(self, fingerprint: str, now: float) -> Acknowledgement | None:
        """Return the acknowledgement that holds for an alert now."""
        one = self._kept.get(fingerprint)
        return one if one is not None and one.holds(now) else None

    def put(self, acknowledgement: Acknowledgement) -> None:
        self._kept[acknowledgement.fingerprint] = acknowledgement

    def withdraw(self, fingerprint: str) -> Acknowledgement | None:
        """Forget an acknowledgement and return it."""
        return self._kept.pop(fingerprint, None)

    def lapsed(self, now: float) -> list[Acknowledgement]:
        """Return those whose time has passed."""
        return [one for one in self._kept.values() if not one.holds(now)]

    def cover(self, fingerprints: Iterable[str], now: float) -> bool:
        """Return whether every alert of a set is acknowledged; of an empty set none is."""
        found = [self.of(one, now) for one in fingerprints]
        return bool(found) and all(found)
