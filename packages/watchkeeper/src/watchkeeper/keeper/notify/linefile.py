"""A file of lines that rotates by size; a line is on the disk before `append` returns."""

from __future__ import annotations

import os
from pathlib import Path


class LineFile:
    """Append lines (fsync each).

    When the file would pass max_bytes it becomes `<name>.1`, the older ones move up, and beyond
    `keep` old files the oldest is removed. A line cut short by a crash is closed by a newline.
    """

    def __init__(self, path: Path, max_bytes: int = 16 << 20, keep: int = 4) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._keep = keep

    def append(self, line: bytes) -> None:
        """Write one line, given with its newline; raises OSError."""
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
