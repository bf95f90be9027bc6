"""Notifications as e-mail; settings as Alertmanager's email_configs."""

from __future__ import annotations

import hashlib
import logging
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from typing import Any

import msgspec

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.channels.email.smtp import Login, Session
from watchkeeper.keeper.notify.channels.sender import Voice, hushed
from watchkeeper.keeper.notify.channels.settings import (
    ChannelSettings,
    Place,
    Secret,
    TlsConfig,
    secret,
    tls_context,
)
from watchkeeper.keeper.notify.errors import ChannelError, SettingsInvalid, TextFailed
from watchkeeper.keeper.notify.message import View, plain_text, subject
from watchkeeper.keeper.notify.message.times import moment
from watchkeeper.keeper.notify.pace import Limit

LIMIT = Limit(per_second=1.0, burst=10)
LOG = logging.getLogger("watchkeeper.notify")
OWN = frozenset({"to", "from", "subject", "date", "message-id", "mime-version", "content-type"})


class EmailSettings(ChannelSettings, frozen=True, kw_only=True):
    """An entry of `email_configs`; what is empty comes from the global smtp_* settings."""

    to: str = ""
    from_: str = msgspec.field(default="", name="from")
    smarthost: str = ""
    hello: str = "localhost"
    auth_username: str = ""
    auth_password: str = ""
    auth_password_file: str = ""
    auth_secret: str = ""
    auth_secret_file: str = ""
    auth_identity: str = ""
    require_tls: bool = True
    implicit_tls: bool | None = None
    force_implicit_tls: bool | None = None
    threading: Any = None
    tls_config: TlsConfig = TlsConfig()
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    html: str = '{{ template "email.default.html" . }}'
    text: str = '{{ template "email.default.text" . }}'


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over, and how."""

    host: str
    port: int
    hello: str
    implicit: bool
    require_tls: bool
    tls: ssl.SSLContext


class EmailSender:
    """Sends one message to all recipients; its Message-ID is the same when it is sent again."""

    kind = "email"
    width = 2

    def __init__(
        self, settings: EmailSettings, server: Server, password: Secret, cram: Secret, voice: Voice,
        timeout: float, limit: Limit,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._server = server
        self._password = password
        self._cram = cram
        self._voice = voice
        self.timeout = timeout
        self.limit = limit
        self._sender = addresses(settings.from_)[0]
        self._recipients = addresses(settings.to)

    @classmethod
    def of(
        cls, settings: EmailSettings, path: str, place: Place, voice: Voice, timeout: float, limit: Limit
    ) -> EmailSender:
        """Return it from settings; raises SettingsInvalid."""
        for name, text in (("to", settings.to), ("from", settings.from_)):
            if not addresses(text):
                raise SettingsInvalid(f"{path}.{name}", f"missing or no address: {text!r}")
        password = secret(settings, "auth_password", path, place)
        cram = secret(settings, "auth_secret", path, place)
        return cls(settings, server_of(settings, path, place), password, cram, voice, timeout, limit)

    async def send(self, notification: Notification, key: str) -> None:
        view = self._voice.view(notification, key)
        try:
            await self._rich_or_plain(view)
        except ChannelError as error:
            raise hushed(error, self._voice.redactor) from None

    async def _rich_or_plain(self, view: View) -> None:
        try:
            message = self._rich(view)
        except TextFailed as failure:
            return await self._deliver(self._plain(view, str(failure)))
        try:
            await self._deliver(message)
        except ChannelError as error:
            if not error.malformed:
                raise
            await self._deliver(self._plain(view, self._voice.redactor.text(str(error))))

    def _rich(self, view: View) -> EmailMessage:
        settings, writing = self._settings, self._voice.texts.of(view)
        given = {name.lower(): (name, text) for name, text in settings.headers.items()}
        title = given.get("subject", ("", '{{ template "email.default.subject" . }}'))[1]
        message = self._envelope(view, writing.text("headers.Subject", title))
        for low, (name, text) in given.items():
            if low not in OWN:
                message[name] = one_line(writing.text(f"headers.{name}", text))
        message.set_content(writing.text("text", settings.text) or plain_text(view))
        if settings.html:
            message.add_alternative(writing.text("html", settings.html, html=True), subtype="html")
        return message

    def _plain(self, view: View, failure: str) -> EmailMessage:
        message = self._envelope(view, subject(view))
        message.set_content(plain_text(view, failure))
        return message

    def _envelope(self, view: View, title: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["Subject"] = one_line(title)[:900]
        message["From"] = one_line(self._settings.from_)
        message["To"] = one_line(self._settings.to)
        message["Date"] = format_datetime(moment(view.at))
        message["Message-ID"] = f"<{view.key}@watchkeeper>"
        thread = hashlib.sha256(view.group_key.encode("utf-8", "replace")).hexdigest()[:32]
        message["References"] = f"<{thread}@watchkeeper>"
        message["Auto-Submitted"] = "auto-generated"
        return message

    async def _deliver(self, message: EmailMessage) -> None:
        server = self._server
        try:
            raw = message.as_bytes()
        except (UnicodeError, ValueError) as error:
            raise ChannelError(
                f"the message cannot be written: {error}", retryable=False, malformed=True
            ) from None
        session = await Session.open(server.host, server.port, server.tls if server.implicit else None)
        try:
            await self._prepare(session)
            for refused in await session.deliver(self._sender, self._recipients, raw):
                LOG.error("the mail goes to the others alone: %s", self._voice.redactor.text(refused))
            await session.quit()
        finally:
            session.close()

    async def _prepare(self, session: Session) -> None:
        server, settings = self._server, self._settings
        await session.hello(server.hello)
        if not server.implicit and session.offers("STARTTLS"):
            await session.secure(server.tls, server.host, server.hello)
        elif server.require_tls and not server.implicit:
            # It may be back with the server's next configuration; the page waits rather than leaks.
            raise ChannelError("require_tls is set and the server offers no STARTTLS", reason="connection")
        if settings.auth_username and session.offers("AUTH"):
            login = Login(
                settings.auth_username, self._password.read(), self._cram.read(), settings.auth_identity
            )
            self._voice.redactor.learn(login.password, login.secret)
            await session.login(login, server.host)


def server_of(settings: EmailSettings, path: str, place: Place) -> Server:
    """Return where mail goes; raises SettingsInvalid."""
    host, colon, port = settings.smarthost.rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise SettingsInvalid(f"{path}.smarthost", f"expected host:port, got {settings.smarthost!r}")
    given = settings.implicit_tls if settings.implicit_tls is not None else settings.force_implicit_tls
    implicit = int(port) == 465 if given is None else given
    tls = tls_context(settings.tls_config, f"{path}.tls_config", place)
    return Server(host.strip("[]"), int(port), settings.hello, implicit, settings.require_tls, tls)


def addresses(text: str) -> list[str]:
    """Return the bare addresses in a header's text; what is no address is left out."""
    found = []
    for _, address in getaddresses([one_line(text)]):
        try:
            found.append(Address(addr_spec=address).addr_spec)
        except (ValueError, IndexError, AttributeError):
            continue
    return [address for address in found if "@" in address]


def one_line(text: str) -> str:
    """Return a text that cannot begin a header of its own."""
    return " ".join(text.split())
