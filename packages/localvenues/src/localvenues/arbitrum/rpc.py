"""A JSON-RPC client over one kept-alive HTTP session."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import aiohttp
import msgspec


class RpcError(Exception):
    """The node answered with an error."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error.get('message')} ({error.get('code')})")
        self.code = error.get("code")


class NodeUnreachable(Exception):
    """The node did not answer at all."""


class Rpc:
    """Calls to one node."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session
        self._ids = itertools.count(1)

    async def call(self, method: str, *params: Any) -> Any:
        """Return the result; raise RpcError or NodeUnreachable."""
        answer = await self._post(self._request(method, params))
        if "error" in answer:
            raise RpcError(method, answer["error"])
        return answer["result"]

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Send calls in one request; return results in order, an RpcError where one failed.

        The node runs a batch's calls in any order: calls that build on each other do not belong in one.
        """
        if not calls:
            return []
        requests = [self._request(method, params) for method, params in calls]
        answers = {row["id"]: row for row in await self._post(requests)}
        results: list[Any] = []
        for request in requests:
            row = answers[request["id"]]
            results.append(RpcError(request["method"], row["error"]) if "error" in row else row["result"])
        return results

    def _request(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}

    async def _post(self, body: Any) -> Any:
        headers = {"content-type": "application/json"}
        try:
            async with self._session.post(self.url, data=msgspec.json.encode(body), headers=headers) as reply:
                return msgspec.json.decode(await reply.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NodeUnreachable(f"{self.url}: {error!r}") from error
