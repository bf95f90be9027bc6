"""The reports of the bots' agents: asked for when somebody looks, kept for a moment, never more at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from watchkeeper.keeper.scrape import FetchError
from watchkeeper.keeper.web.operations.shapes import OperationsTold, Report

PATH = "/debug/operations"
TIMEOUT = 3.0
MOST_BYTES = 1 << 20
FRESH_SECONDS = 2.0

Get = Callable[[str, float, int], Awaitable[bytes]]
"""(url, timeout in seconds, most bytes) -> the body; raises FetchError."""


class NoAgent(Exception):
    """No agent of this bot is known (now)."""


class NoReport(Exception):
    """The agent does not answer, or not with a report; the text says why."""


class Reports:
    """One report per bot. However many look, an agent is asked once at a time and once in two seconds.

    agents gives the root of each bot's agent, such as `http://127.0.0.1:9090`; now is in Unix seconds.
    """

    def __init__(self, agents: Callable[[], Mapping[str, str]], get: Get, now: Callable[[], float]) -> None:
        self._agents = agents
        self._get = get
        self._now = now
        self._told: dict[str, OperationsTold] = {}
        self._asking: dict[str, asyncio.Task[OperationsTold]] = {}

    async def of(self, bot: str) -> OperationsTold:
        """Return a bot's report; raises NoAgent and NoReport."""
        root = self._agents().get(bot)
        if root is None:
            raise NoAgent(f"no agent of {bot[:40]!r} has told its health")
        told = self._told.get(bot)
        if told is not None and 0 <= self._now() - told.at < FRESH_SECONDS:
            return told
        return await asyncio.shield(self._asked(bot, root))

    def close(self) -> None:
        """Ask no more."""
        for task in self._asking.values():
            task.cancel()

    def _asked(self, bot: str, root: str) -> asyncio.Task[OperationsTold]:
        """Return the asking under way, or begin one; who goes away early leaves it to the others."""
        if bot not in self._asking:
            task = asyncio.create_task(self._ask(bot, root), name=f"operations {bot}")
            self._asking[bot] = task
            task.add_done_callback(lambda done: self._asked_for(bot, done))
        return self._asking[bot]

    async def _ask(self, bot: str, root: str) -> OperationsTold:
        at = self._now()
        try:
            report = msgspec.json.decode(await self._get(root + PATH, TIMEOUT, MOST_BYTES), type=Report)
        except FetchError as error:
            raise NoReport(f"{bot}: {error}") from error
        except (msgspec.DecodeError, UnicodeError) as error:
            raise NoReport(f"{bot}: the agent's answer is no report: {error}") from error
        return OperationsTold(
            bot=bot,
            at=at,
            operations=report.operations,
            bottlenecks=report.bottlenecks,
            process=report.process,
        )

    def _asked_for(self, bot: str, done: asyncio.Task[OperationsTold]) -> None:
        self._asking.pop(bot, None)
        self._told.pop(bot, None)
        if not done.cancelled() and done.exception() is None:
            self._told[bot] = done.result()
        known = self._agents()  # a bot that has gone is forgotten
        self._told = {name: told for name, told in self._told.items() if name in known}
