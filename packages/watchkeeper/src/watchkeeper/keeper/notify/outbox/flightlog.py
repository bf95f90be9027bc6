"""Which rows are on their way, and which arrived and may not be marked so yet: `outbox.flight`.

A crash between a send and its mark makes a repeat. The mark has to wait for a commit that is under way, 2 to
50 ms; a line in this file is written in 10 us, and outlives the process. Lines: `+7` row 7 goes out, `=7` it
was taken, `-7` it was not.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import NamedTuple

LOG = logging.getLogger("watchkeeper.notify")

MOST_BYTES = 1 << 16


class LastLife(NamedTuple):
    """What a life left behind: rows that were taken, rows that were on their way when it ended."""

    taken: frozenset[int]
    in_the_air: frozenset[int]


class FlightLog:
    """Lines that are appended, read at the start, and cut down when they are many."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises OSError."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._bytes = os.fstat(self._file).st_size
        self._in_the_air: set[int] = set()
        self._unmarked: set[int] = set()

    def last_life(self) -> LastLife:
        """Return what the last life left behind; a line that a crash cut short is none."""
        last: dict[int, str] = {}
        for line in os.pread(self._file, self._bytes, 0).decode("ascii", "replace").split("\n")[:-1]:
            if line[:1] in "+=-" and line[1:].isdecimal():
                last[int(line[1:])] = line[0]
        return LastLife(*(frozenset(row for row, sign in last.items() if sign == one) for one in "=+"))

    def begin(self, row: int) -> None:
        """Take note that a row goes out."""
        self._in_the_air.add(row)
        self._write("+", row)

    def end(self, row: int, taken: bool) -> None:
        """Take note of how it went."""
        self._in_the_air.discard(row)
        if taken:
            self._unmarked.add(row)
        self._write("=" if taken else "-", row)

    def marked(self, row: int) -> None:
        """Take note that the rows themselves say now that it was taken."""
        self._unmarked.discard(row)
        if self._bytes > MOST_BYTES:
            self.clear()

    def clear(self) -> None:
        """Keep only the lines of what is on its way or not marked yet."""
        os.ftruncate(self._file, 0)
        self._bytes = 0
        for sign, rows in (("+", self._in_the_air), ("=", self._unmarked)):
            for row in rows:
                self._write(sign, row)

    def close(self) -> None:
        os.close(self._file)

    def _write(self, sign: str, row: int) -> None:
        if not row:
            return  # the disk refused the row itself
        try:
            self._bytes += os.write(self._file, f"{sign}{row}\n".encode())
        except OSError as error:
            LOG.error("row %d: its way cannot be noted, a crash may repeat it: %s", row, error)
