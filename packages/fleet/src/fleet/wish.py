"""What the caller of the demo asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BOTS = ("arbbot", "copybot")


class WishError(ValueError):
    """The call asks for what there is not; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One call of the demo. seconds 0 runs until Ctrl-C; bots are those to run, in BOTS' order."""

    folder: Path
    seconds: float = 0.0
    faults: str = ""
    summary: Path | None = None
    seed: int = 1
    keeper_port: int = 8080
    bot_port: int = 9090
    copy_port: int = 9091
    bots: tuple[str, ...] = BOTS

    @property
    def ports(self) -> dict[str, tuple[int, str]]:
        """Return each process's own port, and the variable that sets it."""
        chosen = {"arbbot": (self.bot_port, "METRICS_PORT"), "copybot": (self.copy_port, "DEMO_COPY_PORT")}
        return {"keeper": (self.keeper_port, "DEMO_PORT")} | {bot: chosen[bot] for bot in self.bots}


def read_bots(text: str) -> tuple[str, ...]:
    """Read names separated by commas, nothing for all; raise WishError for one that there is not."""
    words = {word.strip() for word in text.split(",") if word.strip()}
    for word in sorted(words):
        if word not in BOTS:
            raise WishError(f"unknown bot {word!r}; there are: {', '.join(BOTS)}")
    return tuple(bot for bot in BOTS if bot in words) or BOTS
