"""Structured logs on standard error; secrets never leave, and a burst is one line."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from time import monotonic
from typing import Any

import structlog

SECRET_NAMES = ("key", "secret", "token", "password", "mnemonic", "seed", "authorization")
PUBLIC_NAMES = ("token", "tokens")  # an outcome token is no secret: only its number is ever logged


class Redaction:
    """Replace the values of secrets, and of fields named like one."""

    def __init__(self) -> None:
        self._forms: list[str] = []
        self._pattern: re.Pattern[str] | None = None

    def hide(self, secret: bytes) -> None:
        """Hide this value in every later line: its digits in either case, its number, its bytes."""
        self._learn(secret.hex(), str(int.from_bytes(secret, "big")), repr(secret)[2:-1])

    def hide_text(self, secret: str) -> None:
        """Hide this text in every later line."""
        self._learn(secret, repr(secret)[1:-1])

    def _learn(self, *forms: str) -> None:
        self._forms += [*forms, *(form.replace("\\", "\\\\") for form in forms)]
        longest_first = sorted(map(re.escape, filter(None, self._forms)), key=len, reverse=True)
        self._pattern = re.compile("|".join(longest_first), re.IGNORECASE)

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for name in event:
            words = name.lower().split("_")
            if name.lower() not in PUBLIC_NAMES and any(word in SECRET_NAMES for word in words):
                event[name] = "***"
        return event

    def line(self, _logger: Any, _method: str, line: Any) -> str:
        """Redact a line as it is written: a secret may stand inside an exception, a list, a number."""
        return self.text(str(line))

    def text(self, value: str) -> str:
        """Return the text with every known secret replaced."""
        return self._pattern.sub("***", value) if self._pattern else value


class RedactedFormatter(logging.Formatter):
    """Writes the lines of libraries, which log past structlog."""

    def format(self, record: logging.LogRecord) -> str:
        """Format as ever, without secrets."""
        return redaction.text(super().format(record))


redaction = Redaction()


def configure(form: str, level: str) -> None:
    """Send structured lines to standard error: form is json or text, level a logging level's name."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redaction,
            structlog.processors.JSONRenderer()
            if form == "json"
            else structlog.dev.ConsoleRenderer(colors=False),
            redaction.line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactedFormatter(logging.BASIC_FORMAT))
    logging.basicConfig(handlers=[handler], level=logging.ERROR)


def logger() -> Any:
    """Return a logger with the configured processors."""
    return structlog.get_logger()


class Burst:
    """Let the first of many equal events through, then one per `every` seconds with the count between."""

    def __init__(self, every: float = 10.0, clock: Callable[[], float] = monotonic, most: int = 256) -> None:
        self._every, self._clock, self._most = every, clock, most
        self._seen: dict[str, tuple[float, int]] = {}

    def admit(self, name: str) -> int | None:
        """Return how many events stand behind this one if it should be logged, else None."""
        now = self._clock()
        last, held = self._seen.get(name, (float("-inf"), 0))
        if now - last < self._every:
            self._seen[name] = (last, held + 1)
            return None
        if len(self._seen) >= self._most and name not in self._seen:
            self._seen.clear()
        self._seen[name] = (now, 0)
        return held + 1
