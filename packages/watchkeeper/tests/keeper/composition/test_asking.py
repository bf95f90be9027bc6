"""Asking agents for their health."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from watchkeeper.keeper.asking import MISSES, Asker
from watchkeeper.keeper.judge import Contact


class Agents:
    """Answers of agents by URL; an exception is raised, None never answers."""

    def __init__(self) -> None:
        self.answer: Mapping[str, object] | Exception | None = {"status": "healthy"}
        self.asked: list[str] = []
        self.now = 100.0

    async def fetch(self, url: str, timeout: float, limit: int) -> Mapping[str, object]:
        self.asked.append(url)
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer


CONTACT = Contact("job", "h:1", "bot", True, 100, 1.0, url="http://h:1/deep/metrics?x=y")


async def settle(asker: Asker) -> None:
    asker.ask([CONTACT])
    for _ in range(5):
        await asyncio.sleep(0)


async def test_health_is_asked_on_the_targets_address() -> None:
    """Scheme, host and port are the target's, the path is the configured one."""
    agents = Agents()
    asker = Asker(agents.fetch, "/health", lambda: agents.now)
    await settle(asker)
    assert agents.asked == ["http://h:1/health"]
    assert asker.healths["bot"].state == "healthy" and asker.fresh(CONTACT, 101)


async def test_a_bot_is_asked_once_per_interval() -> None:
    """Rounds come more often than scrapes."""
    agents = Agents()
    asker = Asker(agents.fetch, "/health", lambda: agents.now)
    for now in (100.0, 100.2, 100.4, 101.0):
        agents.now = now
        await settle(asker)
    assert len(agents.asked) == 2


async def test_an_agent_that_hangs_is_asked_once_and_goes_stale() -> None:
    """A question that is under way is not asked again, and old words stop to count."""
    agents = Agents()
    asker = Asker(agents.fetch, "/health", lambda: agents.now)
    await settle(asker)
    agents.answer = None
    for agents.now in (102.0, 104.0, 106.0):
        await settle(asker)
    assert len(agents.asked) == 2
    assert asker.fresh(CONTACT, 104) and not asker.fresh(CONTACT, 106)
    await asker.close()


async def test_one_miss_is_forgiven_the_next_is_not() -> None:
    """Some refused connections in a row mean that the last word no longer counts."""
    agents = Agents()
    asker = Asker(agents.fetch, "/health", lambda: agents.now)
    await settle(asker)
    agents.answer = OSError("refused")
    for miss in range(1, MISSES + 1):
        agents.now += 1
        await settle(asker)
        assert asker.fresh(CONTACT, agents.now) == (miss < MISSES)
    agents.answer = {"status": "degraded"}
    agents.now += 1
    await settle(asker)
    assert asker.fresh(CONTACT, agents.now) and asker.healths["bot"].state == "degraded"


async def test_nobody_is_asked_without_a_path() -> None:
    """An empty health_path turns it off."""
    agents = Agents()
    await settle(Asker(agents.fetch, "", lambda: agents.now))
    assert agents.asked == []
