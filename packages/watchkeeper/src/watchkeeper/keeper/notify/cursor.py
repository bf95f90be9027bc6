"""How far each channel has been told, kept in a small file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec


class Cursor:
    """The number of the last row that each channel took.

    A channel that is new starts at the row that is the last one when it is added: nobody wants the
    alerts of the past month. The file is replaced in one step, so a crash leaves the old or the new.
    """

    def __init__(self, path: Path, rows: dict[str, int]) -> None:
        self._path = path
        self._rows = rows

    @classmethod
    def open(cls, path: Path, channels: Iterable[str], last_row: int) -> Cursor:
        """Read the file, or start it; raise OSError where it cannot be written."""
        rows = cls._read(path)
        cursor = cls(path, {name: min(rows.get(name, last_row), last_row) for name in channels})
        cursor._write()
        return cursor

    @staticmethod
    def _read(path: Path) -> dict[str, int]:
        try:
            return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def of(self, channel: str) -> int:
        """Return the number of the last row that a channel took."""
        return self._rows[channel]

    def advance(self, channel: str, row: int) -> None:
        """Take note that a channel took a row. A cursor that cannot be written moves in memory."""
        self._rows[channel] = row
        try:
            self._write()
        except OSError:
            pass  # worst case: after a restart the row is told again

    def _write(self) -> None:
        fresh = self._path.with_name(self._path.name + ".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(self._rows))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
