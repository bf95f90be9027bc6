"""Post requests to one receiver over a kept connection; blocking, for a thread of its own."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from watchkeeper.keeper.remote.errors import Undelivered

_ABOUT_DATA = frozenset({400, 409, 413, 422})
_TOLD_BYTES = 512


@dataclass(frozen=True, slots=True)
class Destination:
    """Where samples go; the timeout is in seconds."""

    name: str
    url: str
    timeout: float = 30.0
    headers: Mapping[str, str] = field(default_factory=dict)
    bearer_token_file: Path | None = None
    ca_file: Path | None = None
    insecure_skip_verify: bool = False


class Poster:
    """One connection; it is made anew when it breaks."""

    def __init__(self, destination: Destination) -> None:
        self._to = destination
        self._parts = urlsplit(destination.url)
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes, now: float) -> None:
        """Send a request; raises Undelivered. `now` (Unix seconds) is for a Retry-After that is a date."""
        try:
            answer = self._answer(body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Undelivered(f"{type(error).__name__}: {error}") from None
        status, told, after = answer
        if not 200 <= status < 300:
            wait = seconds_of(after, now)
            raise Undelivered(f"{status}: {told}", about_data=status in _ABOUT_DATA, after=wait)

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(self, body: bytes) -> tuple[int, str, str]:
        kept = self._connection is not None
        try:
            return self._ask(body)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            if not kept:
                raise
            return self._ask(body)  # a kept connection goes stale when the receiver restarts

    def _ask(self, body: bytes) -> tuple[int, str, str]:
        if self._connection is None:
            self._connection = self._connect()
        path = (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        self._connection.request("POST", path, body, self._headers())
        with self._connection.getresponse() as response:
            told = response.read(_TOLD_BYTES).decode("utf-8", "replace").strip()
            if not response.isclosed():
                self.close()  # the rest of a long answer is not worth reading
            return response.status, told, response.headers.get("Retry-After", "")

    def _connect(self) -> http.client.HTTPConnection:
        host = self._parts.hostname or ""
        if self._parts.scheme == "https":
            context = ssl.create_default_context(cafile=self._to.ca_file)
            if self._to.insecure_skip_verify:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return http.client.HTTPSConnection(
                host, self._parts.port, timeout=self._to.timeout, context=context
            )
        return http.client.HTTPConnection(host, self._parts.port, timeout=self._to.timeout)

    def _headers(self) -> dict[str, str]:
        headers = {
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf",
            "User-Agent": "watchkeeper",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
            **self._to.headers,
        }
        if self._to.bearer_token_file is not None:
            token = self._to.bearer_token_file.read_text(encoding="utf-8").strip()
            headers["Authorization"] = f"Bearer {token}"
        return headers


def seconds_of(retry_after: str, now: float) -> float | None:
    """Return the seconds that a Retry-After asks to wait, None where it says nothing that counts."""
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after[:9])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now)
    except ValueError:
        return None
