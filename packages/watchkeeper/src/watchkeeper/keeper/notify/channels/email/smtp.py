"""An SMTP session on asyncio streams, so that a server that hangs holds up nothing else.

Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 2195 (CRAM-MD5).
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from watchkeeper.keeper.notify.errors import ChannelError, Reason

_LINES = 100
_MALFORMED = frozenset({501, 552, 554, 555})


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer: three digits, and its lines."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    def expect(self, hundreds: int, doing: str) -> Reply:
        """Return the reply where it is of a class, else raise ChannelError: 4xx can be tried again."""
        if self.code // 100 == hundreds:
            return self
        reason: Reason = "authError" if self.code in (530, 534, 535, 538) else "serverError"
        raise ChannelError(
            f"{doing}: {self.code} {self.text}",
            retryable=self.code // 100 != 5,
            reason=reason if self.code // 100 != 5 or reason == "authError" else "clientError",
            malformed=self.code in _MALFORMED and doing == "DATA",
        )


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are: user and password, and CRAM-MD5's secret."""

    user: str = ""
    password: str = ""
    secret: str = ""
    identity: str = ""


class Session:
    """One connection to a server. Every method raises ChannelError; the caller bounds the time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secure: bool) -> None:
        self._reader = reader
        self._writer = writer
        self._secure = secure
        self._extensions: dict[str, str] = {}

    @classmethod
    async def open(cls, host: str, port: int, tls: ssl.SSLContext | None) -> Self:
        """Connect; with a context, over TLS from the first byte (port 465)."""
        try:
            reader, writer = await asyncio.open_connection(
                host, port, ssl=tls, server_hostname=host if tls else None
            )
        except (OSError, UnicodeError, EOFError) as error:
            told = str(error) or type(error).__name__
            raise ChannelError(f"cannot connect to {host}:{port}: {told}", reason="connection") from None
        session = cls(reader, writer, tls is not None)
        try:
            (await session.reply()).expect(2, "greeting")
        except BaseException:
            session.close()
            raise
        return session

    async def hello(self, name: str) -> None:
        """Introduce ourselves and learn what the server can do."""
        reply = (await self.ask(f"EHLO {name}")).expect(2, "EHLO")
        pairs = (line.partition(" ") for line in reply.lines[1:])
        self._extensions = {word.upper(): rest for word, _, rest in pairs}

    async def secure(self, tls: ssl.SSLContext, host: str, name: str) -> None:
        """Go on over TLS, and introduce ourselves anew."""
        (await self.ask("STARTTLS")).expect(2, "STARTTLS")
        # What came in the clear behind the answer may be an attacker's (CVE-2011-0411).
        if self._reader._buffer:  # type: ignore[attr-defined]
            raise ChannelError("the server spoke before TLS began", reason="connection")
        try:
            await self._writer.start_tls(tls, server_hostname=host)
        except (OSError, EOFError) as error:
            told = str(error) or type(error).__name__
            raise ChannelError(f"STARTTLS: {told}", reason="connection") from None
        self._secure = True
        await self.hello(name)

    def offers(self, extension: str) -> bool:
        return extension in self._extensions

    async def login(self, login: Login, host: str) -> None:
        """Authenticate by the safest way that both sides know; never in the clear off this machine."""
        known = self._extensions.get("AUTH", "").upper().split()
        if "CRAM-MD5" in known and login.secret:
            return await self._cram(login)
        if not self._secure and not loopback(host):
            raise ChannelError("the server offers no TLS: the password stays here", retryable=False)
        if "PLAIN" in known and login.password:
            word = encoded(f"{login.identity}\0{login.user}\0{login.password}")
            (await self.ask(f"AUTH PLAIN {word}")).expect(2, "AUTH")
        elif "LOGIN" in known and login.password:
            (await self.ask("AUTH LOGIN")).expect(3, "AUTH")
            (await self.ask(encoded(login.user))).expect(3, "AUTH")
            (await self.ask(encoded(login.password))).expect(2, "AUTH")
        else:
            told = " ".join(known) or "none"
            raise ChannelError(f"AUTH: no way that both sides know (server: {told})", retryable=False)

    async def _cram(self, login: Login) -> None:
        reply = (await self.ask("AUTH CRAM-MD5")).expect(3, "AUTH")
        try:
            challenge = base64.b64decode(reply.text)
        except ValueError:
            raise ChannelError("AUTH: the server's challenge is not base64", reason="connection") from None
        digest = hmac.new(login.secret.encode(), challenge, "md5").hexdigest()
        (await self.ask(encoded(f"{login.user} {digest}"))).expect(2, "AUTH")

    async def deliver(self, sender: str, recipients: Sequence[str], message: bytes) -> list[str]:
        """Hand a message over; its lines end in CRLF. Done when the server has taken it.

        Returns why some of the recipients are refused for good: a mailbox that is gone must not keep the
        page from the others. One that is put off puts the message off, so that nobody gets it twice.
        """
        (await self.ask(f"MAIL FROM:<{sender}>")).expect(2, "MAIL")
        refused: list[str] = []
        for recipient in recipients:
            reply = await self.ask(f"RCPT TO:<{recipient}>")
            if reply.code // 100 != 5 or len(refused) == len(recipients) - 1:
                reply.expect(2, f"RCPT {recipient}")
            else:
                refused.append(f"RCPT {recipient}: {reply.code} {reply.text}")
        (await self.ask("DATA")).expect(3, "DATA")
        stuffed = message.replace(b"\r\n.", b"\r\n..")
        stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
        await self._write(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        (await self.reply()).expect(2, "DATA")
        return refused

    async def quit(self) -> None:
        """Part in peace; the message is taken already, so nothing here can fail it."""
        try:
            await self.ask("QUIT")
        except ChannelError:
            pass

    def close(self) -> None:
        self._writer.transport.abort()

    async def ask(self, line: str) -> Reply:
        """Send one line and read the answer."""
        if "\r" in line or "\n" in line:
            raise ChannelError("an SMTP command of two lines", retryable=False)
        await self._write(f"{line}\r\n".encode("utf-8", "replace"))
        return await self.reply()

    async def reply(self) -> Reply:
        """Read an answer of one or more lines."""
        lines: list[str] = []
        while len(lines) < _LINES:
            line = await self._line()
            lines.append(line[4:])
            if line[3:4] != "-":
                if not line[:3].isdecimal():
                    break
                return Reply(int(line[:3]), tuple(lines))
        raise ChannelError("the server does not speak SMTP", reason="connection")

    async def _line(self) -> str:
        try:
            raw = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise ChannelError("the server does not speak SMTP", reason="connection") from None
        except (OSError, EOFError) as error:
            told = "closed" if isinstance(error, EOFError) else str(error)
            raise ChannelError(f"the connection broke: {told}", reason="connection") from None
        return raw.decode("utf-8", "replace").rstrip("\r\n")

    async def _write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise ChannelError(f"the connection broke: {error}", reason="connection") from None


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
