"""What was received: in memory for questions, in a file of JSON lines for later."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

# A storm in a long run must not fill the memory; the file has all of it.
KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its number, Unix time, channel, what it said, and whether the channel took it.

    answer is the status that was given, 0 where the connection was broken off or held.
    """

    number: int
    at: float
    channel: str
    answer: int
    taken: bool
    to: str
    key: str
    body: Any


class Received:
    """All messages of all channels, in order."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._file = path.open("ab", buffering=0)
        self._clock = clock
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self.counts: dict[str, int] = {}

    def note(
        self, channel: str, body: Any, *, answer: int, taken: bool, to: str = "", key: str = ""
    ) -> Message:
        """Write a message down and return it."""
        number = sum(self.counts.values()) + 1
        message = Message(number, self._clock(), channel, answer, taken, to, key, body)
        self.counts[channel] = self.counts.get(channel, 0) + 1
        self._messages.append(message)
        self._file.write(msgspec.json.encode(asdict(message)) + b"\n")
        return message

    def of(self, channel: str = "", after: int = 0, taken: bool = False) -> list[Message]:
        """Return messages, oldest first: of one channel, beyond a number, only those taken."""
        return [
            one
            for one in self._messages
            if one.number > after and (not channel or one.channel == channel) and (one.taken or not taken)
        ]

    def close(self) -> None:
        self._file.close()
