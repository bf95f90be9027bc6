"""Dead-man's switch, outwards: tell somebody elsewhere that this keeper still keeps watch.

That service tells people when the pings stop, so the death of the keeper, its machine or its network is
noticed, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from watchkeeper import Outcome, degraded, healthy
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.http import Request, Wire

LOG = logging.getLogger("watchkeeper.deadman")


@dataclass(frozen=True, slots=True)
class Beacon:
    """An address to be asked each so many seconds."""

    url: str
    every: float = 60.0
    timeout: float = 10.0
    method: str = "GET"

    @property
    def shown(self) -> str:
        """Return the address without its path, which is the secret of most such services."""
        return "/".join(self.url.split("/", 3)[:3])


@dataclass(slots=True)
class Pinger:
    """Pings one beacon while `alive` has nothing to say against it; a reason is a ping that is left out."""

    beacon: Beacon
    alive: Callable[[], str]
    wire: Wire = field(default_factory=Wire)
    sent: int = 0
    failed: int = 0
    problem: str = ""

    async def run(self) -> None:
        """Ping until cancelled; a ping that fails is tried again soon, as one lost packet is no death."""
        while True:
            good = await self.ping()
            await asyncio.sleep(self.beacon.every if good else min(self.beacon.every, 5.0))

    async def ping(self) -> bool:
        """Ping once; return whether it arrived."""
        self.problem = await self._try()
        self.sent += not self.problem
        self.failed += bool(self.problem)
        if self.problem:
            LOG.warning("no ping to %s: %s", self.beacon.shown, self.problem)
        return not self.problem

    async def _try(self) -> str:
        if reason := self.alive():
            return reason
        try:
            async with asyncio.timeout(self.beacon.timeout):
                answer = await self.wire.exchange(Request(self.beacon.method, self.beacon.url, (), b""))
        except TimeoutError:
            return f"no answer within {self.beacon.timeout:g} s"
        except ChannelError as error:
            return str(error).replace(self.beacon.url, self.beacon.shown)
        return "" if answer.status < 300 else f"it answered {answer.status}"

    def check(self) -> Outcome:
        """Return the state for the keeper's own health."""
        return degraded(f"{self.beacon.shown}: {self.problem}") if self.problem else healthy()
