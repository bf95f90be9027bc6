"""What can go wrong while telling.

NotifyError
├── ChannelError       a channel did not take a notification; it says whether and when to try again
├── SettingsInvalid    a channel's settings cannot be used; it names the field
├── TextFailed         a template failed on a notification
├── TokenInvalid       an acknowledgement's token is forged, cut or too old
├── Undeliverable      a notification cannot be sent again; it says why
├── OutboxUnreadable   what became of notifications cannot be read
└── OutboxUnwritable   the disk refused the outbox's rows
"""

from __future__ import annotations

from typing import Literal

Reason = Literal["authError", "rateLimited", "clientError", "serverError", "connection", "timeout", "other"]
"""Why a channel did not take it: Alertmanager's words, and two of ours for what has no status."""


class NotifyError(Exception):
    """The root of this room's errors."""


class ChannelError(NotifyError):
    """A channel did not take a notification. The channel knows whether trying again can help.

    retry_after is the pause that the channel asked for, in seconds; malformed tells that it refused
    the message itself, so that a plainer one may pass.
    """

    def __init__(
        self,
        text: str,
        *,
        retryable: bool = True,
        reason: Reason = "other",
        retry_after: float | None = None,
        malformed: bool = False,
    ) -> None:
        super().__init__(text)
        self.retryable = retryable
        self.reason: Reason = reason
        self.retry_after = retry_after
        self.malformed = malformed


class SettingsInvalid(NotifyError):
    """Say which field of a channel's settings is wrong, and how."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class TextFailed(NotifyError):
    """Say which text of a message could not be written, and why."""


class TokenInvalid(NotifyError):
    """Say why a token does not acknowledge anything."""


class Undeliverable(NotifyError):
    """A notification cannot be sent again; known tells whether there is one that was not delivered."""

    def __init__(self, text: str, *, known: bool) -> None:
        super().__init__(text)
        self.known = known


class OutboxUnreadable(NotifyError):
    """The outbox's rows could not be read."""


class OutboxUnwritable(NotifyError):
    """The disk refused a write; nothing that was written before is lost."""
