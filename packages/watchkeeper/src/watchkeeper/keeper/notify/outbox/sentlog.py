"""The numbers of rows that were sent and may not be marked so yet: one short line each, in `outbox.sent`.

A crash between a send and its mark makes a repeat. The mark has to wait for a commit that is under way, 2 to
50 ms; a line in this file is written in 10 us, and outlives the process.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

LOG = logging.getLogger("watchkeeper.notify")

MOST_BYTES = 1 << 16


class SentLog:
    """Lines that are appended, read at the start, and cleared when all is marked."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises OSError."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._bytes = os.fstat(self._file).st_size

    def rows(self) -> list[int]:
        """Return the numbers; a line that a crash cut short is none."""
        lines = os.pread(self._file, self._bytes, 0).split(b"\n")[:-1]
        return [int(line) for line in lines if line.isdigit()]

    def note(self, row: int) -> None:
        """Append a number; a disk that refuses it costs a repeat at worst."""
        try:
            self._bytes += os.write(self._file, b"%d\n" % row)
        except OSError as error:
            LOG.error("row %d was sent and cannot be noted: %s", row, error)

    def full(self) -> bool:
        """Return whether it is time to clear."""
        return self._bytes > MOST_BYTES

    def clear(self) -> None:
        """Forget all numbers: their rows are marked."""
        os.ftruncate(self._file, 0)
        self._bytes = 0

    def close(self) -> None:
        os.close(self._file)
