"""How far each series was sent: durable, so that a restart of either side loses nothing."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from threading import Lock

import numpy as np

from watchkeeper.keeper.remote.errors import PositionsLost
from watchkeeper.keeper.store.series import Refs, Times

NEVER = int(np.iinfo(np.int64).min)
_HEAD = struct.Struct("<8sqI")
_MAGIC = b"WKSENT1\n"


class Positions:
    """By series number the time (ms) of the last sample that was taken; any thread may use it.

    A series without a position is sent from its beginning, but not from before `floor`.
    """

    def __init__(self, path: Path, floor: int, sent: Times) -> None:
        self._path = path
        self.floor = floor
        self._sent = sent
        self._lock = Lock()
        self._dirty = True

    @classmethod
    def open(cls, path: Path, floor: int) -> Positions:
        """Read a file, or begin one at `floor` (ms); raises PositionsLost for a damaged one."""
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return cls(path, floor, np.empty(0, np.int64))
        except OSError as error:
            raise PositionsLost(f"{path}: {error}") from error
        if len(raw) < _HEAD.size or (len(raw) - _HEAD.size) % 8:
            raise PositionsLost(f"{path} is cut off")
        magic, begun, crc = _HEAD.unpack_from(raw)
        if magic != _MAGIC or crc != zlib.crc32(raw[_HEAD.size :]):
            raise PositionsLost(f"{path} does not match its checksum")
        return cls(path, begun, np.frombuffer(raw, "<i8", offset=_HEAD.size).astype(np.int64))

    def behind(self, last: Times) -> Refs:
        """Return the series that have samples to be sent, given the newest time of each."""
        with self._lock:
            self._grow(len(last))
            sent = self._sent[: len(last)]
            return np.flatnonzero(last > np.where(sent == NEVER, self.floor, sent))

    def of(self, ref: int) -> int:
        """Return the time (ms) up to which a series was sent."""
        with self._lock:
            sent = int(self._sent[ref]) if ref < len(self._sent) else NEVER
            return self.floor if sent == NEVER else sent

    def advance(self, refs: Refs, times: Times) -> None:
        """Take note of what was sent."""
        with self._lock:
            self._grow(int(refs.max()) + 1 if len(refs) else 0)
            self._sent[refs] = times
            self._dirty = True

    def step_back(self, last: Times, margin_ms: int) -> int:
        """Go back where the clock stepped back and series began anew; return how many did."""
        with self._lock:
            self._grow(len(last))
            ahead = np.flatnonzero((self._sent[: len(last)] > last) & (last != NEVER))
            self._sent[ahead] = last[ahead] - margin_ms
            self._dirty |= bool(len(ahead))
            return len(ahead)

    def save(self) -> None:
        """Write the file anew where something changed, so that it is whole at any moment."""
        with self._lock:
            if not self._dirty:
                return
            body = self._sent.astype("<i8").tobytes()
            self._dirty = False
        fresh = self._path.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                file.write(_HEAD.pack(_MAGIC, self.floor, zlib.crc32(body)) + body)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError:
            self._dirty = True
            raise

    def _grow(self, size: int) -> None:
        missing = size - len(self._sent)
        if missing > 0:
            self._sent = np.concatenate((self._sent, np.full(missing, NEVER, np.int64)))
