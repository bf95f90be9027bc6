"""One HTTP client for all callers of a host: budget, deadline, error tree, counted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from copybot.clob.errors import ClobError, ClobMalformed, ClobTimeout, ClobUnavailable, error_of
from copybot.clob.limits import HostLimits
from copybot.ports import ApiObserver

MAX_BYTES = 32 * 1024 * 1024
MAX_HOLD = 60.0
LIMITS: dict[str, tuple[float, tuple[tuple[str, float], ...]]] = {
    "clob": (9000, (("/book", 1500), ("/order", 3500), ("/balance-allowance", 200), ("/tick-size", 200))),
    "data": (1000, (("/v2/trades", 200), ("/trades", 200), ("/v2/positions", 150), ("/positions", 150))),
    "relayer": (250, ()),
    "gamma": (4000, (("/markets", 300), ("/events", 500))),
}


class Http:
    """A client of one API. `name` labels it in metrics; its budget is shared by whoever holds the client."""

    def __init__(
        self, name: str, url: str, observer: ApiObserver, *, timeout: float = 5.0, share: float = 0.8
    ) -> None:
        parts = urlsplit(url)
        self.name, self._origin, self.prefix = (
            name,
            f"{parts.scheme}://{parts.netloc}",
            parts.path.rstrip("/"),
        )
        limit, paths = LIMITS[name]
        self._limits = HostLimits(limit * share, [(path, most * share) for path, most in paths])
        self._observer = observer
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def get(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Return the body of a GET; raise ClobError."""
        return await self.send("GET", path, params=params, headers=headers)

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> bytes:
        """Send one request, once, when its turn comes, and return the body; raise ClobError."""
        wait = self._limits.reserve(path, self._now())
        if wait > 0:
            self._observer.throttled(self.name, wait)
            await asyncio.sleep(wait)
        began, reason = self._now(), None
        try:
            return await self._exchange(method, path, params, headers, body)
        except ClobError as error:
            reason = error.reason
            raise
        finally:
            self._observer.called(self.name, self._now() - began, reason)

    async def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
    ) -> bytes:
        url = self._origin + self.prefix + path
        try:
            async with self._opened().request(
                method, url, params=params, headers=headers, data=body
            ) as response:
                data = await read_some(response)
        except TimeoutError:
            raise ClobTimeout(f"no answer in {self._timeout.total:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise ClobUnavailable(f"{type(error).__name__}: {error}") from None
        if response.status // 100 == 2:
            return data
        after = retry_after(response.headers.get("Retry-After"))
        if response.status == 429:
            self._limits.hold(self._now() + after)
        raise error_of(response.status, message_of(data), after)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, headers={"Content-Type": "application/json"}
            )
        return self._session


async def read_some(response: aiohttp.ClientResponse) -> bytes:
    """Read a body that is not absurdly large."""
    parts, size = [], 0
    async for chunk in response.content.iter_any():
        parts.append(chunk)
        size += len(chunk)
        if size > MAX_BYTES:
            raise ClobMalformed(f"the answer is larger than {MAX_BYTES} bytes")
    return b"".join(parts)


def message_of(data: bytes) -> str:
    """Return the text of an error's body: its `error` or `errorMsg` field, else its beginning."""
    try:
        tree: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return data[:200].decode("utf-8", "replace")
    if isinstance(tree, dict):
        return str(tree.get("error") or tree.get("errorMsg") or tree)[:300]
    return str(tree)[:300]


def retry_after(value: str | None) -> float:
    """Return the seconds that a Retry-After header asks for, at most a minute; 1 where absent or odd."""
    try:
        return min(MAX_HOLD, max(0.0, float(value))) if value is not None else 1.0
    except ValueError:
        return 1.0
