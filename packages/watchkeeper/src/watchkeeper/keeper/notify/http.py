"""A small HTTP client for channels: one request, one connection, one bounded answer.

asyncio streams and h11; a full-grown client would cost the keeper 20 MB. A connection is not kept:
pages are rare, and a kept one that went stale would leave it open whether the message was taken.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urljoin, urlsplit

import h11

from watchkeeper.keeper.notify.errors import ChannelError

_READ_BYTES = 65_536
_MOST_BYTES = 1 << 18
_MOST_REDIRECTS = 10
# Only these two promise that the message arrives as it was sent; the others make a GET of it.
_REDIRECTS = (307, 308)
_PASSES = ("authorization", "cookie", "host")
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; the URL is http or https."""

    method: str
    url: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Wire:
    """How to reach the other side: its certificate's judge, and a proxy in between.

    no_proxy names hosts that are reached directly; with by_environment both are the process's own.
    """

    tls: ssl.SSLContext | None = None
    server_name: str = ""
    proxy: str = ""
    no_proxy: str = ""
    by_environment: bool = False
    follow: bool = True

    async def exchange(self, request: Request) -> Answer:
        """Send a request, also where it is sent on to, and read the answer; raises ChannelError.

        The caller bounds the time.
        """
        for _ in range(_MOST_REDIRECTS):
            answer = await self._once(request)
            onward = sent_on(request, answer) if self.follow else None
            if onward is None:
                return answer
            request = onward
        raise broken(f"{place_of(urlsplit(request.url))} sends on in a circle")

    async def _once(self, request: Request) -> Answer:
        url = urlsplit(request.url)
        try:
            head = head_of(request, url, bool(self._proxy_for(url)) and url.scheme == "http")
        except h11.LocalProtocolError:
            # Its own words would tell the header, which may be a secret.
            why = "its URL or a header holds what HTTP does not allow"
            raise ChannelError(f"the request cannot be written: {why}", retryable=False) from None
        try:
            reader, writer = await self._connect(url)
        except (OSError, UnicodeError, ValueError, EOFError) as error:
            raise broken(f"cannot connect to {place_of(url)}: {told(error)}") from None
        try:
            return await _Line(reader, writer).ask(head, request.body)
        except h11.RemoteProtocolError as error:
            raise broken(f"{place_of(url)} broke off or does not speak HTTP: {error}") from None
        except (OSError, EOFError) as error:
            raise broken(f"the connection to {place_of(url)} broke: {told(error)}") from None
        finally:
            writer.transport.abort()

    def _proxy_for(self, url: SplitResult) -> str:
        """Return the proxy to a host, or nothing."""
        if not (self.by_environment or (self.proxy and self.no_proxy)):
            return self.proxy
        from urllib.request import getproxies_environment, proxy_bypass

        hidden = None if self.by_environment else {"no": self.no_proxy}
        if proxy_bypass(url.netloc.rpartition("@")[2], hidden):
            return ""
        return getproxies_environment().get(url.scheme, "") if self.by_environment else self.proxy

    async def _connect(self, url: SplitResult) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        secure = url.scheme == "https"
        context = self.tls or (ssl.create_default_context() if secure else None)
        name = (self.server_name or url.hostname) if secure else None
        through = self._proxy_for(url)
        if not through:
            return await asyncio.open_connection(
                url.hostname, port_of(url), ssl=context if secure else None, server_hostname=name
            )
        proxy = urlsplit(through)
        reader, writer = await asyncio.open_connection(proxy.hostname, port_of(proxy))
        try:
            if secure:
                await tunnel(reader, writer, f"{url.hostname}:{port_of(url)}", proxy)
                await writer.start_tls(context or ssl.create_default_context(), server_hostname=name)
        except BaseException:
            writer.transport.abort()
            raise
        return reader, writer


class _Line:
    """One connection, used once."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)

    async def ask(self, head: h11.Request, body: bytes) -> Answer:
        for part in (head, h11.Data(data=body), h11.EndOfMessage()):
            self._writer.write(self._http.send(part) or b"")
        await self._writer.drain()
        response = await self._response()
        parts, size = [], 0
        while isinstance(event := await self._event(), h11.Data) and size < _MOST_BYTES:
            parts.append(bytes(event.data))
            size += len(event.data)
        pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers)
        return Answer(response.status_code, tuple(pairs), b"".join(parts)[:_MOST_BYTES])

    async def _response(self) -> h11.Response:
        while True:
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise EOFError("closed without an answer")

    async def _event(self) -> h11.Event | type[h11.PAUSED]:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_READ_BYTES))
        return event  # type: ignore[return-value]


async def tunnel(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str, proxy: SplitResult
) -> None:
    """Ask a proxy for a way through (CONNECT)."""
    writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{proxy_pass(proxy)}\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if head.split(b" ", 2)[1:2] != [b"200"]:
        raise ConnectionError(f"the proxy said {head[:40].decode('latin-1').splitlines()[0]}")


def head_of(request: Request, url: SplitResult, by_proxy: bool) -> h11.Request:
    """Return the head of a request; the user and password of a URL become basic authentication."""
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    host = url.netloc.rpartition("@")[2]
    target = f"{url.scheme}://{host}{path}" if by_proxy else path
    headers = [
        ("Host", host),
        ("User-Agent", "watchkeeper"),
        ("Connection", "close"),
        ("Content-Length", str(len(request.body))),
        *request.headers,
    ]
    if url.username is not None and not any(name.lower() == "authorization" for name, _ in headers):
        headers.append(("Authorization", basic(url.username, url.password or "")))
    return h11.Request(method=request.method, target=target, headers=headers)


def sent_on(request: Request, answer: Answer) -> Request | None:
    """Return the request to where an answer sends it on; another host gets no passwords."""
    place = answer.header("location")
    if answer.status not in _REDIRECTS or not place:
        return None
    target = urljoin(request.url, place)
    old, new = urlsplit(request.url), urlsplit(target)
    if new.scheme not in ("http", "https") or not new.hostname or new.scheme < old.scheme:
        return None
    if (old.scheme, old.hostname, old.port) == (new.scheme, new.hostname, new.port):
        return replace(request, url=target)
    headers = tuple(pair for pair in request.headers if pair[0].lower() not in _PASSES)
    return replace(request, url=target, headers=headers)


def basic(user: str, password: str) -> str:
    """Return the value of an Authorization header for a user and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def proxy_pass(proxy: SplitResult) -> str:
    if proxy.username is None:
        return ""
    return f"Proxy-Authorization: {basic(proxy.username, proxy.password or '')}\r\n"


def port_of(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def place_of(url: SplitResult) -> str:
    """Return host and port: a path may hold a secret."""
    return f"{url.hostname}:{port_of(url)}"


def told(error: BaseException) -> str:
    return str(error) or type(error).__name__


def broken(text: str) -> ChannelError:
    return ChannelError(text, reason="connection")
