"""Alerts as JSON lines in a file that rotates by size."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec

from watchkeeper.keeper.notify.channel import ChannelError, Telling, document


class JsonlChannel:
    """Append one line per telling; the line is on the disk (fsync) before `send` returns.

    When the file would pass max_bytes it becomes `<name>.1`, the older ones move up, and beyond
    `keep` old files the oldest is removed. A line cut short by a crash is closed by a newline.
    """

    name = "jsonl"

    def __init__(self, path: Path, max_bytes: int = 16 << 20, keep: int = 4) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._keep = keep

    async def send(self, telling: Telling) -> None:
        line = msgspec.json.encode(document(telling)) + b"\n"
        try:
            # A thread, since a slow disk must not hold up the judging.
            await asyncio.to_thread(self._write, line)
        except OSError as error:
            raise ChannelError(f"{self.path}: {error}") from error

    def _write(self, line: bytes) -> None:
        self._rotate(len(line))
        with self.path.open("ab+") as file:
            file.write(self._mend(file.tell(), line))
            file.flush()
            os.fsync(file.fileno())

    def _mend(self, size: int, line: bytes) -> bytes:
        """Return the line, after a newline where a crash left the last one unfinished."""
        if size == 0:
            return line
        with self.path.open("rb") as file:
            file.seek(size - 1)
            return line if file.read(1) == b"\n" else b"\n" + line

    def _rotate(self, more: int) -> None:
        size = self.path.stat().st_size if self.path.exists() else 0
        if not self._max_bytes or size == 0 or size + more <= self._max_bytes:
            return
        for number in range(self._keep, 0, -1):
            source = self._old(number - 1)
            if source.exists():
                source.replace(self._old(number))

    def _old(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path
