"""Fetch each bot's profile of the last minute from its agent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from watchkeeper.agent.profiling.profile import Profile
from watchkeeper.agent.profiling.reading import BadProfile, read
from watchkeeper.keeper.profiles.errors import ProfilesUnwritable
from watchkeeper.keeper.profiles.shelf import ProfileShelf
from watchkeeper.keeper.scrape.errors import FetchError
from watchkeeper.keeper.scrape.http import Client

LOG = logging.getLogger("watchkeeper.profiles")
PATH = "/debug/pprof/profile"
MOST_BYTES = 8 << 20
TIMEOUT = 10.0
# Below the length of an agent's slices (5 s): what is written in floats may not step over a beginning.
SLACK = 0.001

Get = Callable[[str], Awaitable[bytes]]


async def get(url: str) -> bytes:
    """Return the body at a URL; raises FetchError."""
    client = Client(url)
    try:
        async with asyncio.timeout(TIMEOUT):
            answer = await client.get([("Connection", "close")], MOST_BYTES)
    except TimeoutError as error:
        raise FetchError(f"no answer within {TIMEOUT:g} s") from error
    finally:
        client.close()
    if answer.status != 200:
        raise FetchError(f"the agent answered {answer.status}: {answer.body[:200].decode(errors='replace')}")
    return answer.body


class Fetching:
    """One fetch per bot and turn, side by side; from where the last one ended, so no sample counts twice.

    agents gives the roots of the bots' agents by bot, such as `http://127.0.0.1:9090`; only those that have
    told their health, since other programs may know no profiles, or begin to take one when asked.
    """

    def __init__(
        self,
        shelf: ProfileShelf,
        agents: Callable[[], Mapping[str, str]],
        now: Callable[[], float],
        every: float,
        get: Get = get,
    ) -> None:
        self._shelf = shelf
        self._agents = agents
        self._now = now
        self._every = every
        self._get = get
        self.failures: dict[str, str] = {}

    async def run(self) -> None:
        """Fetch each `every` seconds until cancelled; 0 never does."""
        while True:
            await asyncio.sleep(self._every or 3600.0)
            if self._every:
                await self.turn(self._agents())

    async def turn(self, agents: Mapping[str, str]) -> None:
        """Fetch once from each agent; what fails is said once and tried again the next time."""
        await asyncio.gather(*(self._one(bot, root) for bot, root in agents.items()))
        self._forget(agents)

    async def _one(self, bot: str, root: str) -> None:
        since = max(self._shelf.last_end(bot) / 1e9 - SLACK, self._now() - 3 * self._every)
        try:
            body = await self._get(f"{root}{PATH}?since={since:.6f}")
            profile = await asyncio.to_thread(read, body)
            self._keep(bot, profile, body)
        except (FetchError, BadProfile, ProfilesUnwritable) as error:
            if self.failures.get(bot) != str(error):
                LOG.warning("%s: no profile: %s", bot, error)
            self.failures[bot] = str(error)
        else:
            self.failures.pop(bot, None)

    def _keep(self, bot: str, profile: Profile, body: bytes) -> None:
        if profile.duration > 0 and profile.kinds:
            self._shelf.add(bot, profile.began, profile.duration, profile.totals()[-1], body)

    def _forget(self, agents: Iterable[str]) -> None:
        self.failures = {bot: self.failures[bot] for bot in agents if bot in self.failures}
