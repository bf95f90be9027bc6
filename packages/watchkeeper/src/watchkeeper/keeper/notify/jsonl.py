"""Alerts as JSON lines in a file that rotates by size: the first floor's channel."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from watchkeeper.keeper.notify.channel import Telling, document
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.linefile import LineFile


class JsonlChannel:
    """Append one line per telling; the line is on the disk (fsync) before `send` returns."""

    name = "jsonl"

    def __init__(self, path: Path, max_bytes: int = 16 << 20, keep: int = 4) -> None:
        self.path = path
        self._file = LineFile(path, max_bytes, keep)

    async def send(self, telling: Telling) -> None:
        line = msgspec.json.encode(document(telling)) + b"\n"
        try:
            # A thread, since a slow disk must not hold up the judging.
            await asyncio.to_thread(self._file.append, line)
        except OSError as error:
            raise ChannelError(f"{self.path}: {error}") from error
