"""The agents of the bots: where each of them answers, and what has to be shown to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from watchkeeper.keeper.scrape import FetchError, Prober, ScrapeJob, TargetStatus
from watchkeeper.keeper.scrape.http import Client

TIMEOUT = 10.0
MOST_BYTES = 8 << 20


class Agents:
    """Asks agents with the bearer token that their scrape jobs name; `statuses` tells the present targets."""

    def __init__(self, jobs: Iterable[ScrapeJob], statuses: Callable[[], Sequence[TargetStatus]]) -> None:
        self._tokens = {job.name: job.bearer_token_file for job in jobs if job.bearer_token_file is not None}
        self._statuses = statuses
        self._prober = Prober()

    async def json(self, url: str, timeout: float, limit: int) -> dict[str, Any]:
        """Return the JSON object at a URL; raises FetchError and ProbeError. Seconds and bytes."""
        return await self._prober.json(url, timeout, limit, self.headers(url))

    async def get(self, url: str, timeout: float = TIMEOUT, limit: int = MOST_BYTES) -> bytes:
        """Return the body at a URL, of an answer 200; raises FetchError. Seconds and bytes."""
        client = Client(url)
        try:
            async with asyncio.timeout(timeout):
                answer = await client.get([("Connection", "close"), *self.headers(url)], limit)
        except TimeoutError as error:
            raise FetchError(f"no answer within {timeout:g} s") from error
        finally:
            client.close()
        if answer.status != 200:
            told = answer.body[:200].decode(errors="replace").strip()
            raise FetchError(f"the agent answered {answer.status}: {told}")
        return answer.body

    def close(self) -> None:
        """Give the kept connections up."""
        self._prober.close()

    def headers(self, url: str) -> list[tuple[str, str]]:
        """Return the authorization for a URL: that of a target with the same origin; raises FetchError."""
        if not self._tokens:
            return []
        origin = origin_of(url)
        jobs = (status.job for status in self._statuses() if origin_of(status.url) == origin)
        path = next((self._tokens[job] for job in jobs if job in self._tokens), None)
        return [] if path is None else [("Authorization", f"Bearer {token_in(path)}")]


def origin_of(url: str) -> str:
    """Return scheme, host and port, such as `http://127.0.0.1:9090`."""
    return "/".join(url.split("/", 3)[:3])


def token_in(path: Path) -> str:
    """Return the token of a file, read each time so that it may be changed; raises FetchError."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise FetchError(f"cannot read the bearer token file {path}: {error}") from error
    if not token or not token.isprintable():
        raise FetchError(f"the bearer token file {path} holds no token")
    return token
