"""What can go wrong in remote write.

RemoteError
├── Malformed      a body that is no snappy, no protobuf, or no series
│   └── BadLabels  a series whose labels no store can keep; the others of its request are sound
├── TooLarge       a body beyond the limit
├── Undelivered    a receiver did not take samples; it knows whether trying again can help
└── PositionsLost  the file of positions cannot be read
"""

from __future__ import annotations


class RemoteError(Exception):
    """Stand above every error of this room."""


class Malformed(RemoteError):
    """Say where a body is broken."""


class BadLabels(Malformed):
    """Say what is wrong with the labels of one series."""


class TooLarge(RemoteError):
    """Refuse a body beyond the limit."""


class PositionsLost(RemoteError):
    """Say why the positions cannot be read."""


class Undelivered(RemoteError):
    """Say why a receiver did not take samples.

    `about_data` tells that it refuses these very samples; anything else is worth another try, `after`
    seconds from now where the receiver says so.
    """

    def __init__(self, text: str, *, about_data: bool = False, after: float | None = None) -> None:
        super().__init__(text)
        self.about_data = about_data
        self.after = after
