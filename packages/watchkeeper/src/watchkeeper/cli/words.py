"""Say something to a running keeper's alerting, and read what it answers."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from watchkeeper.cli.asking import Refused, Unanswered, send

JSON = {"Content-Type": "application/json"}


def tell(path: str, url: str, body: Any = None, method: str = "GET") -> Any:
    """Return the JSON of an answer; a body makes it a POST. Raise Unanswered and Refused."""
    data = None if body is None else json.dumps(body).encode()
    status, text = send(path, url, data, JSON, method)
    try:
        found = json.loads(text) if text.strip() else None
    except ValueError:
        raise Unanswered(f"{url}: {status}: {text[:200].decode(errors='replace').strip()}") from None
    if status >= 400:
        raise Refused(reason_of(found, status))
    return found


def reason_of(found: Any, status: int) -> str:
    """Return the keeper's own words from an answer that refuses."""
    if isinstance(found, dict):
        found = found.get("message") or found.get("error") or found
    return found if isinstance(found, str) else f"{status}: {json.dumps(found)}"


def failed(error: Exception) -> int:
    """Say what went wrong; return 1 where the keeper refuses, 2 where nobody answers."""
    sys.stderr.write(f"watchkeeper: {error}\n")
    return 1 if isinstance(error, Refused) else 2


def own_name() -> str:
    """Return who asks, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def length_of(text: str) -> timedelta:
    """Return a length such as 90m or 2h30m; raise ValueError."""
    from watchkeeper.keeper.config import Duration

    return timedelta(seconds=float(Duration.read(text)))


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Return a time in RFC 3339; one without a zone is UTC. Raise ValueError."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
