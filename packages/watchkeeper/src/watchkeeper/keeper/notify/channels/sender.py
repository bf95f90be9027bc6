"""What sends a notification, and what all senders share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.errors import ChannelError, TextFailed
from watchkeeper.keeper.notify.http import Answer, Request, Wire
from watchkeeper.keeper.notify.message import Texts, View, view_of
from watchkeeper.keeper.notify.message.texts import Writing
from watchkeeper.keeper.notify.pace import Limit
from watchkeeper.keeper.notify.redaction import Redactor


class Sender(Protocol):
    """One entry of a receiver: it tells one notification, or says why not.

    timeout bounds one send in seconds; limit is how often it may be used; width is how many sends may
    be under way at once.
    """

    @property
    def kind(self) -> str: ...

    @property
    def timeout(self) -> float: ...

    @property
    def limit(self) -> Limit: ...

    @property
    def width(self) -> int: ...

    async def send(self, notification: Notification, key: str) -> None:
        """Tell it, or raise ChannelError. key stays the same when it is sent again."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How this keeper speaks: its texts, its address, what it keeps to itself."""

    texts: Texts = field(default_factory=Texts)
    redactor: Redactor = field(default_factory=Redactor)
    external_url: str = ""
    ack_token: Callable[[Notification], str] | None = None

    def view(self, notification: Notification, key: str) -> View:
        """Return what channels may see of a notification."""
        return view_of(notification, key, self.redactor, self.external_url, self.ack_token)


class Vendor(Protocol):
    """The shape of one vendor's API. acknowledges tells whether it wants to hear of acknowledgements."""

    kind: str
    acknowledges: bool

    def rich(self, view: View, writing: Writing) -> Request:
        """Return the request with all texts; raises TextFailed, SettingsInvalid."""

    def plain(self, view: View, failure: str) -> Request:
        """Return a request that no text can spoil; failure says why it is plain."""

    def verdict(self, answer: Answer) -> ChannelError | None:
        """Return what an answer says went wrong, None for a message that was taken."""


@dataclass(frozen=True, slots=True)
class HttpSender:
    """Sends to a vendor by HTTP: the rich message, else the plain one with the reason in it."""

    vendor: Vendor
    wire: Wire
    voice: Voice
    timeout: float = 10.0
    limit: Limit = field(default_factory=Limit)
    width: int = 8

    @property
    def kind(self) -> str:
        return self.vendor.kind

    async def send(self, notification: Notification, key: str) -> None:
        view = self.voice.view(notification, key)
        if view.acknowledged and not self.vendor.acknowledges:
            return
        error = await self._rich_or_plain(view)
        if error is not None:
            raise hushed(error, self.voice.redactor)

    async def _rich_or_plain(self, view: View) -> ChannelError | None:
        try:
            request = self.vendor.rich(view, self.voice.texts.of(view))
        except TextFailed as failure:
            return await self._try(self.vendor.plain(view, str(failure)))
        error = await self._try(request)
        if error is None or not error.malformed:
            return error
        # What the vendor cannot read in its rich form may pass in its plainest.
        return await self._try(self.vendor.plain(view, self.voice.redactor.text(str(error))))

    async def _try(self, request: Request) -> ChannelError | None:
        try:
            return self.vendor.verdict(await self.wire.exchange(request))
        except ChannelError as error:
            return error


def hushed(error: ChannelError, redactor: Redactor) -> ChannelError:
    """Return an error whose text holds no secret."""
    return ChannelError(
        redactor.text(str(error)),
        retryable=error.retryable,
        reason=error.reason,
        retry_after=error.retry_after,
        malformed=error.malformed,
    )
