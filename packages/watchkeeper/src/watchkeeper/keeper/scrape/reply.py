"""One answer as it comes in: head and body within their bounds, unpacked on the way."""

from __future__ import annotations

import zlib

import httptools

from watchkeeper.keeper.scrape.errors import BodyTooLarge, FetchError

_MOST_HEAD = 65_536


class Reply:
    """Feed it what was read until it is `done`; the body is bounded, packed or not. 0 is no bound.

    Feeding raises FetchError for what is no HTTP and BodyTooLarge.
    """

    def __init__(self, max_bytes: int) -> None:
        self.status = 0
        self.reason = b""
        self.begun = False
        """The first byte has come."""
        self.done = False
        self.kept = False
        """Nothing stands against another request over the same connection."""
        self._headers: dict[bytes, bytes] = {}
        self._most = max_bytes
        self._head_size = 0
        self._headed = False
        self._body: _Body | None = None
        self._arrived: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)

    @property
    def body(self) -> bytes:
        """The whole body, unpacked."""
        return self._body.whole() if self._body else b""

    def header(self, name: bytes) -> str:
        """Return the value of a header by its lower-case name, or nothing."""
        return self._headers.get(name, b"").decode("latin-1")

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        self.begun = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise FetchError(f"the target does not speak HTTP: {error}") from error
        if self._headed:
            self._take()
        else:
            self._head_size += len(data)
            if self._head_size > _MOST_HEAD:
                raise FetchError("the target does not speak HTTP: its header does not end")

    def end(self) -> None:
        """The connection was closed: right only for a body whose length was not told."""
        told = b"content-length" in self._headers or b"transfer-encoding" in self._headers
        if self._body is None or told:
            raise FetchError("the target does not speak HTTP: it closed before the answer was whole")
        self.done = True
        self._body.finish()

    def _take(self) -> None:
        if self._body is None:
            self._body = _Body(self.header(b"content-length"), self.header(b"content-encoding"), self._most)
        for part in self._arrived:
            self._body.add(part)
        self._arrived.clear()
        if self.done:
            self._body.finish()

    # --- what the parser tells; it would hide what is raised here ---

    def on_message_begin(self) -> None:
        """Begin an answer; what comes after a whole one nobody has asked for."""
        self.kept = False

    def on_status(self, text: bytes) -> None:
        """Take the words after the code."""
        if not self.done:
            self.reason += text

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; the first of a name counts."""
        if not self.done:
            self._headers.setdefault(name.lower(), value)

    def on_headers_complete(self) -> None:
        """Note the end of the head; an answer like 100 Continue has no body and another one follows."""
        if not self._headed:
            self.status = int(self._parser.get_status_code())
            self._headed = self.status >= 200

    def on_body(self, data: bytes) -> None:
        """Take a part of the body."""
        if not self.done:
            self._arrived.append(data)

    def on_message_complete(self) -> None:
        """Note the end of the answer."""
        if not self._headed:
            self.reason = b""
            self._headers.clear()
        elif not self.done:
            self.done = True
            self.kept = bool(self._parser.should_keep_alive())


class _Body:
    """The parts of a body, each unpacked as it comes, never beyond the bound."""

    def __init__(self, length: str, encoding: str, most: int) -> None:
        self._most = most
        self._size = 0
        self._parts: list[bytes] = []
        self._check(int(length) if length.isdecimal() else 0)
        self._unpack = unpacker(encoding)

    def add(self, part: bytes) -> None:
        """Take a part as it was sent."""
        unpacked = self._unpack(part, self._most - self._size + 1 if self._most else 0)
        self._parts.append(unpacked)
        self._size += len(unpacked)
        self._check(self._size)

    def finish(self) -> None:
        """Raise FetchError when the packed stream was cut off."""
        self._unpack.finish()

    def whole(self) -> bytes:
        return b"".join(self._parts)

    def _check(self, size: int) -> None:
        if self._most and size > self._most:
            raise BodyTooLarge(f"the answer is longer than body_size_limit ({self._most} bytes)")


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


def unpacker(encoding: str) -> _Plain | _Gzip:
    """Return what unpacks a content encoding; raises FetchError."""
    if encoding in ("", "identity"):
        return _Plain()
    if encoding in ("gzip", "x-gzip"):
        return _Gzip()
    raise FetchError(f"unknown content encoding {encoding!r}")
