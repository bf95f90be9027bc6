"""The room put together: who may log in, and the code for the first one."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path

from watchkeeper.keeper.people.accounts import Accounts, User
from watchkeeper.keeper.people.errors import Taken, WrongLogin
from watchkeeper.keeper.people.passwords import check_fit
from watchkeeper.keeper.people.rows import Rows
from watchkeeper.keeper.people.sessions import Sessions
from watchkeeper.keeper.people.throttle import Limit, Throttle
from watchkeeper.keeper.people.tokens import Tokens
from watchkeeper.keeper.people.trail import Trail

# Without letters and digits that look alike; 50 bits behind a throttle.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_BY_ADDRESS = Limit(free=20, first=1.0, longest=300.0)


class People:
    """Users, sessions, tokens and the trail of one keeper; `login` and `set_up` take the time of a hash."""

    def __init__(self, rows: Rows, now: Callable[[], float], session_seconds: float) -> None:
        self._rows = rows
        self._now = now
        self.accounts = Accounts(rows, now)
        self.sessions = Sessions(rows, now, session_seconds)
        self.tokens = Tokens(rows, now)
        self.trail = Trail(rows, now)
        self._by_name = Throttle()
        self._by_address = Throttle(_BY_ADDRESS)
        self._any = self.accounts.any()
        self.setup_code = "" if self._any else new_code()

    @classmethod
    def open(cls, folder: Path, now: Callable[[], float], session_seconds: float = 43_200.0) -> People:
        """Open the rows in a data folder; raises PeopleUnwritable."""
        return cls(Rows.open(folder), now, session_seconds)

    def any(self) -> bool:
        """Return whether there is a user; once there is one there always is."""
        if not self._any and (any_now := self.accounts.any()):
            self._any, self.setup_code = any_now, ""
        return self._any

    def login(self, name: str, password: str, address: str) -> User:
        """Return the user whose password this is; raises WrongLogin and TooOften."""
        now = self._now()
        self._by_address.charge(address, now)
        self._by_name.charge(name[:64], now)
        if not self.accounts.holds(name, password):
            raise WrongLogin("name or password do not fit")
        self._by_name.clear(name[:64])
        self._by_address.clear(address)
        return self.accounts.get(name)

    def set_up(self, code: str, name: str, password: str, address: str) -> User:
        """Make the first user, an admin, with the code of the log.

        Raises WrongLogin, Taken, Unfit and TooOften.
        """
        if self.any():
            raise Taken("there are users already: log in")
        self._by_address.charge(address, self._now())
        given = code.strip().upper().encode("utf-8", "replace")
        if not hmac.compare_digest(given, self.setup_code.encode()):
            raise WrongLogin("the setup code does not fit; the keeper's log has it")
        check_fit(password, name)
        user = self.accounts.first(name, password)
        self._by_address.clear(address)
        self.any()
        return user

    def close(self) -> None:
        """Let go of the file."""
        self._rows.close()


def new_code() -> str:
    """Return a code such as 4F7K-2MXQ-9T."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(10))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"
