"""The pings that came, kept in a file so that a restart forgets none."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import msgspec

from watchkeeper.keeper.deadman.expecting import Expectations, Ping

LOG = logging.getLogger("watchkeeper.deadman")


def read_pings(path: Path) -> dict[str, Ping]:
    """Return the pings of a file; none where there is no file or it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Ping])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        LOG.error("%s: pings are forgotten: %s", path, error)
        return {}


class PingBook:
    """Takes pings in and writes them down; writes that come together are one."""

    def __init__(self, expectations: Expectations, path: Path) -> None:
        self.expectations = expectations
        self.refused = 0
        self._path = path
        self._writing = asyncio.Lock()
        self._written = 0
        self._taken = 0

    async def take(self, name: str, ping: Ping) -> bool:
        """Take a ping; return whether anybody expects it. On return it is written, if the disk lets it."""
        if not self.expectations.take(name, ping):
            self.refused += 1
            return False
        self._taken += 1
        mine = self._taken
        async with self._writing:
            if self._written < mine:
                self._written, pings = self._taken, dict(self.expectations.pings)
                await asyncio.to_thread(self._write, pings)
        return True

    def _write(self, pings: dict[str, Ping]) -> None:
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_bytes(msgspec.json.encode(pings))
            fresh.replace(self._path)
        except OSError as error:
            LOG.error("%s: a ping could not be written: %s", self._path, error)
