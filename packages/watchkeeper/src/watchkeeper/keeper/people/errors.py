"""What can go wrong in this room."""

from __future__ import annotations


class PeopleError(Exception):
    """Stand above every error of this room."""


class PeopleUnwritable(PeopleError):
    """The file cannot be opened or written."""


class Unfit(PeopleError):
    """A value cannot be used; the text names it and says what is right."""


class Taken(PeopleError):
    """There is such a user already."""


class Unknown(PeopleError):
    """There is no such user or token."""


class LastAdmin(PeopleError):
    """The only admin who can log in would be lost."""


class WrongLogin(PeopleError):
    """Name, password or setup code do not fit; which of them is not told."""


class TooOften(PeopleError):
    """Too many wrong tries; wait is the number of seconds until the next one counts."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"too many tries: wait {wait:.0f} seconds")
        self.wait = wait
