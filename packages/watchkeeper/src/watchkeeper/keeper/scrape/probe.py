"""Fetch a small JSON document, such as an agent's `/health`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from watchkeeper.keeper.scrape.errors import FetchError, ProbeError
from watchkeeper.keeper.scrape.http import Client

_STATUSES = (200, 503)  # an agent answers 503 with the same document when it is unwell


async def fetch_json(
    url: str, timeout: float = 2.0, limit: int = 1 << 20, headers: Iterable[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Return the JSON object at a URL, of an answer 200 or 503; raises ProbeError. Seconds and bytes."""
    asked = [("Accept", "application/json"), ("Connection", "close"), *headers]
    client = Client(url)
    try:
        async with asyncio.timeout(timeout):
            answer = await client.get(asked, limit)
    except TimeoutError as error:
        raise ProbeError(f"no answer within {timeout:g} s") from error
    except FetchError as error:
        raise ProbeError(str(error)) from error
    finally:
        client.close()
    if answer.status not in _STATUSES:
        raise ProbeError(f"the target answered {answer.status} {answer.reason}")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ProbeError(f"the answer is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise ProbeError("the answer is no JSON object")
    return document
