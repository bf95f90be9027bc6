"""One keeper per data folder, held by the kernel: the lock dies with the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from watchkeeper.keeper.store.errors import StoreLocked


class FolderLock:
    """An exclusive flock on `lock` in a folder; the file names the holder's process."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    @classmethod
    def take(cls, folder: Path) -> FolderLock:
        """Take the lock or raise StoreLocked naming the holder."""
        file = (folder / "lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise StoreLocked(
                f"{folder} is in use by process {holder}: one keeper per data folder"
            ) from error
        cls._sign(file)
        return cls(file)

    def release(self) -> None:
        """Give the lock back."""
        self._file.close()

    @staticmethod
    def _sign(file: IO[str]) -> None:
        try:
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), f"{os.getpid()}\n".encode())
        except OSError:
            pass  # a full disk: the lock holds without the number
