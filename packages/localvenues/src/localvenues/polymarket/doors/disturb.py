"""What the socket faults do to a stream of frames."""

from __future__ import annotations

import random

from localvenues.polymarket.doors.outages import Outages

TWICE_SHARE = 0.5
BROKEN_SHARE = 0.3
BROKEN = ("", "{", "[null]", '{"event_type":"book"', '{"event_type":"price_change","price_changes":7}')


class Disturber:
    """Turns each frame of one line into the frames that are sent while faults are on."""

    def __init__(self, outages: Outages) -> None:
        self._outages = outages
        self._held: str | None = None

    def frames(self, text: str) -> list[str]:
        """Return the frames to send now; a frame that is held back follows with the next one."""
        outages = self._outages
        frames = self._reordered(text)
        if frames and outages.hit("ws_duplicate", TWICE_SHARE):
            frames.append(frames[-1])
        if frames and outages.hit("ws_malformed", BROKEN_SHARE):
            frames.insert(0, broken(text, outages.chance("ws_malformed")))
        return frames

    def _reordered(self, text: str) -> list[str]:
        held, self._held = self._held, None
        if self._outages.on("ws_reorder"):
            if held is None:
                self._held = text
                return []
            return [text, held]
        return [text] if held is None else [held, text]


def broken(text: str, chance: random.Random) -> str:
    """Return a frame that breaks a rule: cut short, or nonsense."""
    return chance.choice([text[: chance.randrange(1, len(text))], *BROKEN])
