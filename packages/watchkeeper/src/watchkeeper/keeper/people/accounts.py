"""Users: name, role, password, and whether they may log in."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.keeper.people.errors import LastAdmin, Taken, Unfit, Unknown
from watchkeeper.keeper.people.passwords import check_fit, fits, hashed
from watchkeeper.keeper.people.rights import ROLES
from watchkeeper.keeper.people.rows import Rows

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_COLUMNS = "name, role, disabled, created, changed"
# Of a change to one user: does any other admin remain who can log in?
_OTHER_ADMIN = "SELECT COUNT(*) FROM users WHERE role = 'admin' AND disabled = 0 AND name != ?"


@dataclass(frozen=True, slots=True)
class User:
    """One user; times are Unix seconds, changed is that of the last change of role or password."""

    name: str
    role: str
    disabled: bool
    created: float
    changed: float


class Accounts:
    """The users; what changes a password, a role or the leave to log in ends the user's sessions."""

    def __init__(self, rows: Rows, now: Callable[[], float]) -> None:
        self._rows = rows
        self._now = now

    def any(self) -> bool:
        """Return whether there is a user."""
        return bool(self._rows.read("SELECT 1 FROM users LIMIT 1"))

    def all(self) -> list[User]:
        """Return the users by name."""
        return [user_of(row) for row in self._rows.read(f"SELECT {_COLUMNS} FROM users ORDER BY name")]

    def get(self, name: str) -> User:
        """Return a user; raises Unknown."""
        found = self._rows.read(f"SELECT {_COLUMNS} FROM users WHERE name = ?", name)
        if not found:
            raise Unknown(f"no user {name[:64]!r}")
        return user_of(found[0])

    def add(self, name: str, role: str, password: str) -> User:
        """Make a user; raises Unfit and Taken. Takes the time of a hash."""
        if not _NAME.fullmatch(name):
            raise Unfit("name: expected 1 to 64 of a-z, 0-9, '.', '_', '@', '-', a letter or digit first")
        check_role(role)
        check_fit(password, name)
        at = self._now()
        row = (name, role, hashed(password), 0, at, at)
        try:
            self._rows.write(("INSERT INTO users VALUES (?,?,?,?,?,?)", row))
        except sqlite3.IntegrityError:
            raise Taken(f"there is a user {name!r} already") from None
        return self.get(name)

    def first(self, name: str, password: str) -> User:
        """Make the first user, an admin; raises Taken where there is one already."""
        if self.any():
            raise Taken("there are users already")
        return self.add(name, "admin", password)

    def holds(self, name: str, password: str) -> bool:
        """Return whether the user may log in with this password; always takes the time of a hash."""
        found = self._rows.read("SELECT password, disabled FROM users WHERE name = ?", name)
        stored, disabled = found[0] if found else (None, 1)
        return fits(stored, password) and not disabled

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password and end the sessions; raises Unfit and Unknown."""
        self.change(name, password=password)

    def set_role(self, name: str, role: str) -> None:
        """Give a user another role and end the sessions; raises Unfit, Unknown and LastAdmin."""
        self.change(name, role=role)

    def set_disabled(self, name: str, disabled: bool) -> None:
        """Take or give the leave to log in; raises Unknown and LastAdmin."""
        self.change(name, disabled=disabled)

    def change(
        self, name: str, role: str | None = None, password: str | None = None, disabled: bool | None = None
    ) -> None:
        """Change what is given, all of it or nothing, and end the sessions.

        Raises Unfit, Unknown and LastAdmin. Takes the time of a hash with a password.
        """
        if password is not None:
            check_fit(password, name)
        if role is not None:
            check_role(role)
        if disabled or role not in (None, "admin"):
            self._keep_an_admin(name)
        stored = None if password is None else hashed(password)
        asked = {"role": role, "password": stored, "disabled": None if disabled is None else int(disabled)}
        self._write(name, {column: value for column, value in asked.items() if value is not None})

    def remove(self, name: str) -> None:
        """Remove a user with sessions and tokens; raises Unknown and LastAdmin."""
        self._keep_an_admin(name)
        self._rows.write(
            ("DELETE FROM sessions WHERE user = ?", (name,)),
            ("DELETE FROM tokens WHERE user = ?", (name,)),
            ("DELETE FROM users WHERE name = ?", (name,)),
        )

    def _keep_an_admin(self, name: str) -> None:
        user = self.get(name)
        others = self._rows.read(_OTHER_ADMIN, name)[0][0]
        if user.role == "admin" and not user.disabled and not others:
            raise LastAdmin(f"{name} is the only admin: make another one first")

    def _write(self, name: str, columns: dict[str, str | int]) -> None:
        sets = ", ".join(f"{column} = ?" for column in columns)
        change = f"UPDATE users SET {sets}, changed = ? WHERE name = ?"
        changed = self._rows.write(
            ("DELETE FROM sessions WHERE user = ?", (name,)), (change, (*columns.values(), self._now(), name))
        )
        if not changed:
            raise Unknown(f"no user {name[:64]!r}")


def check_role(role: str) -> None:
    if role not in ROLES:
        raise Unfit(f"role: expected {', '.join(ROLES)}, got {role[:40]!r}")


def user_of(row: tuple[str, str, int, float, float]) -> User:
    name, role, disabled, created, changed = row
    return User(name, role, bool(disabled), created, changed)
