"""A small HTTP client: one kept connection per target, bounded answers, no surprises.

asyncio streams and h11; a full-grown client would cost the keeper 20 MB.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import h11

from watchkeeper.keeper.scrape.errors import BodyTooLarge, FetchError

_READ_BYTES = 65_536
_Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; the body is uncompressed."""

    status: int
    reason: str
    content_type: str
    body: bytes


class Client:
    """Requests to one origin, one at a time; the caller bounds the time with `asyncio.timeout`."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        self._url: SplitResult = urlsplit(url)
        self._tls = tls
        self._line: _Line | None = None

    async def get(self, headers: Iterable[tuple[str, str]], max_bytes: int) -> Answer:
        """Fetch the URL; raises FetchError. A kept connection that went stale is replaced once."""
        line, self._line = self._line, None
        if line is not None and line.usable():
            try:
                return await self._on(line, headers, max_bytes)
            except _StaleLine:
                pass
        try:
            return await self._on(await self._connect(), headers, max_bytes)
        except _StaleLine as error:
            raise FetchError("the target closed the connection without an answer") from error

    def close(self) -> None:
        """Give the connection up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    async def _on(self, line: _Line, headers: Iterable[tuple[str, str]], max_bytes: int) -> Answer:
        keep = False
        try:
            answer, keep = await line.ask(self._request(headers), max_bytes)
            return answer
        except (OSError, EOFError) as error:
            raise FetchError(f"the connection broke: {error}") from error
        except h11.RemoteProtocolError as error:
            raise FetchError(f"the target does not speak HTTP: {error}") from error
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

    def _request(self, headers: Iterable[tuple[str, str]]) -> h11.Request:
        path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        host = self._url.netloc.rpartition("@")[2]
        return h11.Request(method="GET", target=path, headers=[("Host", host), *headers])


class _StaleLine(Exception):
    """The peer closed before the first byte of the answer."""


class _Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)

    def usable(self) -> bool:
        """Tell whether the peer has not closed, as far as we know."""
        return not self._reader.at_eof() and not self._writer.is_closing()

    def close(self) -> None:
        """Drop the connection at once; nothing of value is on its way."""
        self._writer.transport.abort()

    async def ask(self, request: h11.Request, max_bytes: int) -> tuple[Answer, bool]:
        """Send a request, read its answer; returns it and whether the connection can be used again."""
        try:
            self._writer.write(self._http.send(request) or b"")
            self._writer.write(self._http.send(h11.EndOfMessage()) or b"")
            await self._writer.drain()
            response = await self._response()
        except (ConnectionError, EOFError) as error:
            raise _StaleLine from error
        body = await self._body(response, max_bytes)
        kept = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if kept:
            self._http.start_next_cycle()
        reason = bytes(response.reason).decode("latin-1")
        return Answer(response.status_code, reason, _header(response, b"content-type"), body), kept

    async def _response(self) -> h11.Response:
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Response):
                return event
            if event is h11.NEED_DATA:
                await self._more(first=True)
            elif not isinstance(event, h11.InformationalResponse):
                raise EOFError("no answer")

    async def _body(self, response: h11.Response, max_bytes: int) -> bytes:
        length = _header(response, b"content-length")
        _check_size(int(length) if length.isdecimal() else 0, max_bytes)
        unpack = _unpacker(_header(response, b"content-encoding"))
        parts, size = [], 0
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                await self._more()
            elif isinstance(event, h11.Data):
                part = unpack(bytes(event.data), max_bytes - size + 1 if max_bytes else 0)
                parts.append(part)
                size += len(part)
                _check_size(size, max_bytes)
            else:
                unpack.finish()
                return b"".join(parts)

    async def _more(self, *, first: bool = False) -> None:
        data = await self._reader.read(_READ_BYTES)
        if not data and first:
            raise EOFError("closed")
        self._http.receive_data(data)


class _Plain:
    """A body as it is."""

    def __call__(self, data: bytes, room: int) -> bytes:
        return data

    def finish(self) -> None:
        """Nothing is held back."""


class _Gzip:
    """A gzip body, never unpacked further than there is room: a bomb does not go off."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    def __call__(self, data: bytes, room: int) -> bytes:
        try:
            return self._stream.decompress(data, room)
        except zlib.error as error:
            raise FetchError(f"the answer is no valid gzip: {error}") from error

    def finish(self) -> None:
        """Raise FetchError when the stream was cut off."""
        if not self._stream.eof:
            raise FetchError("the gzip answer was cut off")


def _unpacker(encoding: str) -> _Plain | _Gzip:
    if encoding in ("", "identity"):
        return _Plain()
    if encoding in ("gzip", "x-gzip"):
        return _Gzip()
    raise FetchError(f"unknown content encoding {encoding!r}")


def _header(response: h11.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key == name), "")


def _check_size(size: int, max_bytes: int) -> None:
    if max_bytes and size > max_bytes:
        raise BodyTooLarge(f"the answer is longer than body_size_limit ({max_bytes} bytes)")
