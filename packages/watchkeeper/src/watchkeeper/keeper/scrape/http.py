"""A small HTTP client: one kept connection per target, bounded answers, no surprises.

asyncio streams and httptools; a full-grown client would cost the keeper 20 MB, a parser in Python three
times the time of a small answer.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from watchkeeper.keeper.scrape.errors import FetchError
from watchkeeper.keeper.scrape.reply import Reply

_READ_BYTES = 65_536
_MOVED = frozenset({301, 302, 303, 307, 308})
_MOST_MOVES = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; the body is uncompressed."""

    status: int
    reason: str
    content_type: str
    body: bytes
    location: str = ""


class Client:
    """Requests to one origin, one at a time; the caller bounds the time with `asyncio.timeout`."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        self._url: SplitResult = urlsplit(url)
        self._tls = tls
        self._line: _Line | None = None

    async def get(self, headers: Iterable[tuple[str, str]], max_bytes: int) -> Answer:
        """Fetch the URL; raises FetchError. A kept connection that went stale is replaced once.

        Where the origin sends us to another path of its own we go; to another origin never, since the
        headers may hold a token.
        """
        url, rows = self._url, list(headers)
        for _ in range(_MOST_MOVES):
            answer = await self._fetch(self._request(url, rows), max_bytes)
            onward = _onward(url, answer)
            if onward is None:
                return answer
            url = onward
        raise FetchError(f"the target sent us on {_MOST_MOVES} times")

    async def _fetch(self, request: bytes, max_bytes: int) -> Answer:
        line, self._line = self._line, None
        if line is not None and line.usable():
            try:
                return await self._on(line, request, max_bytes)
            except _StaleLine:
                pass
        try:
            return await self._on(await self._connect(), request, max_bytes)
        except _StaleLine as error:
            raise FetchError("the target closed the connection without an answer") from error

    def close(self) -> None:
        """Give the connection up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    async def _on(self, line: _Line, request: bytes, max_bytes: int) -> Answer:
        keep = False
        try:
            answer, keep = await line.ask(request, max_bytes)
            return answer
        except (OSError, EOFError) as error:
            raise FetchError(f"the connection broke: {error}") from error
        finally:
            if keep:
                self._line = line
            else:
                line.close()

    async def _connect(self) -> _Line:
        host, port = self._url.hostname or "", self._url.port or (443 if self._tls else 80)
        try:
            reader, writer = await asyncio.open_connection(host, port, ssl=self._tls, limit=_READ_BYTES)
        except (OSError, UnicodeError) as error:
            raise FetchError(f"cannot connect to {host}:{port}: {error}") from error
        return _Line(reader, writer)

    def _request(self, url: SplitResult, headers: Iterable[tuple[str, str]]) -> bytes:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        host = url.netloc.rpartition("@")[2]
        rows = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers)]
        text = "\r\n".join(rows)
        if not text.isascii() or text.count("\r") + text.count("\n") != 2 * len(rows) - 2 or " " in path:
            raise FetchError("the URL or a header holds what a request cannot")
        return text.encode("ascii") + b"\r\n\r\n"


def _onward(url: SplitResult, answer: Answer) -> SplitResult | None:
    """Return where an answer sends us within the origin; anything else is an answer like any other."""
    if answer.status not in _MOVED or not answer.location:
        return None
    try:
        onward = urlsplit(urljoin(url.geturl(), answer.location))
        same = (onward.scheme, onward.hostname, onward.port) == (url.scheme, url.hostname, url.port)
    except ValueError:
        return None
    return onward._replace(netloc=url.netloc) if same else None


class _StaleLine(Exception):
    """The peer closed before the first byte of the answer."""


class _Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def usable(self) -> bool:
        """Tell whether the peer has not closed, as far as we know."""
        return not self._reader.at_eof() and not self._writer.is_closing()

    def close(self) -> None:
        """Drop the connection at once; nothing of value is on its way."""
        self._writer.transport.abort()

    async def ask(self, request: bytes, max_bytes: int) -> tuple[Answer, bool]:
        """Send a request, read its answer; returns it and whether the connection can be used again."""
        reply = Reply(max_bytes)
        try:
            self._writer.write(request)
            await self._writer.drain()
            await self._read(reply)
        except ConnectionError as error:
            if reply.begun:
                raise
            raise _StaleLine from error
        reason, kind = reply.reason.decode("latin-1"), reply.header(b"content-type")
        return Answer(reply.status, reason, kind, reply.body, reply.header(b"location")), reply.kept

    async def _read(self, reply: Reply) -> None:
        while not reply.done:
            data = await self._reader.read(_READ_BYTES)
            if data:
                reply.feed(data)
            elif reply.begun:
                reply.end()
            else:
                raise _StaleLine
