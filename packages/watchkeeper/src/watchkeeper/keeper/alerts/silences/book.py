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


class Silences:
    """Silences by id; those that ended are kept for the retention (seconds) as history."""

    def __init__(self, kept: Iterable[Silence] = (), retention: float = RETENTION, most: int = MOST) -> None:
        self._kept = {silence.id: silence for silence in kept}
        self._retention = retention
        self._most = most

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
        self._kept[silence.id] = silence
        return [silence]

    def muting(self, labels: Mapping[str, str], now: float) -> list[str]:
        """Return the ids of the silences that mute a label set now, sorted."""
        return sorted(
            silence.id
            for silence in self._kept.values()
            if silence.state(now) == ACTIVE and silence.mutes(labels)
        )

    def forget(self, now: float) -> list[str]:
        """Drop what ended longer ago than the retention; return the ids."""
        old = [id for id, silence in self._kept.items() if silence.ends_at + self._retention <= now]
        for id in old:
            del self._kept[id]
        return old
