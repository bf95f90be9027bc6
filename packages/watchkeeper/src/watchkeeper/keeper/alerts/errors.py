"""What can go wrong in this room.

AlertsError
├── AlertInvalid         an alert that was posted cannot be taken
├── MatcherInvalid       a matcher cannot be read
├── IntervalInvalid      a time interval cannot be read
├── SilenceError
│   ├── SilenceInvalid   a silence breaks a rule
│   └── SilenceUnknown   no silence has this id
├── AlertUnknown         no alert has this fingerprint
└── AlertingInvalid      a configuration cannot be used; it names the field
    └── ChannelLacking   a receiver asks for a kind of channel that this keeper does not have
"""

from __future__ import annotations


class AlertsError(Exception):
    """Stand above every error of this room."""


class AlertInvalid(AlertsError):
    """Say why an alert cannot be taken."""


class MatcherInvalid(AlertsError):
    """Say why a matcher cannot be read, in Alertmanager's words."""


class IntervalInvalid(AlertsError):
    """Say why a time interval cannot be read."""


class SilenceError(AlertsError):
    """Stand above what can go wrong with silences."""


class SilenceInvalid(SilenceError):
    """Say which rule a silence breaks."""


class SilenceUnknown(SilenceError):
    """Say that no silence has this id."""


class AlertUnknown(AlertsError):
    """Say that no alert has this fingerprint."""


class AlertingInvalid(AlertsError):
    """Say which field of a configuration is wrong, and how."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class ChannelLacking(AlertingInvalid):
    """Say which receiver asks for a kind of channel that does not exist here."""

    def __init__(self, field: str, receiver: str, kind: str) -> None:
        super().__init__(field, f"receiver {receiver!r} asks for {kind}, which this keeper cannot send")
        self.receiver = receiver
        self.kind = kind
