"""What a channel answers to its next requests, step by step; after the last step it is well again."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from localvenues.channels.errors import ScriptError

KINDS = ("ok", "status", "hang", "half-close", "reset", "slow", "die")
WORDS = ", ".join(KINDS[2:])
_STEP = re.compile(r"(?P<word>ok|hang|half-close|reset|slow|die|[1-5]\d\d)(?::(?P<seconds>\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class Step:
    """One answer.

    ok: take it. status: answer with this status (429 with Retry-After seconds, where given; in SMTP any
    reply code). hang: take it and never answer. half-close: take it, answer half, close. reset: close
    before an answer. slow: take it, answer after seconds. die: (SMTP) close in the middle of the message.
    """

    kind: str = "ok"
    status: int = 200
    seconds: float = 0.0


OK = Step()


def step_of(text: str) -> Step:
    """Read `ok`, `503`, `429:2`, `hang`, `half-close`, `reset`, `slow:0.5`, `die`; raises ScriptError."""
    found = _STEP.fullmatch(text.strip())
    if found is None:
        raise ScriptError(f"cannot read the step {text!r}; write ok, a status, 429:SECONDS, {WORDS}")
    word, seconds = found["word"], float(found["seconds"] or 0)
    return Step("status", int(word), seconds) if word.isdecimal() else Step(word, 200, seconds)


def steps_of(text: str) -> list[Step]:
    """Read steps parted by commas; raises ScriptError."""
    return [step_of(part) for part in text.split(",") if part.strip()]


class Scripts:
    """The steps that each channel has before it."""

    def __init__(self, names: Iterable[str]) -> None:
        self._steps: dict[str, deque[Step]] = {name: deque() for name in names}

    def add(self, channel: str, steps: Iterable[Step]) -> None:
        """Append steps; raises ScriptError for a channel that does not exist."""
        if channel not in self._steps:
            raise ScriptError(f"no channel {channel!r}; there are: {', '.join(sorted(self._steps))}")
        self._steps[channel].extend(steps)

    def clear(self) -> None:
        for steps in self._steps.values():
            steps.clear()

    def next(self, channel: str) -> Step:
        """Return the next step of a channel and use it up."""
        steps = self._steps[channel]
        return steps.popleft() if steps else OK

    def left(self) -> dict[str, int]:
        """Return how many steps each channel has before it."""
        return {name: len(steps) for name, steps in self._steps.items() if steps}
