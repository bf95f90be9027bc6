"""All silences that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from watchkeeper.keeper.alerts.errors import SilenceInvalid, SilenceUnknown
from watchkeeper.keeper.alerts.silences.silence import (
    ACTIVE,
    EXPIRED,
    PENDING,
    Silence,
    can_update,
    check_silence,
)

RETENTION = 120 * 3600.0
MOST = 100_000
# Label sets whose silences are remembered; beyond it they are found anew.
MOST_MEANT = 50_000


class Silences:
    """Silences by id; those that ended are kept for the retention (seconds) as history.

    Which silences are meant for a label set is found once for each pair of them: a silence never
    changes its matchers, and new ones come last. So a look at 10,000 alerts under 100 silences costs
    their states alone.
    """

    def __init__(self, kept: Iterable[Silence] = (), retention: float = RETENTION, most: int = MOST) -> None:
        self._kept = {silence.id: silence for silence in kept}
        self._retention = retention
        self._most = most
        self._order = list(self._kept)
        self._meant: dict[tuple[tuple[str, str], ...], tuple[int, tuple[str, ...]]] = {}

    def __iter__(self) -> Iterator[Silence]:
        return iter(self._kept.values())

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, id: str) -> Silence:
        """Return a silence; raise SilenceUnknown."""
        try:
            return self._kept[id]
        except KeyError:
            raise SilenceUnknown(f"no silence has the id {id!r}") from None

    def put(self, silence: Silence, now: float, fresh_id: str) -> list[Silence]:
        """Keep a silence and return every one that changed, the kept one last.

        A silence with an id changes that one where history stays true; else it ends the old one and
        becomes a new one under fresh_id. Raise SilenceInvalid or SilenceUnknown.
        """
        check_silence(silence)
        old = self.get(silence.id) if silence.id else None
        if old and can_update(old, silence, now):
            return self._keep(replace(silence, updated_at=now))
        if len(self._kept) >= self._most:
            raise SilenceInvalid(f"exceeded maximum number of silences: {self._most}")
        ended = self.expire(old.id, now) if old else []
        starts_at = max(silence.starts_at, now)
        return ended + self._keep(replace(silence, id=fresh_id, starts_at=starts_at, updated_at=now))

    def expire(self, id: str, now: float) -> list[Silence]:
        """End a silence now and return it; nothing where it had ended. Raise SilenceUnknown."""
        silence = self.get(id)
        state = silence.state(now)
        if state == EXPIRED:
            return []
        starts_at = now if state == PENDING else silence.starts_at
        return self._keep(replace(silence, starts_at=starts_at, ends_at=now, updated_at=now))

    def _keep(self, silence: Silence) -> list[Silence]:
        if silence.id not in self._kept:
            self._order.append(silence.id)
        self._kept[silence.id] = silence
        return [silence]

    def muting(self, labels: Mapping[str, str], now: float) -> list[str]:
        """Return the ids of the silences that mute a label set now, sorted."""
        meant = self._meant_for(labels) if self._order else ()
        return sorted(id for id in meant if self._kept[id].state(now) == ACTIVE)

    def meant_for(self, labels: Mapping[str, str]) -> list[Silence]:
        """Return the silences for a label set, whether they hold now or not, by their start."""
        found = [self._kept[id] for id in self._meant_for(labels)] if self._order else []
        return sorted(found, key=lambda one: one.starts_at)

    def _meant_for(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        key = tuple(labels.items())
        looked_at, meant = self._meant.get(key, (0, ()))
        if looked_at < len(self._order):
            fresh = [id for id in self._order[looked_at:] if self._kept[id].mutes(labels)]
            if len(self._meant) >= MOST_MEANT:
                self._meant.clear()
            meant = (*meant, *fresh)
            self._meant[key] = (len(self._order), meant)
        return meant

    def forget(self, now: float) -> list[str]:
        """Drop what ended longer ago than the retention; return the ids."""
        old = [id for id, silence in self._kept.items() if silence.ends_at + self._retention <= now]
        for id in old:
            del self._kept[id]
        if old:
            self._order = list(self._kept)
            self._meant.clear()
        return old
