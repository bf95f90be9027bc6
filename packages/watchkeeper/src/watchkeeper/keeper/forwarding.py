"""Hand our alerts to real Alertmanagers instead of telling them ourselves.

Each of them gets every alert, as a cluster of Alertmanagers wants it. What one has not taken waits in
memory; alerts that fire are posted again each minute, so a restart loses an end at most, and Alertmanager
ends those by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from watchkeeper import Outcome, degraded, healthy
from watchkeeper.keeper.alerts import Posted
from watchkeeper.keeper.alerts.labels import Pairs, labelset
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.http import Headers, Request, Wire
from watchkeeper.keeper.notify.outbox.backoff import backoff
from watchkeeper.keeper.web.alertmanager.times import stamp

LOG = logging.getLogger("watchkeeper.alerts")
BATCH = 256
MOST_WAITING = 50_000


@dataclass(frozen=True, slots=True)
class Place:
    """One Alertmanager; the token's file is read for each request."""

    url: str
    timeout: float = 10.0
    token_file: Path | None = None

    def headers(self) -> Headers:
        """Return the headers of a request; raise OSError where the token cannot be read."""
        kind = (("Content-Type", "application/json"),)
        if self.token_file is None:
            return kind
        return (*kind, ("Authorization", f"Bearer {self.token_file.read_text(encoding='utf-8').strip()}"))


@dataclass(slots=True)
class Forwarder:
    """Posts to one Alertmanager; the newest word on each alert counts."""

    place: Place
    wire: Wire = field(default_factory=Wire)
    sent: int = 0
    dropped: int = 0
    problem: str = ""
    _waiting: dict[Pairs, Posted] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, posts: Sequence[Posted]) -> None:
        """Take alerts; on return they wait to be sent."""
        for post in posts:
            self._waiting[labelset(post.labels)] = post
        while len(self._waiting) > MOST_WAITING:
            self.dropped += 1
            del self._waiting[next(iter(self._waiting))]
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        failures = 0
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                failures = 0 if await self.send() else failures + 1
                if failures:
                    await asyncio.sleep(min(30.0, backoff(failures, 0.5, None)))

    async def send(self) -> bool:
        """Send one batch; return whether it was taken. What was refused for good is dropped, and said."""
        batch = dict(list(self._waiting.items())[:BATCH])
        self.problem = await self._try(list(batch.values()))
        if self.problem and not self.problem.startswith("it refused"):
            LOG.warning("%s does not take alerts: %s", self.place.url, self.problem)
            return False
        if self.problem:
            LOG.error("%s: %s", self.place.url, self.problem)
            self.dropped += len(batch)
        self.sent += 0 if self.problem else len(batch)
        for labels, post in batch.items():
            if self._waiting.get(labels) is post:
                del self._waiting[labels]
        return True

    async def _try(self, posts: Sequence[Posted]) -> str:
        body = msgspec.json.encode([written(post) for post in posts])
        url = f"{self.place.url.rstrip('/')}/api/v2/alerts"
        try:
            async with asyncio.timeout(self.place.timeout):
                answer = await self.wire.exchange(Request("POST", url, self.place.headers(), body))
        except TimeoutError:
            return f"no answer within {self.place.timeout:g} s"
        except (ChannelError, OSError) as error:
            return str(error)
        if answer.status < 300:
            return ""
        word = "refused" if 400 <= answer.status < 500 and answer.status != 429 else "answered"
        return f"it {word}: {answer.status} {answer.text[:200].strip()}"

    def check(self) -> Outcome:
        """Return the state for the keeper's own health."""
        return degraded(f"{self.place.url}: {self.problem}") if self.problem else healthy()


def written(post: Posted) -> dict[str, object]:
    """Return an alert as the API has it."""
    found: dict[str, object] = {"labels": dict(post.labels), "annotations": dict(post.annotations)}
    if post.starts_at is not None:
        found["startsAt"] = stamp(post.starts_at)
    if post.ends_at is not None:
        found["endsAt"] = stamp(post.ends_at)
    return {**found, "generatorURL": post.generator_url} if post.generator_url else found
