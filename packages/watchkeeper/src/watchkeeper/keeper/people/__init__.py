"""The people of a keeper: users, sessions, API tokens, throttled logins, and the trail of what was done.

PeopleError
├── PeopleUnwritable    the file cannot be opened or written
├── Unfit               a name, a password, a role, a scope or a time that cannot be used
├── Taken               there is such a user already
├── Unknown             there is no such user or token
├── LastAdmin           the only admin would be lost
├── WrongLogin          name, password or setup code do not fit
└── TooOften            too many wrong tries; `wait` says for how many seconds
"""

from watchkeeper.keeper.people.accounts import Accounts, User
from watchkeeper.keeper.people.errors import (
    LastAdmin,
    PeopleError,
    PeopleUnwritable,
    Taken,
    TooOften,
    Unfit,
    Unknown,
    WrongLogin,
)
from watchkeeper.keeper.people.people import People
from watchkeeper.keeper.people.rights import RIGHTS, ROLES, Right, Role, rights_of
from watchkeeper.keeper.people.sessions import Session, Sessions
from watchkeeper.keeper.people.throttle import Throttle
from watchkeeper.keeper.people.tokens import ApiToken, Tokens
from watchkeeper.keeper.people.trail import Entry, Trail

__all__ = [
    "RIGHTS",
    "ROLES",
    "Accounts",
    "ApiToken",
    "Entry",
    "LastAdmin",
    "People",
    "PeopleError",
    "PeopleUnwritable",
    "Right",
    "Role",
    "Session",
    "Sessions",
    "Taken",
    "Throttle",
    "Tokens",
    "TooOften",
    "Trail",
    "Unfit",
    "Unknown",
    "User",
    "WrongLogin",
    "rights_of",
]
