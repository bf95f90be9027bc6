"""Sessions of browsers: a random key in a cookie, of which only the hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.keeper.people.rows import Rows

MOST_PER_USER = 20


@dataclass(frozen=True, slots=True)
class Session:
    """Who is logged in, in which role, until when (Unix seconds); writes must show csrf."""

    user: str
    role: str
    csrf: str
    ends: float


class Sessions:
    """The sessions that are open; each lasts `seconds`, over restarts."""

    def __init__(self, rows: Rows, now: Callable[[], float], seconds: float) -> None:
        self._rows = rows
        self._now = now
        self._seconds = seconds

    def begin(self, user: str, address: str) -> str:
        """Open a session and return its key; the oldest beyond 20 of a user end."""
        key, now = secrets.token_urlsafe(32), self._now()
        row = (hashed(key), user, secrets.token_urlsafe(24), now, now + self._seconds, address)
        oldest = (
            "DELETE FROM sessions WHERE ends <= ? OR key IN "
            "(SELECT key FROM sessions WHERE user = ? ORDER BY started DESC LIMIT -1 OFFSET ?)"
        )
        self._rows.write(
            ("INSERT INTO sessions VALUES (?,?,?,?,?,?)", row), (oldest, (now, user, MOST_PER_USER))
        )
        return key

    def find(self, key: str) -> Session | None:
        """Return the open session of a key, with the user's present role."""
        found = self._rows.read(
            "SELECT s.user, u.role, s.csrf, s.ends FROM sessions s JOIN users u ON u.name = s.user "
            "WHERE s.key = ? AND s.ends > ? AND u.disabled = 0",
            hashed(key),
            self._now(),
        )
        return Session(*found[0]) if found else None

    def end(self, key: str) -> None:
        """Close a session."""
        self._rows.write(("DELETE FROM sessions WHERE key = ?", (hashed(key),)))


def hashed(key: str) -> bytes:
    # The key has 256 random bits, so a fast hash is enough.
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
