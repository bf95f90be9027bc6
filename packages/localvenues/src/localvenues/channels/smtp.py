"""A mail server: EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA; it can refuse, hang and die as scripted.

Source: RFC 5321, RFC 3207, RFC 4954. Whoever has the right user and password, or asks for none, is let in.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import email
import email.policy
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from localvenues.channels.received import Received
from localvenues.channels.script import Scripts, Step

_LIMIT = 1 << 20


@dataclass(slots=True)
class Envelope:
    """What a client has said so far."""

    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    user: str = ""


class Mailbox:
    """Takes mail on loopback."""

    def __init__(
        self,
        scripts: Scripts,
        received: Received,
        tls: ssl.SSLContext | None,
        login: tuple[str, str] = ("", ""),
    ) -> None:
        self._scripts = scripts
        self._received = received
        self._tls = tls
        self._login = login
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self, port: int = 0) -> int:
        """Listen and return the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def close(self) -> None:
        """Stop, and end every session."""
        if self._server is not None:
            self._server.close()
        for task in self._sessions:
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        session = _Session(self, reader, writer, self._scripts.next("smtp"))
        try:
            await session.run()
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # a client that leaves, a server that stops
        finally:
            self._sessions.discard(task)
            writer.transport.abort()

    @property
    def tls(self) -> ssl.SSLContext | None:
        return self._tls

    def knows(self, user: str, password: str) -> bool:
        return not self._login[0] or (user, password) == self._login

    def take(self, envelope: Envelope, raw: bytes, *, answer: int, taken: bool) -> None:
        """Write a message down."""
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        body = {"from": envelope.sender, "user": envelope.user, "headers": headers(message), **parts(message)}
        key = str(message.get("Message-ID", ""))
        self._received.note(
            "smtp", body, answer=answer, taken=taken, to=", ".join(envelope.recipients), key=key
        )


class _Session:
    """One connection, with one scripted step before it."""

    def __init__(
        self, box: Mailbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, step: Step
    ) -> None:
        self._box = box
        self._reader = reader
        self._writer = writer
        self._step = step
        self._secure = False
        self._envelope = Envelope()

    async def run(self) -> None:
        if self._step.kind == "hang":
            await asyncio.sleep(3600)
        if self._step.kind == "reset":
            return
        await self._say("220 localhost ready")
        while line := await self._reader.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                await self._say("221 bye")
                return
            if not await self._obey(verb.upper(), rest):
                return

    async def _obey(self, verb: str, rest: str) -> bool:
        """Do what a client asks; return False to hang up."""
        match verb:
            case "EHLO" | "HELO":
                await self._hello()
            case "STARTTLS" if self._box.tls is not None and not self._secure:
                await self._say("220 go ahead")
                await self._writer.start_tls(self._box.tls)
                self._secure, self._envelope = True, Envelope()
            case "AUTH":
                await self._auth(rest)
            case "MAIL":
                self._envelope = Envelope(address(rest), user=self._envelope.user)
                await self._say("250 ok")
            case "RCPT":
                self._envelope.recipients.append(address(rest))
                await self._say("250 ok")
            case "DATA":
                return await self._data()
            case "RSET" | "NOOP":
                await self._say("250 ok")
            case _:
                await self._say("502 not known here")
        return True

    async def _hello(self) -> None:
        offers = ["localhost", "SIZE 1048576", "8BITMIME"]
        offers += ["STARTTLS"] if self._box.tls is not None and not self._secure else []
        offers += ["AUTH PLAIN LOGIN"]
        for line in offers[:-1]:
            await self._say(f"250-{line}")
        await self._say(f"250 {offers[-1]}")

    async def _auth(self, rest: str) -> None:
        way, _, first = rest.partition(" ")
        try:
            if way.upper() == "PLAIN":
                word = first or await self._ask("334 ")
                _, user, password = base64.b64decode(word).decode().split("\0")
            else:
                user = base64.b64decode(await self._ask("334 VXNlcm5hbWU6")).decode()
                password = base64.b64decode(await self._ask("334 UGFzc3dvcmQ6")).decode()
        except (binascii.Error, ValueError):
            return await self._say("501 cannot be read")
        known = self._box.knows(user, password)
        self._envelope.user = user if known else ""
        await self._say("235 welcome" if known else "535 unknown user or password")

    async def _data(self) -> bool:
        await self._say("354 go on")
        if self._step.kind == "die":
            await self._reader.readline()
            return False
        raw = (await self._reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
        if self._step.kind == "status" and self._step.status // 100 != 2:
            self._box.take(self._envelope, raw, answer=self._step.status, taken=False)
            await self._say(f"{self._step.status} scripted")
        elif self._step.kind == "half-close":
            self._box.take(self._envelope, raw, answer=0, taken=True)
            return False
        else:
            await asyncio.sleep(self._step.seconds)
            self._box.take(self._envelope, raw, answer=250, taken=True)
            await self._say("250 taken")
        self._step = Step()
        return True

    async def _ask(self, line: str) -> bytes:
        await self._say(line)
        return (await self._reader.readline()).strip()

    async def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()


def address(text: str) -> str:
    """Return what stands between the angle brackets."""
    return text.partition("<")[2].partition(">")[0]


def headers(message: EmailMessage) -> dict[str, str]:
    return {name: str(value) for name, value in message.items()}


def parts(message: EmailMessage) -> dict[str, Any]:
    """Return the plain and the HTML part of a message."""
    found = {}
    for name, kind in (("text", "plain"), ("html", "html")):
        part = message.get_body(preferencelist=(kind,))
        found[name] = part.get_content() if part is not None else ""
    return found
