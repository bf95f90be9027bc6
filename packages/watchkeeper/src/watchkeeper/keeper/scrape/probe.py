"""Fetch small JSON documents, such as an agent's `/health`."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from watchkeeper.keeper.scrape.errors import FetchError, ProbeError
from watchkeeper.keeper.scrape.http import Answer, Client

_STATUSES = (200, 503)  # an agent answers 503 with the same document when it is unwell
_MOST_KEPT = 64


async def fetch_json(
    url: str, timeout: float = 2.0, limit: int = 1 << 20, headers: Iterable[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Return the JSON object at a URL, of an answer 200 or 503; raises ProbeError. Seconds and bytes."""
    client = Client(url)
    try:
        return object_of(await _answer(client, [("Connection", "close"), *headers], timeout, limit))
    finally:
        client.close()


class Prober:
    """Fetch documents again and again, over connections that are kept, one for each URL.

    A new connection each second costs the keeper 0.1 % of a core, and the bot as much.
    """

    def __init__(self) -> None:
        self._idle: OrderedDict[str, Client] = OrderedDict()

    async def json(
        self, url: str, timeout: float, limit: int, headers: Iterable[tuple[str, str]] = ()
    ) -> dict[str, Any]:
        """Return the JSON object at a URL, of an answer 200 or 503; raises ProbeError. Seconds and bytes."""
        client = self._idle.pop(url, None) or Client(url)
        try:
            return object_of(await _answer(client, headers, timeout, limit))
        finally:
            self._keep(url, client)

    def close(self) -> None:
        """Give all connections up."""
        while self._idle:
            self._idle.popitem()[1].close()

    def _keep(self, url: str, client: Client) -> None:
        if url in self._idle:  # somebody else asked the same URL meanwhile
            client.close()
            return
        self._idle[url] = client
        while len(self._idle) > _MOST_KEPT:
            self._idle.popitem(last=False)[1].close()


async def _answer(client: Client, headers: Iterable[tuple[str, str]], timeout: float, limit: int) -> Answer:
    try:
        async with asyncio.timeout(timeout):
            return await client.get([("Accept", "application/json"), *headers], limit)
    except TimeoutError as error:
        raise ProbeError(f"no answer within {timeout:g} s") from error
    except FetchError as error:
        raise ProbeError(str(error)) from error


def object_of(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer; raises ProbeError."""
    if answer.status not in _STATUSES:
        raise ProbeError(f"the target answered {answer.status} {answer.reason}")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ProbeError(f"the answer is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise ProbeError("the answer is no JSON object")
    return document
