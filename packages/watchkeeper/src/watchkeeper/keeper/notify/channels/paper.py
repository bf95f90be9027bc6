"""Channels that reach no network: the keeper's own log, and a file of JSON lines."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from watchkeeper.keeper.alerts.groups import ROW, Notification
from watchkeeper.keeper.notify.channels.sender import Voice
from watchkeeper.keeper.notify.channels.settings import ChannelSettings, Place
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.linefile import LineFile
from watchkeeper.keeper.notify.message import Told, View
from watchkeeper.keeper.notify.message.plain import line_of
from watchkeeper.keeper.notify.pace import Limit

LOG = logging.getLogger("watchkeeper.alerts")
FREE = Limit()


class LogSettings(ChannelSettings, frozen=True, kw_only=True):
    """An entry of the kind `log`."""


class JsonlSettings(ChannelSettings, frozen=True, kw_only=True):
    """An entry of the kind `jsonl`: where the lines go, relative to the data folder."""

    path: str = "alerts.jsonl"
    max_bytes: int = 16 << 20
    keep: int = 4


class LogSender:
    """Writes one line for each alert: an error while it fires, information when it is resolved."""

    kind = "log"
    width = 1

    def __init__(self, voice: Voice, timeout: float = 10.0, limit: Limit = FREE) -> None:
        self._voice = voice
        self.timeout = timeout
        self.limit = limit

    @classmethod
    def of(
        cls, settings: LogSettings, path: str, place: Place, voice: Voice, timeout: float, limit: Limit
    ) -> LogSender:
        """Return it from settings."""
        return cls(voice, timeout, limit)

    async def send(self, notification: Notification, key: str) -> None:
        view = self._voice.view(notification, key)
        for alert in view.alerts:
            level = logging.ERROR if alert.ends_at is None and not view.acknowledged else logging.INFO
            LOG.log(level, "alert %s", line_of(alert), extra={"fields": alert_line(view, alert)})


class JsonlSender:
    """Appends one line for each alert; they are on the disk (fsync) before it is done."""

    kind = "jsonl"
    width = 1

    def __init__(
        self, voice: Voice, path: Path, max_bytes: int = 16 << 20, keep: int = 4, timeout: float = 30.0,
        limit: Limit = FREE,
    ) -> None:  # fmt: skip
        self._voice = voice
        self._file = LineFile(path, max_bytes, keep)
        self.timeout = timeout
        self.limit = limit

    @classmethod
    def of(
        cls, settings: JsonlSettings, path: str, place: Place, voice: Voice, timeout: float, limit: Limit
    ) -> JsonlSender:
        """Return it from settings."""
        return cls(voice, place.data / settings.path, settings.max_bytes, settings.keep, timeout, limit)

    async def send(self, notification: Notification, key: str) -> None:
        view = self._voice.view(notification, key)
        lines = [msgspec.json.encode(alert_line(view, alert)) + b"\n" for alert in view.alerts]
        try:
            # A thread, since a slow disk must not hold up the judging.
            await asyncio.to_thread(self._file.append, b"".join(lines))
        except OSError as error:
            raise ChannelError(f"{self._file.path}: {error}") from error


def alert_line(view: View, alert: Told) -> dict[str, Any]:
    """Return one alert of a telling, ready for JSON; endsAt is null while it fires.

    One that tells of a row names it: the same row told twice is the same telling. Of others `key` does.
    """
    line = {
        "time": stamp(view.at),
        "status": alert.status,
        "fingerprint": alert.fingerprint,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": stamp(alert.starts_at),
        "endsAt": None if alert.ends_at is None else stamp(alert.ends_at),
    }
    if view.reason == ROW:
        return {**line, "row": view.row}
    of_group = {"receiver": view.receiver, "groupKey": view.group_key, "reason": view.reason, "key": view.key}
    return {**line, "generatorURL": alert.generator_url, **of_group}


def stamp(at: float) -> str:
    """Return a Unix time as RFC 3339 in UTC, in milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
