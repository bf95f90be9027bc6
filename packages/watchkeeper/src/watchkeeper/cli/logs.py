"""The keeper's own log: one line per event on standard error, as text or JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchkeeper.keeper.config import Log


def set_up(log: Log) -> None:
    """Send everything that is logged to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log.format == "json" else Lines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(log.level.upper())
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def stamp(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


class Lines(logging.Formatter):
    """`time level logger message`, one line; a traceback follows on its own lines."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{stamp(record)} {record.levelname.lower():7} {record.name} {one_line(record.getMessage())}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(logging.Formatter):
    """One JSON object per line; what a record brings in `fields` is in the object, too."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": stamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            told["alert"] = fields
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


def one_line(text: str) -> str:
    """Keep a text that somebody else wrote from looking like another line of the log."""
    return (
        text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        if "\n" in text or "\r" in text
        else text
    )
