"""The messages that a feed server still holds, and which of them a client is sent at first.

Source: nitro wsbroadcastserver/clientconnection.go and broadcaster/backlog.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

SEGMENT = 240


class Backlog:
    """Encoded messages with consecutive sequence numbers; old ones leave when they are confirmed."""

    def __init__(self) -> None:
        self._messages: deque[bytes] = deque()
        self.head = 0

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def tail(self) -> int:
        """Return the last sequence number held; meaningless while the backlog is empty."""
        return self.head + len(self._messages) - 1

    def append(self, number: int, message: bytes) -> None:
        """Hold a message; a number that does not follow the tail starts the backlog anew."""
        if not self._messages or number != self.tail + 1:
            self._messages.clear()
            self.head = number
        self._messages.append(message)

    def confirm(self, number: int) -> None:
        """Drop the messages up to and including number."""
        while self._messages and self.head <= number:
            self._messages.popleft()
            self.head += 1

    def since(self, requested: int | None) -> Iterator[list[bytes]]:
        """Yield segments of at most 240 messages from the requested number on.

        Without a number, with one that is already dropped, and with one beyond the tail, all is sent.
        """
        start = requested if requested is not None and self.head <= requested <= self.tail else self.head
        rows = list(islice(self._messages, start - self.head, None))
        for at in range(0, len(rows), SEGMENT):
            yield rows[at : at + SEGMENT]
