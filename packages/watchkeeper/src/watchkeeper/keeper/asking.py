"""Ask each bot's agent for its health, and remember what it said last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from watchkeeper.keeper.judge import Contact, Health, read_health
from watchkeeper.keeper.judge.targets import stale_after

LOG = logging.getLogger("watchkeeper.health")

LIMIT = 1 << 20
MISSES = 2

Fetch = Callable[[str, float, int], Awaitable[Mapping[str, object]]]
"""(url, timeout in seconds, most bytes) -> the JSON object; raises where there is none."""


class Asker:
    """One loop asks all bots side by side; a bot that hangs holds up only its own answer."""

    def __init__(self, fetch: Fetch, path: str, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._path = path
        self._clock = clock
        self._misses: dict[str, int] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}
        self.healths: dict[str, Health] = {}

    def ask(self, contacts: list[Contact]) -> None:
        """Begin to ask every bot whose interval has passed and that is not being asked already."""
        now = self._clock()
        for contact in contacts:
            said = self.healths.get(contact.bot)
            busy = self._busy.get(contact.bot)
            due = said is None or not 0 <= now - said.at < 0.9 * contact.interval
            if self._path and due and (busy is None or busy.done()):
                self._busy[contact.bot] = asyncio.create_task(self._one(contact))

    def fresh(self, contact: Contact, now: float) -> bool:
        """Return whether the last word of a bot still counts."""
        said = self.healths.get(contact.bot)
        if said is None or self._misses.get(contact.bot, 0) >= MISSES:
            return False
        return now - said.at <= stale_after(contact.interval)

    async def close(self) -> None:
        """Stop asking."""
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _one(self, contact: Contact) -> None:
        root = contact.url.split("/", 3)
        url = "/".join(root[:3]) + self._path
        try:
            document = await self._fetch(url, min(5.0, max(0.5, contact.interval)), LIMIT)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # whatever goes wrong, the bot has not answered
            self._misses[contact.bot] = self._misses.get(contact.bot, 0) + 1
            LOG.debug("%s: no health from %s: %s", contact.bot, url, error)
            return
        self._misses[contact.bot] = 0
        self.healths[contact.bot] = read_health(contact.bot, document, self._clock())
