"""API tokens for programs: scopes, an end, and an owner whose role bounds them."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchkeeper.keeper.people.errors import Unfit, Unknown
from watchkeeper.keeper.people.rights import RIGHTS, Right, rights_of
from watchkeeper.keeper.people.rows import Rows
from watchkeeper.keeper.people.sessions import hashed

PREFIX = "wk"
MOST_PER_USER = 100
LONGEST_NAME = 80
LONGEST_SECONDS = 10 * 366 * 86_400.0
USE_NOTED_EVERY = 60.0
_COLUMNS = "id, user, name, scopes, created, ends, used"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of a token; the token itself is told once. Times are Unix seconds."""

    id: str
    user: str
    name: str
    scopes: tuple[Right, ...]
    created: float
    ends: float | None
    used: float | None


class Tokens:
    """The tokens; one is `wk_ID_SECRET`, of which the hash of the secret is kept."""

    def __init__(self, rows: Rows, now: Callable[[], float]) -> None:
        self._rows = rows
        self._now = now

    def add(
        self, user: str, role: str, name: str, scopes: Sequence[str], seconds: float | None
    ) -> tuple[ApiToken, str]:
        """Make a token of a user; return what is kept and the token. Raises Unfit.

        seconds is its life, None for ever; scopes beyond what the role may do are refused.
        """
        check(name, scopes, role, seconds)
        if len(self.all(user)) >= MOST_PER_USER:
            raise Unfit(f"expected at most {MOST_PER_USER} tokens of a user")
        now, id, secret = self._now(), secrets.token_hex(6), secrets.token_urlsafe(32)
        ordered = tuple(right for right in RIGHTS if right in scopes)
        ends = None if seconds is None else now + seconds
        row = (id, hashed(secret), user, name, " ".join(ordered), now, ends, None)
        self._rows.write(("INSERT INTO tokens VALUES (?,?,?,?,?,?,?,?)", row))
        return ApiToken(id, user, name, ordered, now, ends, None), f"{PREFIX}_{id}_{secret}"

    def all(self, user: str | None = None) -> list[ApiToken]:
        """Return the tokens of a user, or of all, newest first."""
        where, values = ("", ()) if user is None else (" WHERE user = ?", (user,))
        rows = self._rows.read(f"SELECT {_COLUMNS} FROM tokens{where} ORDER BY created DESC, id", *values)
        return [token_of(row) for row in rows]

    def get(self, id: str) -> ApiToken:
        """Return a token; raises Unknown."""
        found = self._rows.read(f"SELECT {_COLUMNS} FROM tokens WHERE id = ?", id)
        if not found:
            raise Unknown(f"no token {id[:40]!r}")
        return token_of(found[0])

    def remove(self, id: str) -> None:
        """Remove a token; raises Unknown."""
        if not self._rows.write(("DELETE FROM tokens WHERE id = ?", (id,))):
            raise Unknown(f"no token {id[:40]!r}")

    def find(self, shown: str) -> tuple[ApiToken, frozenset[Right]] | None:
        """Return the token that was shown and what it may do now, None where it is not good (any more)."""
        prefix, _, rest = shown.partition("_")
        id, _, secret = rest.partition("_")
        if prefix != PREFIX:
            return None
        found = self._rows.read(
            f"SELECT t.key, u.role, {', '.join('t.' + name for name in _COLUMNS.split(', '))} "
            "FROM tokens t JOIN users u ON u.name = t.user WHERE t.id = ? AND u.disabled = 0",
            id,
        )
        if not found or not hmac.compare_digest(found[0][0], hashed(secret)):
            return None
        token = token_of(found[0][2:])
        if token.ends is not None and token.ends <= self._now():
            return None
        self._note_use(token)
        return token, rights_of(found[0][1]) & frozenset(token.scopes)

    def _note_use(self, token: ApiToken) -> None:
        now = self._now()
        if token.used is None or now - token.used >= USE_NOTED_EVERY:
            self._rows.write(("UPDATE tokens SET used = ? WHERE id = ?", (now, token.id)))


def check(name: str, scopes: Sequence[str], role: str, seconds: float | None) -> None:
    """Raise Unfit where a token cannot be made."""
    if not 1 <= len(name.strip()) <= LONGEST_NAME or not name.isprintable():
        raise Unfit(f"name: expected 1 to {LONGEST_NAME} printable characters")
    allowed = rights_of(role)
    if not scopes or not set(scopes) <= allowed:
        raise Unfit(f"scopes: expected some of {', '.join(r for r in RIGHTS if r in allowed)}")
    if seconds is not None and not 1 <= seconds <= LONGEST_SECONDS:
        raise Unfit(f"expires_in: expected 1 to {LONGEST_SECONDS:.0f} seconds, or null for no end")


def token_of(row: tuple[str, str, str, str, float, float | None, float | None]) -> ApiToken:
    id, user, name, scopes, created, ends, used = row
    held: tuple[Right, ...] = tuple(right for right in RIGHTS if right in scopes.split())
    return ApiToken(id, user, name, held, created, ends, used)
