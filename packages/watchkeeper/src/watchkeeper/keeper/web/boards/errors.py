"""What can go wrong in this room; each error has its HTTP status."""

from __future__ import annotations


class BoardsError(Exception):
    """Stand above every error of this room."""

    status = 400


class BoardsUnwritable(BoardsError):
    """The file cannot be opened or written."""

    status = 503


class Missing(BoardsError):
    """There is no such board or annotation."""

    status = 404


class Changed(BoardsError):
    """Somebody else has changed the board since it was read."""

    status = 409


class Fixed(BoardsError):
    """A board that comes with the keeper cannot be changed; a copy can."""

    status = 409


class Full(BoardsError):
    """There are as many as are kept."""

    status = 409


class BadBoard(BoardsError):
    """A board makes no sense; the text names the place."""
