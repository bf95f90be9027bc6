"""The folder of a run: taken by one demo at a time, emptied only where an earlier demo filled it."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from fleet.launcher import StartError

MARK = "channels"
"""The first thing that every demo makes in its folder."""


def take(folder: Path) -> int:
    """Empty the folder and hold it until the returned descriptor is closed; raise StartError.

    The folder itself stays, since the lock is on it: a second demo finds it taken, not gone.
    """
    held = -1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _empty(folder)
        (folder / MARK).mkdir()
    except (OSError, StartError) as fault:
        if held >= 0:
            os.close(held)
        raise StartError(f"{folder}: {_plain(fault)}; choose another with --dir") from None
    return held


def _empty(folder: Path) -> None:
    rows = list(folder.iterdir())
    if rows and not (folder / MARK).is_dir():
        raise StartError(f"no demo filled it, so it is not emptied ({rows[0].name} is there)")
    for row in sorted(rows, key=lambda row: row.name == MARK):
        if row.is_dir() and not row.is_symlink():
            shutil.rmtree(row)
        else:
            row.unlink()


def _plain(fault: Exception) -> str:
    if isinstance(fault, BlockingIOError):
        return "another demo runs in it"
    return str(fault.strerror if isinstance(fault, OSError) else fault)
