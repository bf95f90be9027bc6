"""JSON-RPC to the chain node: loading, reconciling and executing, never between frame and decision.

RpcError                 every failure; `reason` is a word for metrics, `retryable` the sender's verdict
├── RpcTimeout           no answer in time
├── RpcUnavailable       no connection, or a 5xx answer
├── RpcLimited           429; `after` seconds are asked for
├── RpcMalformed         an answer that is no JSON-RPC
└── RpcRefused           the node answered with an error; `code`, `data`
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from arbbot.ports import RpcObserver


class RpcError(Exception):
    """A call failed."""

    reason = "error"
    retryable = True


class RpcTimeout(RpcError):
    """No answer in time."""

    reason = "timeout"


class RpcUnavailable(RpcError):
    """No connection to the node, or its server fails."""

    reason = "unavailable"


class RpcLimited(RpcError):
    """The provider asks to slow down."""

    reason = "rate_limited"

    def __init__(self, after: float) -> None:
        super().__init__(f"rate limited; retry after {after:g} s")
        self.after = after


class RpcMalformed(RpcError):
    """The answer is no JSON-RPC."""

    reason = "malformed"


class RpcRefused(RpcError):
    """The node answered with an error of its own."""

    reason = "refused"
    retryable = False

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code, self.data = code, data

    @property
    def reverted(self) -> bool:
        """Tell whether the contract reverted: an answer of the chain, not a failure of the node."""
        return self.code == 3 or "revert" in str(self).lower()


Request = tuple[str, list[Any]]


def provider_of(url: str) -> str:
    """Name a provider by the host and port of its URL; the rest of it may hold a key."""
    parts = urlsplit(url)
    host = parts.hostname or "unknown"
    return f"{host}:{parts.port}" if parts.port else host


class Rpc:
    """A client of one node over HTTP: single and batched calls, retries with backoff.

    Retries repeat only what `retryable` allows; a raw transaction is never sent twice by this class
    (use `once`). Errors: RpcError and its kinds.
    """

    def __init__(
        self,
        url: str,
        observer: RpcObserver,
        *,
        timeout: float = 2.0,
        retries: int = 3,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url, self._observer, self._retries, self._sleep = url, observer, retries, sleep
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None
        self._last = 0

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, *params: Any) -> Any:
        """Call one method, again where that helps, and return its result."""
        return (await self._patiently([(method, list(params))]))[0]

    async def once(self, method: str, *params: Any) -> Any:
        """Call one method exactly once: for what must not be repeated."""
        return (await self._send([(method, list(params))]))[0]

    async def batch(self, requests: Sequence[Request], size: int = 200) -> list[Any]:
        """Call many methods in few round trips; results in the order of the requests.

        What the node itself refuses is an RpcRefused in its request's place, not raised.
        """
        results: list[Any] = []
        for start in range(0, len(requests), size):
            results += await self._patiently(requests[start : start + size], each=True)
        return results

    async def _patiently(self, requests: Sequence[Request], *, each: bool = False) -> list[Any]:
        for attempt in range(self._retries + 1):
            try:
                return await self._send(requests, each=each)
            except RpcError as error:
                if not error.retryable or attempt == self._retries:
                    raise
                pause = error.after if isinstance(error, RpcLimited) else 0.1 * 2**attempt
            await self._sleep(min(pause, 5.0))
        raise AssertionError("unreachable")

    async def _send(self, requests: Sequence[Request], *, each: bool = False) -> list[Any]:
        began = time.perf_counter()
        method = requests[0][0]
        reason: str | None = None
        try:
            return await self._exchange(requests, each)
        except RpcError as error:
            reason = error.reason
            raise
        finally:
            self._observer.called(method, time.perf_counter() - began, reason)

    async def _exchange(self, requests: Sequence[Request], each: bool) -> list[Any]:
        bodies = [self._body(method, params) for method, params in requests]
        text = await self._post(bodies[0] if len(bodies) == 1 else bodies)
        try:
            answer = json.loads(text)
        except ValueError:
            raise RpcMalformed("the answer is no JSON") from None
        rows = answer if isinstance(answer, list) else [answer]
        by_id = {row.get("id"): row for row in rows if isinstance(row, dict)}
        read = result_or_refusal if each else result
        return [read(by_id.get(body["id"])) for body in bodies]

    def _body(self, method: str, params: list[Any]) -> dict[str, Any]:
        self._last += 1
        return {"jsonrpc": "2.0", "id": self._last, "method": method, "params": params}

    async def _post(self, body: Any) -> str:
        session = self._opened()
        try:
            async with session.post(self._url, json=body) as response:
                if response.status == 429:
                    raise RpcLimited(retry_after(response.headers.get("Retry-After")))
                if response.status >= 500:
                    raise RpcUnavailable(f"the node's server answered {response.status}")
                return await response.text()
        except TimeoutError:
            raise RpcTimeout(f"no answer in {self._timeout.total:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise RpcUnavailable(f"{type(error).__name__}: {error}") from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session


def result(row: Any) -> Any:
    """Return one answer's result, or raise the error that it carries."""
    if not isinstance(row, dict):
        raise RpcMalformed("a request has no answer")
    error = row.get("error")
    if error is not None:
        if not isinstance(error, dict):
            raise RpcMalformed("the error has no shape")
        raise RpcRefused(int(error.get("code", 0)), str(error.get("message", "")), error.get("data"))
    if "result" not in row:
        raise RpcMalformed("the answer has neither result nor error")
    return row["result"]


def result_or_refusal(row: Any) -> Any:
    """Return one answer's result, or the node's own error as a value."""
    try:
        return result(row)
    except RpcRefused as refusal:
        return refusal


def retry_after(value: str | None) -> float:
    """Return the seconds that a Retry-After header asks for; 1 where it is absent or odd."""
    try:
        return max(0.0, float(value)) if value is not None else 1.0
    except ValueError:
        return 1.0
