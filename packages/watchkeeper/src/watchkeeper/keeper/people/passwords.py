"""Passwords as argon2id hashes (RFC 9106), computed one at a time.

19 MiB, two passes, one lane: OWASP's smallest advised setting. The library's own default takes 64 MiB,
more than the rest of the keeper.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

from watchkeeper.keeper.people.errors import Unfit

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST, MOST = 10, 256
_ONE = threading.Lock()  # bounds the memory of many logins at once


@cache
def hasher() -> PasswordHasher:
    """Return the hasher; imported late, since most keepers never see a login."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@cache
def nobody() -> str:
    """Return a hash for names that do not exist, so that they take as long as others."""
    return hasher().hash("nobody has this password")


def check_fit(password: str, name: str) -> None:
    """Raise Unfit for a password that is too short, too long, or the user's own name."""
    if not LEAST <= len(password) <= MOST:
        raise Unfit(f"password: expected {LEAST} to {MOST} characters, got {len(password)}")
    if name and password.casefold().strip() == name.casefold():
        raise Unfit("password: expected something else than the name")
    if len(set(password)) < 4:
        raise Unfit("password: expected at least 4 different characters")
    if not encodable(password):
        raise Unfit("password: expected text in UTF-8")


def hashed(password: str) -> str:
    """Return the argon2id hash; takes some 20 ms of a core and 19 MiB."""
    with _ONE:
        return hasher().hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Return whether a password is the stored one; None takes as long and fits nothing."""
    from argon2.exceptions import Argon2Error, InvalidHash

    if not encodable(password) or len(password) > MOST:
        password, stored = "", None
    with _ONE:
        try:
            return hasher().verify(stored or nobody(), password) and stored is not None
        except (Argon2Error, InvalidHash):
            return False


def encodable(text: str) -> bool:
    """Return whether a text can be UTF-8: JSON can carry half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
